-- Who brought whom, what that earned, and receipts that stand with others under one memo.

-- Every account's own code, made once.
CREATE TABLE settlement.referral_code (
    account_id uuid PRIMARY KEY,
    -- Letters and digits that nobody takes for one another.
    code       text NOT NULL UNIQUE CHECK (code ~ '^[2-9A-HJKMNP-TV-Z]{8}$'),
    made_at    timestamptz NOT NULL DEFAULT settlement.db_clock()
);

-- Fixed once and for ever. Chains have no loops: who is added here looks up its chain under the lock of
-- `referral_lock`.
CREATE TABLE settlement.referrer (
    account_id  uuid PRIMARY KEY REFERENCES settlement.referral_code,
    referrer_id uuid NOT NULL REFERENCES settlement.referral_code,
    fixed_at    timestamptz NOT NULL DEFAULT settlement.db_clock(),
    CHECK (account_id <> referrer_id)
);
CREATE INDEX referrer_brought ON settlement.referrer (referrer_id);

CREATE TABLE settlement.referral_lock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one)
);
INSERT INTO settlement.referral_lock DEFAULT VALUES;

-- What the book gives for the winners of one chunk.
CREATE TABLE settlement.referral_credit (
    room_id    uuid NOT NULL,
    chunk      int NOT NULL CHECK (chunk >= 0),
    account_id uuid NOT NULL,
    level      smallint NOT NULL CHECK (level BETWEEN 1 AND 3),
    lamports   bigint NOT NULL CHECK (lamports > 0),
    PRIMARY KEY (room_id, chunk, account_id, level)
);

-- Sums for the referral screen: accounts brought, and what the ledger has credited. Somebody may have brought a hundred
-- thousand.
CREATE TABLE settlement.referral_total (
    account_id      uuid NOT NULL,
    level           smallint NOT NULL CHECK (level BETWEEN 1 AND 3),
    accounts        bigint NOT NULL CHECK (accounts >= 0),
    earned_lamports bigint NOT NULL CHECK (earned_lamports >= 0),
    PRIMARY KEY (account_id, level)
) WITH (fillfactor = 80);

-- Of the protocol's fee.
ALTER TABLE settlement.book
    ADD COLUMN referral_lamports bigint NOT NULL DEFAULT 0
        CHECK (referral_lamports BETWEEN 0 AND protocol_fee_lamports);

-- A room's place under a memo of several, and the hashes from there up to the memo's root; none under a memo of its own.
ALTER TABLE settlement.receipt
    ADD COLUMN place  int CHECK (place >= 0),
    ADD COLUMN leaves int CHECK (leaves > place),
    ADD COLUMN branch bytea[],
    ADD CHECK (num_nulls(place, leaves, branch) IN (0, 3));

DO $$
DECLARE
    fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['referral_code', 'referrer', 'referral_credit'] LOOP
        EXECUTE format('CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON settlement.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION settlement.written_once()', fact);
    END LOOP;
END $$;
