-- Who people are is in one table, sealed under a data key each, and nowhere else: every other row speaks of accounts.
-- Erasing somebody is forgetting their data key. No release has run before this one, so what was stored in the clear is
-- dropped, not sealed.

CREATE TABLE gateway.person (
    account_id  uuid PRIMARY KEY,
    -- A keyed hash of the Telegram id.
    lookup      bytea UNIQUE CHECK (octet_length(lookup) = 32),
    -- The data key under the master key.
    data_key    bytea,
    -- Telegram id, chat, language: under the data key.
    sealed      bytea NOT NULL,
    accepted_at timestamptz NOT NULL,
    erased_at   timestamptz,
    CHECK ((erased_at IS NULL) = (data_key IS NOT NULL)),
    CHECK ((erased_at IS NULL) = (lookup IS NOT NULL))
);

-- What outlives an account: who excluded themselves stays excluded, under a keyed hash that is no other row's.
CREATE TABLE gateway.exclusion (
    person bytea PRIMARY KEY CHECK (octet_length(person) = 32),
    until  timestamptz NOT NULL
);

ALTER TABLE gateway.slip DROP CONSTRAINT slip_account_id_fkey;
DELETE FROM gateway.slip;
ALTER TABLE gateway.slip ADD CONSTRAINT slip_account_id_fkey FOREIGN KEY (account_id) REFERENCES gateway.person;
DROP TABLE gateway.account;

DELETE FROM gateway.draft;
ALTER TABLE gateway.draft DROP CONSTRAINT draft_pkey, DROP COLUMN telegram_user_id,
    ADD COLUMN account_id uuid NOT NULL, ADD PRIMARY KEY (account_id, kind);

DROP INDEX gateway.request_unshown;
ALTER TABLE gateway.request DROP COLUMN chat_id, DROP COLUMN language;
CREATE INDEX request_unshown ON gateway.request (account_id, message_id) WHERE shown < 3;

DELETE FROM gateway.delivery;
ALTER TABLE gateway.delivery DROP COLUMN chat_id, DROP COLUMN language, ADD COLUMN account_id uuid NOT NULL;

DELETE FROM gateway.thread;
ALTER TABLE gateway.thread DROP CONSTRAINT thread_pkey, DROP COLUMN chat_id,
    ADD COLUMN account_id uuid NOT NULL, ADD PRIMARY KEY (account_id, key);
