-- What anybody can check us by: trees of everything that is owed, their roots on chain; and the comparison of every
-- balance with the entries behind it.

-- A transaction may anchor a proof.
ALTER TABLE wallet.chain_tx
    DROP CONSTRAINT chain_tx_purpose_check,
    ADD CONSTRAINT chain_tx_purpose_check CHECK (purpose IN ('WITHDRAWAL', 'SWEEP', 'RECEIPT', 'PROOF'));

-- A proof is asked for, then taken, then anchored. Its root stays for ever, its leaves while users may ask for them.
CREATE TABLE wallet.proof (
    id            uuid PRIMARY KEY,
    -- The operators' command that asked for it; null for the regular one.
    command_id    uuid UNIQUE,
    requested_at  timestamptz NOT NULL,
    taken_at      timestamptz,
    leaves        bigint CHECK (leaves > 0),
    liabilities   bigint CHECK (liabilities >= 0),
    -- What lay at our addresses, and in which slot.
    chain         bigint CHECK (chain >= 0),
    slot          bigint CHECK (slot >= 0),
    tree          bytea CHECK (octet_length(tree) = 32),
    -- Random; the salts of the leaves are derived from it.
    salt_key      bytea CHECK (octet_length(salt_key) = 32),
    -- domain::liabilities::Tree::bytes
    owed          bytea,
    memo          text,
    chain_tx_id   uuid,
    -- Not tried before: its last transaction failed on chain.
    retry_after   timestamptz,
    signature     bytea CHECK (octet_length(signature) = 64),
    anchored_slot bigint,
    anchored_at   timestamptz,
    CHECK (num_nulls(taken_at, leaves, liabilities, chain, slot, tree, memo) IN (0, 7)),
    CHECK (num_nulls(salt_key, owed) IN (0, 2)),
    CHECK (num_nulls(signature, anchored_slot, anchored_at) IN (0, 3)),
    CHECK (anchored_at IS NULL OR taken_at IS NOT NULL)
);
CREATE INDEX proof_open ON wallet.proof (requested_at) WHERE anchored_at IS NULL;
CREATE INDEX proof_anchored ON wallet.proof (taken_at DESC) WHERE anchored_at IS NOT NULL;
CREATE INDEX proof_chain_tx ON wallet.proof (chain_tx_id);

CREATE FUNCTION wallet.proof_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.taken_at IS NOT NULL
       AND ((NEW.id, NEW.command_id, NEW.requested_at, NEW.taken_at, NEW.leaves, NEW.liabilities, NEW.chain, NEW.slot,
             NEW.tree, NEW.memo)
            IS DISTINCT FROM
            (OLD.id, OLD.command_id, OLD.requested_at, OLD.taken_at, OLD.leaves, OLD.liabilities, OLD.chain, OLD.slot,
             OLD.tree, OLD.memo)
            OR (NEW.owed IS NOT NULL AND (NEW.salt_key, NEW.owed) IS DISTINCT FROM (OLD.salt_key, OLD.owed))) THEN
        RAISE EXCEPTION 'proof % is not changed', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proof_guard BEFORE UPDATE ON wallet.proof
    FOR EACH ROW EXECUTE FUNCTION wallet.proof_guard();
CREATE TRIGGER proof_stays BEFORE DELETE ON wallet.proof
    FOR EACH ROW EXECUTE FUNCTION wallet.never();

-- When the next regular proof is due.
CREATE TABLE wallet.proof_due (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at  timestamptz NOT NULL
);

-- Every account's entries are found without reading those of others: for its movements, newest first, and for summing
-- them up. It takes the place of an index over users alone.
CREATE INDEX entry_of_account ON wallet.entry (owner, kind, posted_at DESC) INCLUDE (lamports);
DROP INDEX wallet.entry_of_user;

-- The last whole comparison of all balances with their entries.
CREATE TABLE wallet.entry_check (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    begun_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    accounts bigint NOT NULL,
    -- Accounts whose entries do not sum up to the balance, and the first of them in words.
    wrong    bigint NOT NULL,
    first    text NOT NULL
);
