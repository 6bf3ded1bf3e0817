-- The ceiling: the same effects as one_bet.sql for a whole batch in one transaction, set by set,
-- with no service, broker or network between. The services cannot be faster than this.
CREATE OR REPLACE FUNCTION public.many_bets(p_bets uuid[], p_rooms uuid[], p_accounts uuid[], p_outcomes smallint[], p_stakes bigint[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz;
    v_tx uuid := gen_random_uuid();
BEGIN
    INSERT INTO room.inbox (id, request_hash) SELECT id, id FROM unnest(p_bets) AS id ON CONFLICT DO NOTHING;
    PERFORM FROM room.room WHERE id = ANY(p_rooms) ORDER BY id FOR NO KEY UPDATE;
    PERFORM FROM wallet.ledger_account WHERE kind = 1 AND owner = ANY(p_accounts) ORDER BY owner FOR NO KEY UPDATE;
    v_now := room.db_clock();
    INSERT INTO room.bet (id, room_id, account_id, outcome, stake, min_odds, state, accepted_at)
        SELECT bet, room, account, outcome, stake, 0, 2, v_now
        FROM unnest(p_bets, p_rooms, p_accounts, p_outcomes, p_stakes) AS t (bet, room, account, outcome, stake);
    UPDATE room.room AS r SET
        seats = ARRAY[r.seats[1] + t.yes, r.seats[2] + t.no],
        pools = ARRAY[r.pools[1] + t.yes_stakes, r.pools[2] + t.no_stakes], version = version + 1
    FROM (SELECT room, count(*) FILTER (WHERE outcome = 0) AS yes, count(*) FILTER (WHERE outcome = 1) AS no,
                 coalesce(sum(stake) FILTER (WHERE outcome = 0), 0)::bigint AS yes_stakes,
                 coalesce(sum(stake) FILTER (WHERE outcome = 1), 0)::bigint AS no_stakes
          FROM unnest(p_rooms, p_outcomes, p_stakes) AS t (room, outcome, stake) GROUP BY room) AS t
    WHERE r.id = t.room;
    UPDATE wallet.ledger_account AS a SET balance = a.balance - t.stake
        FROM (SELECT account, sum(stake)::bigint AS stake FROM unnest(p_accounts, p_stakes) AS t (account, stake) GROUP BY account) AS t
        WHERE a.kind = 1 AND a.owner = t.account;
    INSERT INTO wallet.ledger_account (kind, owner, balance)
        SELECT 3, room, sum(stake)::bigint FROM unnest(p_rooms, p_stakes) AS t (room, stake) GROUP BY room ORDER BY room
        ON CONFLICT (kind, owner) DO UPDATE SET balance = wallet.ledger_account.balance + EXCLUDED.balance;
    INSERT INTO wallet.hold (bet_id, account, room, amount, state)
        SELECT bet, account, room, stake, 1 FROM unnest(p_bets, p_accounts, p_rooms, p_stakes) AS t (bet, account, room, stake);
    INSERT INTO wallet.ledger_tx (id, movement, request_hash, posted_at) VALUES (v_tx, 2, v_tx, v_now);
    INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
        SELECT v_tx, 1, account, -stake, bet, 2, v_now FROM unnest(p_bets, p_accounts, p_stakes) AS t (bet, account, stake)
        UNION ALL
        SELECT v_tx, 3, room, sum(stake)::bigint, room, 2, v_now FROM unnest(p_rooms, p_stakes) AS t (room, stake) GROUP BY room;
    INSERT INTO room.outbox (day, id, frame, created_at)
        VALUES ((v_now AT TIME ZONE 'UTC')::date, gen_random_uuid(), uuid_send(v_tx), v_now);
END $$;
