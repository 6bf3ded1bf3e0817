-- Our side of the chain: keys and what lies at their addresses, deposits, transactions that we
-- sign, and what they are for. What protects money is a constraint or a trigger here before it
-- is code: a deposit is credited once, a message is signed in one way only, and no withdrawal
-- is in two transactions that can both land.

CREATE FUNCTION wallet.never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of wallet.% is not allowed', TG_OP, TG_TABLE_NAME USING ERRCODE = '23001';
END $$;

-- Sealed keys. The owner is an account, or nil for the treasury.
CREATE TABLE wallet.key (
    owner      uuid PRIMARY KEY,
    address    bytea NOT NULL UNIQUE CHECK (octet_length(address) = 32),
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT wallet.db_clock()
);
CREATE TRIGGER key_stays BEFORE UPDATE OR DELETE ON wallet.key
    FOR EACH ROW EXECUTE FUNCTION wallet.never();

-- What is known about an address on chain.
CREATE TABLE wallet.address (
    address     bytea PRIMARY KEY REFERENCES wallet.key (address),
    owner       uuid NOT NULL UNIQUE REFERENCES wallet.key (owner),
    -- Finalized arrivals that were posted, less finalized departures that were posted. Their sum
    -- over all addresses is the ledger's `chain` account with the sign turned.
    lamports    bigint NOT NULL DEFAULT 0 CHECK (lamports >= 0),
    -- Newest transaction up to which everything is finalized and credited.
    cursor      bytea CHECK (octet_length(cursor) = 64),
    -- When its history was last asked for and then dealt with.
    read_at     timestamptz,
    -- Polled often until then: somebody looks at it.
    hot_until   timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    -- Not swept before: its last sweep failed on chain.
    sweep_after timestamptz,
    -- Swept alone, so that it cannot make a sweep of others fail.
    sweep_alone boolean NOT NULL DEFAULT false
);
CREATE INDEX address_due ON wallet.address (due_at);

-- Money that arrived. Credited once per instruction and address, for ever.
CREATE TABLE wallet.deposit (
    id          uuid PRIMARY KEY,
    owner       uuid NOT NULL REFERENCES wallet.key (owner),
    address     bytea NOT NULL REFERENCES wallet.key (address),
    signature   bytea NOT NULL CHECK (octet_length(signature) = 64),
    -- Index of the instruction; -1 for a balance that rose by more than the transfers say.
    outer_index int NOT NULL CHECK (outer_index >= -1),
    -- Index among the instructions that it called; -1 is the instruction itself.
    inner_index int NOT NULL CHECK (inner_index >= -1),
    lamports    bigint NOT NULL CHECK (lamports > 0),
    slot        bigint NOT NULL,
    state       text NOT NULL CHECK (state IN ('SEEN', 'CREDITED')),
    seen_at     timestamptz NOT NULL,
    credited_at timestamptz CHECK ((credited_at IS NOT NULL) = (state = 'CREDITED')),
    UNIQUE (signature, outer_index, inner_index, address)
);
CREATE INDEX deposit_owner ON wallet.deposit (owner, credited_at DESC);
CREATE INDEX deposit_slot ON wallet.deposit (slot DESC) WHERE state = 'CREDITED';

CREATE FUNCTION wallet.deposit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The slot of a transaction that is not finalized may still change.
    IF OLD.state = 'CREDITED'
       OR (NEW.id, NEW.owner, NEW.address, NEW.signature, NEW.outer_index, NEW.inner_index, NEW.lamports)
          IS DISTINCT FROM
          (OLD.id, OLD.owner, OLD.address, OLD.signature, OLD.outer_index, OLD.inner_index, OLD.lamports) THEN
        RAISE EXCEPTION 'deposit % is not changed', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deposit_guard BEFORE UPDATE ON wallet.deposit
    FOR EACH ROW EXECUTE FUNCTION wallet.deposit_guard();
CREATE TRIGGER deposit_stays BEFORE DELETE ON wallet.deposit
    FOR EACH ROW EXECUTE FUNCTION wallet.never();

-- Transactions that we sign. One id is one purpose that must happen at most once; an attempt is
-- one message for it. The next attempt is made only after the one before is dead.
CREATE TABLE wallet.chain_tx (
    id                uuid NOT NULL,
    attempt           int NOT NULL CHECK (attempt > 0),
    purpose           text NOT NULL CHECK (purpose IN ('WITHDRAWAL', 'SWEEP', 'RECEIPT')),
    -- The exact bytes that are signed, with their block hash.
    message           bytea NOT NULL,
    last_valid_height bigint NOT NULL,
    -- The most that the network charges for it.
    max_fee           bigint NOT NULL CHECK (max_fee > 0),
    -- One per required signer in the message's order; the first names the transaction.
    signatures        bytea[] CHECK (octet_length(signatures[1]) = 64),
    signature         bytea GENERATED ALWAYS AS (signatures[1]) STORED,
    state             text NOT NULL CHECK (state IN ('BUILT', 'SIGNED', 'SUBMITTED', 'FINALIZED', 'FAILED', 'DEAD')),
    -- Where it landed and what it cost.
    slot              bigint,
    fee               bigint,
    built_at          timestamptz NOT NULL DEFAULT wallet.db_clock(),
    ended_at          timestamptz,
    -- When the ledger took its fee; null for long means that `capital` is short.
    fee_posted_at     timestamptz,
    PRIMARY KEY (id, attempt),
    CHECK ((state = 'BUILT') = (signatures IS NULL)),
    CHECK ((state IN ('FINALIZED', 'FAILED', 'DEAD')) = (ended_at IS NOT NULL)),
    CHECK ((state IN ('FINALIZED', 'FAILED')) = (slot IS NOT NULL AND fee IS NOT NULL))
);
CREATE UNIQUE INDEX chain_tx_one_live ON wallet.chain_tx (id) WHERE state IN ('BUILT', 'SIGNED', 'SUBMITTED');
CREATE UNIQUE INDEX chain_tx_one_landed ON wallet.chain_tx (id) WHERE state IN ('FINALIZED', 'FAILED');
CREATE UNIQUE INDEX chain_tx_signature ON wallet.chain_tx (signature);
CREATE INDEX chain_tx_slot ON wallet.chain_tx (slot DESC) WHERE slot IS NOT NULL;
CREATE INDEX chain_tx_fee_due ON wallet.chain_tx (ended_at) WHERE slot IS NOT NULL AND fee_posted_at IS NULL;

CREATE FUNCTION wallet.chain_tx_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'BUILT' THEN
            RAISE EXCEPTION 'an attempt starts unsigned' USING ERRCODE = '23001';
        END IF;
        IF NEW.attempt > 1 AND NOT EXISTS (
            SELECT FROM wallet.chain_tx
            WHERE id = NEW.id AND attempt = NEW.attempt - 1 AND state = 'DEAD'
        ) THEN
            RAISE EXCEPTION 'attempt % of % before the one before it is dead', NEW.attempt, NEW.id
                USING ERRCODE = '23001';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.attempt, NEW.purpose, NEW.message, NEW.last_valid_height, NEW.max_fee)
       IS DISTINCT FROM (OLD.id, OLD.attempt, OLD.purpose, OLD.message, OLD.last_valid_height, OLD.max_fee) THEN
        RAISE EXCEPTION 'a committed message is not changed' USING ERRCODE = '23001';
    END IF;
    IF OLD.signatures IS NOT NULL AND NEW.signatures IS DISTINCT FROM OLD.signatures THEN
        RAISE EXCEPTION 'another signature for the message of % attempt %', OLD.id, OLD.attempt
            USING ERRCODE = '23001';
    END IF;
    IF NEW.state <> OLD.state AND NOT (
        (OLD.state = 'BUILT' AND NEW.state = 'SIGNED')
        OR (OLD.state = 'SIGNED' AND NEW.state = 'SUBMITTED')
        OR (OLD.state IN ('SIGNED', 'SUBMITTED') AND NEW.state IN ('FINALIZED', 'FAILED', 'DEAD'))
    ) THEN
        RAISE EXCEPTION 'attempt is % and does not become %', OLD.state, NEW.state USING ERRCODE = '23001';
    END IF;
    IF OLD.ended_at IS NOT NULL
       AND (NEW.slot, NEW.fee, NEW.ended_at) IS DISTINCT FROM (OLD.slot, OLD.fee, OLD.ended_at) THEN
        RAISE EXCEPTION 'an attempt that ended is not changed' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_tx_guard BEFORE INSERT OR UPDATE ON wallet.chain_tx
    FOR EACH ROW EXECUTE FUNCTION wallet.chain_tx_guard();
CREATE TRIGGER chain_tx_stays BEFORE DELETE ON wallet.chain_tx
    FOR EACH ROW EXECUTE FUNCTION wallet.never();

-- Withdrawals. The id is that of the command that asked for it.
CREATE TABLE wallet.withdrawal (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES wallet.key (owner),
    address      bytea NOT NULL CHECK (octet_length(address) = 32),
    -- What leaves the balance; the fee is inside.
    lamports     bigint NOT NULL,
    fee          bigint NOT NULL CHECK (fee > 0 AND fee < lamports),
    state        text NOT NULL CHECK (state IN ('REQUESTED', 'HELD', 'APPROVED', 'SIGNED', 'SUBMITTED',
                                                'FINALIZED', 'FAILED', 'EXPIRED', 'CANCELLED', 'REJECTED')),
    requested_at timestamptz NOT NULL,
    held_until   timestamptz NOT NULL,
    ended_at     timestamptz,
    -- The transaction that pays it, together with others or alone.
    chain_tx_id  uuid,
    alone        boolean NOT NULL DEFAULT false,
    -- Why it was rejected.
    reason       text,
    version      bigint NOT NULL DEFAULT 1,
    CHECK (state NOT IN ('SIGNED', 'SUBMITTED', 'FINALIZED') OR chain_tx_id IS NOT NULL)
);
CREATE INDEX withdrawal_open ON wallet.withdrawal (requested_at)
    WHERE state IN ('REQUESTED', 'HELD', 'APPROVED', 'SIGNED', 'SUBMITTED', 'EXPIRED');
CREATE INDEX withdrawal_account ON wallet.withdrawal (account_id, requested_at DESC);
CREATE INDEX withdrawal_requested_at ON wallet.withdrawal (requested_at);
CREATE INDEX withdrawal_chain_tx ON wallet.withdrawal (chain_tx_id);

CREATE FUNCTION wallet.withdrawal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('FINALIZED', 'FAILED', 'CANCELLED', 'REJECTED')
       OR (NEW.id, NEW.account_id, NEW.address, NEW.lamports, NEW.fee)
          IS DISTINCT FROM (OLD.id, OLD.account_id, OLD.address, OLD.lamports, OLD.fee) THEN
        RAISE EXCEPTION 'withdrawal % is not changed', OLD.id USING ERRCODE = '23001';
    END IF;
    -- Out of a transaction only once that can no longer pay it.
    IF OLD.chain_tx_id IS NOT NULL AND NEW.chain_tx_id IS DISTINCT FROM OLD.chain_tx_id AND EXISTS (
        SELECT FROM wallet.chain_tx
        WHERE id = OLD.chain_tx_id AND state NOT IN ('DEAD', 'FAILED')
    ) THEN
        RAISE EXCEPTION 'withdrawal % leaves a transaction that may pay it', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER withdrawal_guard BEFORE UPDATE ON wallet.withdrawal
    FOR EACH ROW EXECUTE FUNCTION wallet.withdrawal_guard();
CREATE TRIGGER withdrawal_stays BEFORE DELETE ON wallet.withdrawal
    FOR EACH ROW EXECUTE FUNCTION wallet.never();

-- What a sweep moves to the treasury.
CREATE TABLE wallet.sweep (
    chain_tx_id uuid NOT NULL,
    address     bytea NOT NULL REFERENCES wallet.address (address),
    lamports    bigint NOT NULL CHECK (lamports > 0),
    ended_at    timestamptz,
    PRIMARY KEY (chain_tx_id, address)
);
CREATE UNIQUE INDEX sweep_one_live ON wallet.sweep (address) WHERE ended_at IS NULL;

-- Receipts of settled rooms.
CREATE TABLE wallet.receipt (
    room_id      uuid PRIMARY KEY,
    memo         text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT wallet.db_clock(),
    chain_tx_id  uuid,
    -- Not tried before: its last transaction failed on chain.
    retry_after  timestamptz,
    signature    bytea,
    slot         bigint,
    anchored_at  timestamptz,
    CHECK ((anchored_at IS NOT NULL) = (signature IS NOT NULL AND slot IS NOT NULL))
);
CREATE INDEX receipt_open ON wallet.receipt (requested_at) WHERE anchored_at IS NULL;
CREATE INDEX receipt_chain_tx ON wallet.receipt (chain_tx_id);

-- What is stopped, and why. A row is the pause; operators delete it.
CREATE TABLE wallet.pause (
    what   text PRIMARY KEY CHECK (what IN ('withdrawals')),
    reason text NOT NULL,
    since  timestamptz NOT NULL DEFAULT wallet.db_clock()
);

-- The last comparison of ledger and chain.
CREATE TABLE wallet.reconciliation (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    slot        bigint NOT NULL,
    chain       bigint NOT NULL,
    drift       bigint NOT NULL,
    compared_at timestamptz NOT NULL
);
