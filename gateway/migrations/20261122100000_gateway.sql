-- What the gateway must not lose: who is who, what was previewed, what was asked for and what has
-- to be said. Chat ids and Telegram ids live here and in notifier-svc's contacts, nowhere else.

-- A Telegram user who accepted the terms. Everybody else knows the account id only.
CREATE TABLE gateway.account (
    telegram_user_id bigint PRIMARY KEY,
    account_id       uuid NOT NULL UNIQUE,
    chat_id          bigint NOT NULL,
    language         text NOT NULL,
    accepted_at      timestamptz NOT NULL
);

-- Updates that had an effect or an answer: a redelivered one has no second effect.
CREATE TABLE gateway.seen_update (
    update_id bigint PRIMARY KEY,
    -- Its effects are committed, but its answer may not have been sent.
    answered  boolean NOT NULL,
    seen_at   timestamptz NOT NULL
);
CREATE INDEX seen_update_seen_at ON gateway.seen_update USING brin (seen_at);

-- What a user is in the middle of. Survives restarts and a wiped broker.
CREATE TABLE gateway.draft (
    telegram_user_id bigint NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('create', 'withdraw', 'stake')),
    body             jsonb NOT NULL,
    touched_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    PRIMARY KEY (telegram_user_id, kind)
);
CREATE INDEX draft_expires_at ON gateway.draft (expires_at);

-- What a preview offered. A button carries the id alone, so nobody can forge the contents; the id
-- becomes the command's, so two taps are one command.
CREATE TABLE gateway.slip (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES gateway.account (account_id),
    kind       text NOT NULL CHECK (kind IN ('open_room', 'place_bet', 'request_withdrawal')),
    -- The encoded command.
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX slip_expires_at ON gateway.slip (expires_at);

-- A command of a user on its way, and the message that tells how it went. Rows are kept: they are
-- the natural key that makes a slip unique for ever.
CREATE TABLE gateway.request (
    command_id   uuid PRIMARY KEY,
    account_id   uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('open_account', 'open_room', 'place_bet', 'request_withdrawal')),
    body         bytea NOT NULL,
    chat_id      bigint NOT NULL,
    message_id   int NOT NULL,
    language     text NOT NULL,
    -- A newcomer who came by a room's link sees it next.
    room_id      uuid,
    requested_at timestamptz NOT NULL,
    -- The encoded outcome.
    outcome      bytea,
    decided_at   timestamptz,
    -- 0 nothing, 1 "on its way", 2 "still working", 3 the outcome.
    shown        smallint NOT NULL DEFAULT 0 CHECK (shown BETWEEN 0 AND 3),
    -- A replica is showing it until then.
    leased_until timestamptz NOT NULL,
    CHECK ((outcome IS NULL) = (decided_at IS NULL))
);
CREATE INDEX request_unshown ON gateway.request (chat_id, message_id) WHERE shown < 3;

-- A notice that has to be delivered, with its fate.
CREATE TABLE gateway.delivery (
    notification_id uuid PRIMARY KEY,
    chat_id         bigint NOT NULL,
    language        text NOT NULL,
    lane            smallint NOT NULL,
    notice          bytea NOT NULL,
    thread_key      text,
    thread_version  bigint NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'blocked', 'failed')),
    attempts        int NOT NULL DEFAULT 0,
    not_before      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    error           text NOT NULL DEFAULT ''
);
CREATE INDEX delivery_open ON gateway.delivery (lane, created_at) WHERE state IN ('waiting', 'sending');

-- A message that later notices about the same thing edit. Only a newer state may.
CREATE TABLE gateway.thread (
    chat_id    bigint NOT NULL,
    key        text NOT NULL,
    message_id int,
    version    bigint NOT NULL,
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, key)
);
