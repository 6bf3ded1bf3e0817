-- What every room is settled with. The verdict and the step reached stand in one row; each step
-- leaves its facts in a table of its own, written once.

CREATE TYPE settlement.state AS ENUM ('DECIDED', 'FROZEN', 'COMPUTED', 'POSTING', 'POSTED', 'ANCHORED');

-- The first insert wins: touch, deadline and void race for this row.
CREATE TABLE settlement.settlement (
    room_id             uuid PRIMARY KEY,
    state               settlement.state NOT NULL DEFAULT 'DECIDED',
    version             bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    -- The verdict: an outcome or a void, and what it rests on.
    outcome             int CHECK (outcome >= 0),
    void_reason         text CHECK (void_reason <> ''),
    price               text CHECK (price <> ''),
    observed_at         timestamptz,
    series_first_second bigint CHECK (series_first_second >= 0),
    series_last_second  bigint CHECK (series_last_second >= series_first_second),
    decided_at          timestamptz NOT NULL DEFAULT settlement.db_clock(),
    settled_at          timestamptz,
    CHECK ((outcome IS NULL) <> (void_reason IS NULL)),
    CHECK ((series_first_second IS NULL) = (series_last_second IS NULL)),
    CHECK ((settled_at IS NOT NULL) = (state >= 'POSTED'))
);

-- Steps only go forward, and once payouts are under way the verdict stands.
CREATE FUNCTION settlement.keep_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state < OLD.state OR NEW.version <= OLD.version THEN
        RAISE check_violation USING MESSAGE = 'a settlement does not go back';
    END IF;
    IF OLD.state >= 'POSTING'
       AND (NEW.outcome, NEW.void_reason, NEW.price, NEW.observed_at, NEW.series_first_second, NEW.series_last_second)
           IS DISTINCT FROM
           (OLD.outcome, OLD.void_reason, OLD.price, OLD.observed_at, OLD.series_first_second, OLD.series_last_second) THEN
        RAISE check_violation USING MESSAGE = 'payouts are under way: the verdict stands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_settlement BEFORE UPDATE ON settlement.settlement
    FOR EACH ROW EXECUTE FUNCTION settlement.keep_settlement();

CREATE FUNCTION settlement.written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = TG_TABLE_NAME || ' is written once';
END $$;

-- FROZEN: what the room said it froze. The bets themselves are read and held against it.
CREATE TABLE settlement.frozen (
    room_id        uuid PRIMARY KEY REFERENCES settlement.settlement,
    room_number    bigint NOT NULL,
    -- The bytes that were hashed.
    terms          bytea NOT NULL,
    bet_count      bigint NOT NULL CHECK (bet_count >= 0),
    pools_lamports bigint[] NOT NULL,
    bets_hash      bytea NOT NULL CHECK (octet_length(bets_hash) = 32)
);

-- COMPUTED: the book, one row and one line per bet.
CREATE TABLE settlement.book (
    room_id               uuid PRIMARY KEY REFERENCES settlement.frozen,
    -- The verdict's outcome or void, or that nobody stood against the winners.
    outcome               int CHECK (outcome >= 0),
    void_reason           text CHECK (void_reason <> ''),
    pools_lamports        bigint[] NOT NULL,
    protocol_fee_lamports bigint NOT NULL CHECK (protocol_fee_lamports >= 0),
    host_fee_lamports     bigint NOT NULL CHECK (host_fee_lamports >= 0),
    root                  bytea NOT NULL CHECK (octet_length(root) = 32),
    chunks                int NOT NULL CHECK (chunks > 0),
    CHECK ((outcome IS NULL) <> (void_reason IS NULL)),
    CHECK (void_reason IS NULL OR protocol_fee_lamports + host_fee_lamports = 0)
);

-- Without a foreign key: lines are written with their book, and a check for each of many thousand
-- would delay the credits.
CREATE TABLE settlement.line (
    room_id          uuid NOT NULL,
    bet_id           uuid NOT NULL,
    -- The part of the payouts it is posted with; chunks follow one another in bet id.
    chunk            int NOT NULL CHECK (chunk >= 0),
    account_id       uuid NOT NULL,
    outcome          int NOT NULL CHECK (outcome >= 0),
    stake_lamports   bigint NOT NULL CHECK (stake_lamports > 0),
    accepted_at      timestamptz NOT NULL,
    min_odds_percent bigint NOT NULL CHECK (min_odds_percent >= 0),
    fate             text NOT NULL,
    payout_lamports  bigint NOT NULL,
    PRIMARY KEY (room_id, bet_id),
    CHECK (CASE fate
           WHEN 'WON' THEN payout_lamports >= stake_lamports
           WHEN 'LOST' THEN payout_lamports = 0
           WHEN 'ROOM_VOID' THEN payout_lamports = stake_lamports
           WHEN 'PAST_POST' THEN payout_lamports = stake_lamports
           WHEN 'MIN_ODDS' THEN payout_lamports = stake_lamports
           ELSE false END)
);

-- POSTING: the chunks that the ledger has.
CREATE TABLE settlement.posted_chunk (
    room_id uuid NOT NULL REFERENCES settlement.book,
    chunk   int NOT NULL CHECK (chunk >= 0),
    PRIMARY KEY (room_id, chunk)
);

-- ANCHORED: the receipt as it stands on chain.
CREATE TABLE settlement.receipt (
    room_id   uuid PRIMARY KEY REFERENCES settlement.book,
    signature text NOT NULL CHECK (signature <> ''),
    slot      bigint NOT NULL CHECK (slot >= 0),
    memo      text NOT NULL CHECK (memo <> '')
);

-- Evidence: the deciding series with its quotes, copied from the oracle before it forgets. A page
-- is one answer of the oracle as it came.
CREATE TABLE settlement.series_page (
    room_id      uuid NOT NULL REFERENCES settlement.settlement,
    first_second bigint NOT NULL,
    last_second  bigint NOT NULL CHECK (last_second >= first_second),
    seconds      bytea NOT NULL,
    PRIMARY KEY (room_id, first_second)
);

DO $$
DECLARE
    fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['frozen', 'book', 'line', 'posted_chunk', 'receipt', 'series_page'] LOOP
        EXECUTE format('CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON settlement.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION settlement.written_once()', fact);
    END LOOP;
END $$;

-- Questions to other services that a settlement still has to ask. A row goes when it is answered;
-- a row without a next attempt waits for a person.
CREATE TABLE settlement.errand (
    room_id         uuid NOT NULL REFERENCES settlement.settlement,
    kind            text NOT NULL CHECK (kind IN ('READ_BETS', 'COPY_SERIES')),
    attempts        int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz DEFAULT settlement.db_clock(),
    problem         text CHECK (problem <> ''),
    PRIMARY KEY (room_id, kind),
    CHECK (next_attempt_at IS NOT NULL OR problem IS NOT NULL)
);
CREATE INDEX errand_due ON settlement.errand (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
