-- A dead letter can be handled again once an operator says so. What the message said besides its payload is kept for that:
-- who wants its outcome, and until when a user's command counts.
ALTER TABLE dead_letter
    ADD COLUMN actor           text NOT NULL DEFAULT '',
    ADD COLUMN reply_to        text NOT NULL DEFAULT '',
    ADD COLUMN sent_at         timestamptz,
    ADD COLUMN expires_at      timestamptz,
    -- An operator wants it handled again; taken back if it fails again.
    ADD COLUMN replay_asked_at timestamptz,
    -- It was.
    ADD COLUMN replayed_at     timestamptz;
CREATE INDEX dead_letter_asked ON dead_letter (replay_asked_at) WHERE replay_asked_at IS NOT NULL AND replayed_at IS NULL;
