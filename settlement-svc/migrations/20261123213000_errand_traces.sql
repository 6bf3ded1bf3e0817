-- An errand is run by a worker, long after the message that made it: with the message's trace context, one trace goes on from
-- the verdict to the payouts. Old versions write none and read none.
ALTER TABLE settlement.errand ADD COLUMN traceparent text NOT NULL DEFAULT '';
