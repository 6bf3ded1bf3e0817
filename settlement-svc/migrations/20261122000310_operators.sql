-- Operators' part of a settlement: why a verdict should be looked at before it is paid, what operators say of it, and the
-- disputes of players that they judge.

ALTER TABLE settlement.settlement
    -- The rest of what a verdict rests on.
    ADD COLUMN suspicions              text[] NOT NULL DEFAULT '{}',
    ADD COLUMN window_end_second       bigint CHECK (window_end_second > 0),
    ADD COLUMN start_price             text CHECK (start_price <> ''),
    ADD COLUMN start_window_end_second bigint CHECK (start_window_end_second > 0),
    ADD COLUMN rival_price             text CHECK (rival_price <> ''),
    ADD COLUMN rival_start_price       text CHECK (rival_start_price <> ''),
    -- Operators have agreed on what stands: it waits for nobody.
    ADD COLUMN ruled_at                timestamptz,
    -- It is paid then, unless operators say otherwise.
    ADD COLUMN waits_until             timestamptz,
    ADD CONSTRAINT settlement_waits CHECK (waits_until IS NULL OR (state = 'FROZEN' AND ruled_at IS NULL));
CREATE INDEX settlement_waiting ON settlement.settlement (waits_until) WHERE waits_until IS NOT NULL;

CREATE OR REPLACE FUNCTION settlement.keep_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state < OLD.state OR NEW.version <= OLD.version THEN
        RAISE check_violation USING MESSAGE = 'a settlement does not go back';
    END IF;
    IF OLD.state >= 'POSTING'
       AND (NEW.outcome, NEW.void_reason, NEW.price, NEW.observed_at, NEW.series_first_second, NEW.series_last_second,
            NEW.suspicions, NEW.window_end_second, NEW.start_price, NEW.start_window_end_second, NEW.rival_price,
            NEW.rival_start_price, NEW.ruled_at)
           IS DISTINCT FROM
           (OLD.outcome, OLD.void_reason, OLD.price, OLD.observed_at, OLD.series_first_second, OLD.series_last_second,
            OLD.suspicions, OLD.window_end_second, OLD.start_price, OLD.start_window_end_second, OLD.rival_price,
            OLD.rival_start_price, OLD.ruled_at) THEN
        RAISE check_violation USING MESSAGE = 'payouts are under way: the verdict stands';
    END IF;
    RETURN NEW;
END $$;

-- Signatures of operators over statements, each worth one action for ever (`chassis::operators`).
CREATE TABLE settlement.statement (
    signature  bytea PRIMARY KEY CHECK (octet_length(signature) = 64),
    operator   bytea NOT NULL CHECK (octet_length(operator) = 32),
    action     text NOT NULL,
    signed_at  timestamptz NOT NULL,
    command_id uuid NOT NULL,
    taken_at   timestamptz NOT NULL
);

-- A room that operators speak about may have no settlement yet: this is the row at which they queue.
CREATE TABLE settlement.ruled_room (
    room_id uuid PRIMARY KEY
);

-- What operators said of a room, all of it. The newest of each operator counts.
CREATE TABLE settlement.ruling (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id     uuid NOT NULL REFERENCES settlement.ruled_room,
    operator    bytea NOT NULL CHECK (octet_length(operator) = 32),
    outcome     int CHECK (outcome >= 0),
    void_reason text CHECK (void_reason IN ('OPERATOR_VOID', 'MANIPULATION_SUSPECTED')),
    reason      text NOT NULL CHECK (reason <> ''),
    signature   bytea NOT NULL UNIQUE REFERENCES settlement.statement,
    ruled_at    timestamptz NOT NULL,
    CHECK ((outcome IS NULL) <> (void_reason IS NULL))
);
CREATE INDEX ruling_room ON settlement.ruling (room_id, number);

-- A player says that the result is wrong: once per room.
CREATE TABLE settlement.dispute (
    id         uuid PRIMARY KEY,
    room_id    uuid NOT NULL REFERENCES settlement.book,
    account_id uuid NOT NULL,
    text       text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 500),
    state      text NOT NULL DEFAULT 'OPEN'
               CHECK (state IN ('OPEN', 'UPHELD', 'REFUNDING', 'AWAITING_FUNDS', 'REFUNDED')),
    opened_at  timestamptz NOT NULL,
    -- Given with the judgement.
    reason     text CHECK (reason <> ''),
    version    bigint NOT NULL DEFAULT 1,
    UNIQUE (room_id, account_id),
    CHECK ((reason IS NULL) = (state = 'OPEN'))
);
CREATE INDEX dispute_newest ON settlement.dispute (opened_at DESC, id DESC);
CREATE INDEX dispute_undecided ON settlement.dispute (state) WHERE state NOT IN ('UPHELD', 'REFUNDED');

CREATE FUNCTION settlement.keep_dispute() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE check_violation USING MESSAGE = 'a dispute is kept';
    END IF;
    IF (NEW.id, NEW.room_id, NEW.account_id, NEW.text, NEW.opened_at)
       IS DISTINCT FROM (OLD.id, OLD.room_id, OLD.account_id, OLD.text, OLD.opened_at)
       OR NEW.version <= OLD.version
       OR (OLD.reason IS NOT NULL AND NEW.reason IS DISTINCT FROM OLD.reason)
       OR (OLD.state, NEW.state) NOT IN (
              ('OPEN', 'UPHELD'), ('OPEN', 'REFUNDING'), ('REFUNDING', 'AWAITING_FUNDS'), ('REFUNDING', 'REFUNDED'),
              ('AWAITING_FUNDS', 'REFUNDED')) THEN
        RAISE check_violation USING MESSAGE = 'a dispute does not go back';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_dispute BEFORE UPDATE OR DELETE ON settlement.dispute
    FOR EACH ROW EXECUTE FUNCTION settlement.keep_dispute();

-- What operators said of a room's disputes, all of it. The newest of each operator counts.
CREATE TABLE settlement.judgement (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id   uuid NOT NULL REFERENCES settlement.book,
    operator  bytea NOT NULL CHECK (octet_length(operator) = 32),
    judgement text NOT NULL CHECK (judgement IN ('UPHOLD', 'REFUND')),
    reason    text NOT NULL CHECK (reason <> ''),
    signature bytea NOT NULL UNIQUE REFERENCES settlement.statement,
    said_at   timestamptz NOT NULL
);
CREATE INDEX judgement_room ON settlement.judgement (room_id, number);

-- What they agreed on: once per room, so a losing stake cannot be repaid for two disputes.
CREATE TABLE settlement.judged (
    room_id         uuid PRIMARY KEY REFERENCES settlement.book,
    judgement       text NOT NULL CHECK (judgement IN ('UPHOLD', 'REFUND')),
    reason          text NOT NULL CHECK (reason <> ''),
    -- What a refund repays, and in how many parts.
    refund_lamports bigint NOT NULL CHECK (refund_lamports >= 0),
    chunks          int NOT NULL CHECK (chunks >= 0),
    judged_at       timestamptz NOT NULL,
    CHECK ((judgement = 'REFUND') = (refund_lamports > 0)),
    CHECK ((judgement = 'REFUND') = (chunks > 0))
);

-- The parts that the ledger has repaid.
CREATE TABLE settlement.refunded_chunk (
    room_id uuid NOT NULL REFERENCES settlement.judged,
    chunk   int NOT NULL CHECK (chunk >= 0),
    PRIMARY KEY (room_id, chunk)
);

DO $$
DECLARE
    fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['statement', 'ruled_room', 'ruling', 'judgement', 'judged', 'refunded_chunk'] LOOP
        EXECUTE format('CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON settlement.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION settlement.written_once()', fact);
    END LOOP;
END $$;

-- Parts of a refund that found too little capital are asked for again.
ALTER TABLE settlement.errand
    DROP CONSTRAINT errand_kind_check,
    ADD CONSTRAINT errand_kind_check CHECK (kind IN ('READ_BETS', 'COPY_SERIES', 'REFUND_STAKES'));
