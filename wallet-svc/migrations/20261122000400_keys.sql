-- Keys can be sealed anew under another master key, and nothing else about them changes. Each row names its master key
-- by an id that says nothing about it, so that a count proves when nothing is left under an old one. Authenticators are
-- sealed the same way.

ALTER TABLE wallet.key ADD COLUMN master bytea CHECK (octet_length(master) = 8);
COMMENT ON COLUMN wallet.key.master IS 'Null: a remote signer has the key, or nobody has looked which master key it is.';
CREATE INDEX key_master ON wallet.key (master);

CREATE FUNCTION wallet.key_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.owner, NEW.address, NEW.created_at) IS DISTINCT FROM (OLD.owner, OLD.address, OLD.created_at) THEN
        RAISE EXCEPTION 'the key of % is not changed', OLD.owner USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER key_stays ON wallet.key;
CREATE TRIGGER key_guard BEFORE UPDATE ON wallet.key FOR EACH ROW EXECUTE FUNCTION wallet.key_guard();
CREATE TRIGGER key_stays BEFORE DELETE ON wallet.key FOR EACH ROW EXECUTE FUNCTION wallet.never();

-- Authenticators (RFC 6238). One per account; its row goes when it is removed.
CREATE TABLE wallet.totp (
    account_id   uuid PRIMARY KEY REFERENCES wallet.key (owner),
    sealed       bytea NOT NULL,
    master       bytea NOT NULL CHECK (octet_length(master) = 8),
    begun_at     timestamptz NOT NULL DEFAULT wallet.db_clock(),
    confirmed_at timestamptz,
    -- Codes of this time step and of all before are used up.
    last_step    bigint NOT NULL DEFAULT 0,
    -- Wrong codes since the last right one.
    wrong        int NOT NULL DEFAULT 0 CHECK (wrong >= 0),
    locked_until timestamptz
);
CREATE INDEX totp_master ON wallet.totp (master);

CREATE FUNCTION wallet.totp_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_step < OLD.last_step OR NEW.account_id <> OLD.account_id
       OR (OLD.confirmed_at IS NOT NULL AND NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at) THEN
        RAISE EXCEPTION 'a code of % would count again', OLD.account_id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER totp_guard BEFORE UPDATE ON wallet.totp FOR EACH ROW EXECUTE FUNCTION wallet.totp_guard();
