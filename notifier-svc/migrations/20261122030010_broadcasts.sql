-- What operators tell everybody. The words are kept once; the notifications of a broadcast point to them.
CREATE TABLE notifier.broadcast (
    id         uuid PRIMARY KEY,
    -- The encoded rooms.notifier.v1.Notice.
    notice     bytea NOT NULL,
    operator   bytea NOT NULL CHECK (octet_length(operator) = 32),
    state      text NOT NULL CHECK (state IN ('RUNNING', 'PAUSED', 'ENDED')),
    -- How many there were when it began.
    recipients bigint NOT NULL CHECK (recipients >= 0),
    -- Accounts get their notification in the order of their ids, up to this one so far; everybody has with `filled`.
    filled_to  uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    filled     boolean NOT NULL DEFAULT false,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state = 'ENDED'))
);
CREATE INDEX broadcast_listed ON notifier.broadcast (started_at DESC, id DESC);
CREATE INDEX broadcast_running ON notifier.broadcast (id) WHERE state = 'RUNNING';

ALTER TABLE notifier.notification
    ADD COLUMN broadcast_id uuid REFERENCES notifier.broadcast,
    ADD CHECK ((broadcast_id IS NOT NULL) = (lane = 7));
CREATE INDEX notification_of_broadcast ON notifier.notification (broadcast_id, state) WHERE broadcast_id IS NOT NULL;
