-- Whom an account watches at Polymarket: wallets, prices, and what the wallets of the operators' list agree on.

-- Addresses that the Polymarket role was asked to follow, once however many accounts track them. A row stays when the last of
-- them leaves: its version goes on counting.
CREATE TABLE notifier.following (
    address text PRIMARY KEY CHECK (address ~ '^0x[0-9a-f]{40}$'),
    version bigint NOT NULL CHECK (version > 0),
    follow  boolean NOT NULL
);

CREATE TABLE notifier.tracked (
    account_id uuid NOT NULL,
    address    text NOT NULL REFERENCES notifier.following DEFERRABLE INITIALLY DEFERRED,
    -- Each wallet takes one of the account's places, so that no race passes the limit.
    place      smallint NOT NULL CHECK (place BETWEEN 1 AND 100),
    alias      text NOT NULL CHECK (char_length(alias) <= 40),
    tracked_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, address),
    UNIQUE (account_id, place)
);
CREATE INDEX tracked_by_address ON notifier.tracked (address);

-- Prices that are waited for. A row goes when its price is reached, its market decided, or nobody wants it any more.
CREATE TABLE notifier.price_alert (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL,
    place        smallint NOT NULL CHECK (place BETWEEN 1 AND 100),
    condition_id text NOT NULL CHECK (condition_id ~ '^0x[0-9a-f]{64}$'),
    -- The encoded rooms.notifier.v1.PriceAlert.
    alert        bytea NOT NULL,
    set_at       timestamptz NOT NULL,
    UNIQUE (account_id, place)
);
CREATE INDEX price_alert_of_market ON notifier.price_alert (condition_id);

-- The wallets whose agreement makes a signal. Operators keep the list.
CREATE TABLE notifier.smart_wallet (
    address   text PRIMARY KEY CHECK (address ~ '^0x[0-9a-f]{40}$'),
    label     text NOT NULL CHECK (char_length(label) <= 40),
    listed_at timestamptz NOT NULL
);

-- Signatures of operators over statements, each worth one action for ever.
CREATE TABLE notifier.statement (
    signature  bytea PRIMARY KEY CHECK (octet_length(signature) = 64),
    operator   bytea NOT NULL CHECK (octet_length(operator) = 32),
    action     text NOT NULL,
    signed_at  timestamptz NOT NULL,
    command_id uuid NOT NULL,
    taken_at   timestamptz NOT NULL
);
CREATE FUNCTION notifier.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on an append-only table', TG_OP USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER statement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notifier.statement
    FOR EACH STATEMENT EXECUTE FUNCTION notifier.append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON notifier.statement FROM CURRENT_USER;

-- One look at all wallets of the list. Its progress is here, so it goes on after a restart.
CREATE TABLE notifier.scan (
    -- The moment of the schedule that it is for.
    due_at     timestamptz PRIMARY KEY,
    -- The day of that moment in the schedule's time zone.
    day        date NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE UNIQUE INDEX scan_under_way ON notifier.scan ((ended_at IS NULL)) WHERE ended_at IS NULL;

-- The list as it was when the scan began. Without `read_at`, what a wallet holds is not known.
CREATE TABLE notifier.scan_wallet (
    due_at          timestamptz NOT NULL REFERENCES notifier.scan,
    address         text NOT NULL,
    label           text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    read_at         timestamptz,
    PRIMARY KEY (due_at, address)
);

-- What a wallet stands for on balance, where that is enough to count. Of the scan under way alone.
CREATE TABLE notifier.scan_stand (
    due_at       timestamptz NOT NULL,
    address      text NOT NULL,
    condition_id text NOT NULL,
    token_id     text NOT NULL,
    outcome      text NOT NULL,
    -- The encoded rooms.oracle.v1.MarketRef.
    market       bytea NOT NULL,
    usd          numeric NOT NULL CHECK (usd > 0),
    -- Of the wallet's portfolio, where that is known.
    part         numeric CHECK (part >= 0),
    PRIMARY KEY (due_at, address, condition_id),
    FOREIGN KEY (due_at, address) REFERENCES notifier.scan_wallet
);

CREATE TABLE notifier.signal (
    -- UUIDv5 of market, side and day.
    id           uuid PRIMARY KEY,
    condition_id text NOT NULL,
    token_id     text NOT NULL,
    day          date NOT NULL,
    score        smallint NOT NULL CHECK (score BETWEEN 0 AND 100),
    -- The encoded rooms.notifier.v1.Signal, as it was told.
    signal       bytea NOT NULL,
    signalled_at timestamptz NOT NULL,
    ending       text CHECK (ending IN ('RIGHT', 'WRONG', 'SPLIT')),
    ended_at     timestamptz,
    -- When its market was last asked about, in case nobody tells that it is decided.
    asked_at     timestamptz NOT NULL,
    -- Accounts are told in the order of their ids, up to this one so far; everybody is with `told_at`.
    told_to      uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    told_at      timestamptz,
    UNIQUE (condition_id, token_id, day),
    CHECK ((ending IS NULL) = (ended_at IS NULL))
);
CREATE INDEX signal_listed ON notifier.signal (day DESC, score DESC, id);
CREATE INDEX signal_open ON notifier.signal (asked_at) WHERE ending IS NULL;
CREATE INDEX signal_untold ON notifier.signal (id) WHERE told_at IS NULL;
