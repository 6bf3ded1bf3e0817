-- Groups that host the players of one room at a time: what each should be like, as room-svc said last, and how far that is.

CREATE TABLE gateway.arena (
    chat_id         bigint PRIMARY KEY,
    -- The newest step, and the command that asked for it.
    version         bigint NOT NULL CHECK (version > 0),
    asked           bytea NOT NULL,
    -- Whose players may come in; none while the group is cleared or free.
    room_id         uuid,
    -- The newest step that is done, or that Telegram will not do; then it says why.
    done_version    bigint NOT NULL DEFAULT 0 CHECK (done_version <= version),
    fault           text NOT NULL DEFAULT '',
    -- The link that has to be revoked.
    invite_link     text NOT NULL DEFAULT '',
    next_attempt_at timestamptz NOT NULL
);
CREATE INDEX arena_due ON gateway.arena (next_attempt_at) WHERE done_version < version;

-- Who was let in, and has to go when the group is cleared.
CREATE TABLE gateway.arena_guest (
    chat_id     bigint NOT NULL REFERENCES gateway.arena,
    account_id  uuid NOT NULL,
    admitted_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, account_id)
);
CREATE INDEX arena_guest_account ON gateway.arena_guest (account_id);
