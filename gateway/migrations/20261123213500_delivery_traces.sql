-- A notice is delivered by the one sender, after its command was taken in: with the command's trace context the trace of a tap
-- goes on to the call to Telegram. Old versions write none and read none.
ALTER TABLE gateway.delivery ADD COLUMN traceparent text NOT NULL DEFAULT '';
