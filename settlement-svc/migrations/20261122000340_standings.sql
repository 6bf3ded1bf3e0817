-- What settled bets came to for their owners: lists of results, records, the leaderboard. Lines lie in the order of rooms and
-- bets, and another index on them would delay every credit; so they are copied here by account once their room is settled.

-- Settled rooms whose lines are not copied yet, or not all of them. One row a room is all that settling pays for it.
CREATE TABLE settlement.uncounted (
    room_id    uuid PRIMARY KEY REFERENCES settlement.book,
    settled_at timestamptz NOT NULL,
    -- The last bet that is copied.
    counted_to uuid
);
INSERT INTO settlement.uncounted (room_id, settled_at)
SELECT room_id, settled_at FROM settlement.settlement WHERE settled_at IS NOT NULL;

-- One settled bet.
CREATE TABLE settlement.result (
    account_id      uuid NOT NULL,
    settled_at      timestamptz NOT NULL,
    bet_id          uuid NOT NULL,
    room_id         uuid NOT NULL,
    outcome         int NOT NULL,
    stake_lamports  bigint NOT NULL,
    fate            text NOT NULL,
    payout_lamports bigint NOT NULL,
    PRIMARY KEY (account_id, settled_at, bet_id)
);
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON settlement.result
    FOR EACH STATEMENT EXECUTE FUNCTION settlement.written_once();
-- Rows come about in the order of settling: a summary per block finds the last day and the last week.
CREATE INDEX result_settled ON settlement.result USING brin (settled_at)
    WITH (pages_per_range = 32, autosummarize = on);

-- The sums of an account's results, written with them. What was returned is in no sum.
CREATE TABLE settlement.record (
    account_id           uuid PRIMARY KEY,
    won                  bigint NOT NULL CHECK (won >= 0),
    lost                 bigint NOT NULL CHECK (lost >= 0),
    returned             bigint NOT NULL CHECK (returned >= 0),
    won_staked_lamports  bigint NOT NULL CHECK (won_staked_lamports >= 0),
    lost_staked_lamports bigint NOT NULL CHECK (lost_staked_lamports >= 0),
    paid_lamports        bigint NOT NULL CHECK (paid_lamports >= won_staked_lamports)
) WITH (fillfactor = 80);

-- Who said whether they are on the leaderboard; everybody else is. Who has left is not, for good.
CREATE TABLE settlement.listing (
    account_id uuid PRIMARY KEY,
    hidden     boolean NOT NULL,
    closed     boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL,
    CHECK (hidden OR NOT closed)
);
