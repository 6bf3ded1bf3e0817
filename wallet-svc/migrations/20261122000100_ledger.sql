-- The ledger: double entry, append only, every amount an integer number of lamports. The balance
-- of an account is kept beside its entries and changes in the same transaction; both can be
-- computed from each other, and a reconciler does.

-- Accounts by kind and owner: a user, a room, or nil for the house. Only `chain` is negative: it
-- mirrors what lies at our addresses.
CREATE TABLE wallet.ledger_account (
    -- domain::ledger::Kind
    kind    smallint NOT NULL CHECK (kind BETWEEN 1 AND 9),
    owner   uuid NOT NULL,
    balance bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, owner),
    CONSTRAINT balance_not_negative CHECK (balance >= 0 OR kind = 9)
) WITH (fillfactor = 80);

-- One movement of money. The id is the key its sender made for it.
CREATE TABLE wallet.ledger_tx (
    id           uuid PRIMARY KEY,
    movement     smallint NOT NULL,
    -- First half of the SHA-256 of kind and entries: the same key with another body is an error.
    request_hash uuid NOT NULL,
    posted_at    timestamptz NOT NULL
);

CREATE TABLE wallet.entry (
    tx        uuid NOT NULL,
    kind      smallint NOT NULL,
    owner     uuid NOT NULL,
    lamports  bigint NOT NULL CHECK (lamports <> 0),
    -- The bet, deposit, withdrawal or transaction behind it.
    reference uuid NOT NULL,
    movement  smallint NOT NULL,
    posted_at timestamptz NOT NULL
);
CREATE INDEX entry_of_user ON wallet.entry (owner, posted_at DESC) WHERE kind = 1;

-- All entries of a ledger transaction come in one INSERT, so their sum can be checked once per
-- statement. A deferred row trigger would be quadratic.
CREATE FUNCTION wallet.entries_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT tx, sum(lamports) AS sum INTO wrong FROM posted GROUP BY tx HAVING sum(lamports) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger transaction % sums to %', wrong.tx, wrong.sum USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_sum_to_zero AFTER INSERT ON wallet.entry
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION wallet.entries_sum_to_zero();

CREATE FUNCTION wallet.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on an append-only table', TG_OP USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet.entry
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.append_only();
CREATE TRIGGER ledger_tx_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet.ledger_tx
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON wallet.entry, wallet.ledger_tx FROM CURRENT_USER;

-- What became of the stake of a bet, for ever: a bet is held once, and what was released is not
-- held any more, even if the hold comes later.
CREATE TABLE wallet.hold (
    bet_id  uuid PRIMARY KEY,
    account uuid NOT NULL,
    room    uuid NOT NULL,
    -- 0 for the tombstone of a hold that never came.
    amount  bigint NOT NULL CHECK (amount >= 0),
    -- domain::hold::State
    state   smallint NOT NULL CHECK (state BETWEEN 1 AND 4),
    -- Encoded refusal, where refused.
    refusal bytea CHECK ((refusal IS NOT NULL) = (state = 2))
) WITH (fillfactor = 85);
CREATE INDEX hold_held ON wallet.hold (room) WHERE state = 1;
