-- Limits that people set for themselves. Only an account that has set one costs anything: the bets of such an account
-- are watched, which puts them into an index from which its windows are summed. Everybody else pays one read of
-- `player` per batch of bets, which finds nothing.

-- Accounts with a limit, a break, or an end.
CREATE TABLE wallet.player (
    account        uuid PRIMARY KEY,
    -- No bets and no rooms until then. Both are only ever moved to later.
    cool_off_until timestamptz,
    excluded_until timestamptz,
    -- The owner has left: no bets any more, and what arrives is unclaimed.
    closed_at      timestamptz
);

CREATE FUNCTION wallet.player_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR coalesce(NEW.cool_off_until, '-infinity') < coalesce(OLD.cool_off_until, '-infinity')
       OR coalesce(NEW.excluded_until, '-infinity') < coalesce(OLD.excluded_until, '-infinity')
       OR (OLD.closed_at IS NOT NULL AND NEW.closed_at IS DISTINCT FROM OLD.closed_at) THEN
        RAISE EXCEPTION 'a break of account % is not shortened', OLD.account USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER player_guard BEFORE UPDATE OR DELETE ON wallet.player
    FOR EACH ROW EXECUTE FUNCTION wallet.player_guard();

CREATE TABLE wallet.play_limit (
    account       uuid NOT NULL REFERENCES wallet.player (account),
    -- domain::limit::Kind
    kind          smallint NOT NULL CHECK (kind BETWEEN 1 AND 3),
    -- In force; null is no limit.
    lamports      bigint CHECK (lamports >= 0),
    -- A looser one and when it begins; without `next_at` there is none.
    next_lamports bigint CHECK (next_lamports > lamports),
    next_at       timestamptz,
    PRIMARY KEY (account, kind),
    CHECK (next_at IS NOT NULL OR next_lamports IS NULL),
    CHECK (next_at IS NULL OR lamports IS NOT NULL)
);

-- What came over a deposit limit: to be withdrawn, not to be staked, until the day has rolled. A deposit has one piece
-- for each earlier deposit that makes room for it by leaving the day.
CREATE TABLE wallet.deposit_excess (
    deposit  uuid NOT NULL REFERENCES wallet.deposit (id),
    account  uuid NOT NULL,
    lamports bigint NOT NULL CHECK (lamports > 0),
    since    timestamptz NOT NULL,
    until    timestamptz NOT NULL CHECK (until > since),
    PRIMARY KEY (deposit, until)
);
CREATE INDEX deposit_excess_account ON wallet.deposit_excess (account, until);

-- When a stake was taken, when it was decided what becomes of it, and what a settlement gave for it.
ALTER TABLE wallet.hold
    ADD COLUMN held_at  timestamptz NOT NULL DEFAULT wallet.db_clock(),
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN credit   bigint CHECK (credit >= 0),
    -- Its account has limits.
    ADD COLUMN watched  boolean NOT NULL DEFAULT false;
UPDATE wallet.hold AS h SET held_at = e.posted_at
    FROM wallet.entry AS e WHERE e.kind = 1 AND e.movement = 2 AND e.reference = h.bet_id;
UPDATE wallet.hold AS h SET
    ended_at = coalesce((SELECT max(e.posted_at) FROM wallet.entry AS e WHERE e.kind = 3 AND e.owner = h.room), h.held_at),
    credit = CASE WHEN h.state = 4 THEN coalesce((SELECT e.lamports FROM wallet.entry AS e
        WHERE e.kind = 1 AND e.movement = 4 AND e.reference = h.bet_id AND e.owner = h.account), 0) END
    WHERE h.state IN (3, 4);
CREATE INDEX hold_watched ON wallet.hold (account, ended_at) WHERE watched;

-- What the rules against abuse have found, for operators to look at. A finding is not repeated while it is younger than
-- the window that it was found in.
CREATE TABLE wallet.anomaly (
    rule     text NOT NULL CHECK (rule IN ('burst', 'shared_address', 'refused_authorization')),
    -- An address, or nothing in particular.
    subject  text NOT NULL,
    found_at timestamptz NOT NULL,
    -- Withdrawals, accounts or refusals, and the money in them.
    count    bigint NOT NULL,
    lamports bigint NOT NULL,
    PRIMARY KEY (rule, subject, found_at)
);
CREATE INDEX anomaly_found_at ON wallet.anomaly (found_at DESC);
