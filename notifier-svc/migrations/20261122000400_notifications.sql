-- Who is told what: where each account is reached, and one row per account and event with what
-- became of it.

-- Telegram chats are known here and in the gateway, nowhere else.
CREATE TABLE notifier.contact (
    account_id    uuid PRIMARY KEY,
    chat_id       bigint NOT NULL CHECK (chat_id <> 0),
    -- BCP 47
    language      text NOT NULL CHECK (length(language) <= 35),
    registered_at timestamptz NOT NULL,
    -- When the user was last found to have blocked the bot.
    blocked_at    timestamptz
);

CREATE TABLE notifier.notification (
    -- UUIDv5 of account and event key.
    id             uuid PRIMARY KEY,
    account_id     uuid NOT NULL,
    event_key      text NOT NULL CHECK (event_key <> ''),
    -- rooms.notifier.v1.Lane: the lower, the sooner.
    lane           smallint NOT NULL CHECK (lane BETWEEN 1 AND 3),
    -- The encoded rooms.notifier.v1.Notice.
    notice         bytea NOT NULL,
    -- Notices of one thread show one thing that changes; a higher version makes lower ones needless.
    thread_key     text CHECK (thread_key <> ''),
    thread_version bigint NOT NULL CHECK (thread_version >= 0),
    -- UNADDRESSED waits for its account's contact, WAITING for its turn; RELEASED is in the gateway's hands.
    state          text NOT NULL CHECK (state IN
                       ('UNADDRESSED', 'WAITING', 'RELEASED', 'SENT', 'BLOCKED', 'FAILED', 'SUPERSEDED')),
    error          text NOT NULL DEFAULT '',
    -- When its event was told, and when it was stored here.
    event_at       timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    released_at    timestamptz,
    done_at        timestamptz,
    UNIQUE (account_id, event_key),
    CHECK ((thread_key IS NULL) = (thread_version = 0)),
    CHECK ((done_at IS NOT NULL) = (state IN ('SENT', 'BLOCKED', 'FAILED', 'SUPERSEDED'))),
    CHECK (state NOT IN ('RELEASED', 'SENT', 'FAILED') OR released_at IS NOT NULL)
) WITH (fillfactor = 85);

-- One at a time per account: Telegram takes one message per second and chat, so more would only
-- keep others from being released. It also keeps the order within a thread.
CREATE UNIQUE INDEX notification_released ON notifier.notification (account_id) WHERE state = 'RELEASED';
CREATE INDEX notification_waiting ON notifier.notification (lane, created_at, id) WHERE state = 'WAITING';
CREATE INDEX notification_unreleased ON notifier.notification (account_id) WHERE state IN ('UNADDRESSED', 'WAITING');
CREATE INDEX notification_thread ON notifier.notification (account_id, thread_key, thread_version) WHERE thread_key IS NOT NULL;
CREATE INDEX notification_of_account ON notifier.notification (account_id, created_at DESC, id DESC);

-- What was told stands, and an end is an end.
CREATE FUNCTION notifier.keep_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'a notification that is done does not change';
END $$;
CREATE TRIGGER keep_notification BEFORE UPDATE ON notifier.notification
    FOR EACH ROW WHEN (OLD.done_at IS NOT NULL) EXECUTE FUNCTION notifier.keep_notification();

-- One row. Whoever takes notices in, releases or ends them holds it: so replicas count the credit
-- and follow a thread one after the other. It is held for milliseconds, and Telegram takes 30 a second.
CREATE TABLE notifier.turnstile (
    alone boolean PRIMARY KEY DEFAULT true CHECK (alone)
);
INSERT INTO notifier.turnstile DEFAULT VALUES;
