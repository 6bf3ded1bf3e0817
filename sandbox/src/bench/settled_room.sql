-- The baseline of a settlement: the rows that the services write until all is credited (lines, holds, entries, balances,
-- the payouts' messages), computed and written set by set in one transaction, with no service, broker or network between.
-- The first answer wins.
CREATE OR REPLACE FUNCTION public.settled_room(p_room uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := room.db_clock();
    v_tx uuid := gen_random_uuid();
    v_winning numeric;
    v_losing numeric;
    v_protocol bigint;
    v_host bigint;
    v_breakage bigint;
BEGIN
    PERFORM FROM room.room WHERE id = p_room FOR NO KEY UPDATE;
    SELECT sum(stake) FILTER (WHERE outcome = 0), sum(stake) FILTER (WHERE outcome <> 0) INTO v_winning, v_losing
        FROM room.bet WHERE room_id = p_room AND state = 2;
    v_protocol := floor(v_losing * 200 / 10000);
    v_host := floor(v_losing * 100 / 10000);
    INSERT INTO settlement.line (room_id, chunk, bet_id, account_id, outcome, stake_lamports, accepted_at, min_odds_percent,
                                 fate, payout_lamports)
        SELECT p_room, (row_number() OVER (ORDER BY id) - 1) / 1000, id, account_id, outcome, stake, accepted_at, min_odds,
               CASE WHEN outcome = 0 THEN 'WON' ELSE 'LOST' END,
               CASE WHEN outcome = 0 THEN stake + floor(stake * (v_losing - v_protocol - v_host) / v_winning) ELSE 0 END
        FROM room.bet WHERE room_id = p_room AND state = 2;
    -- Equal stakes leave equal remainders, so the first winners get what is left.
    SELECT v_winning + v_losing - v_protocol - v_host - sum(payout_lamports) INTO v_breakage
        FROM settlement.line WHERE room_id = p_room;
    UPDATE wallet.hold AS h SET state = 4, ended_at = v_now, credit = l.payout_lamports
        FROM settlement.line AS l WHERE l.room_id = p_room AND h.bet_id = l.bet_id AND h.state = 1;
    INSERT INTO wallet.ledger_tx (id, movement, request_hash, posted_at) VALUES (v_tx, 4, v_tx, v_now);
    INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
        SELECT v_tx, 1, account_id, payout_lamports, bet_id, 4, v_now
        FROM settlement.line WHERE room_id = p_room AND payout_lamports > 0
        UNION ALL SELECT v_tx, 3, p_room, -(v_winning + v_losing)::bigint, p_room, 4, v_now
        UNION ALL SELECT v_tx, 4, '00000000-0000-0000-0000-000000000000', v_protocol + v_host + v_breakage, p_room, 4, v_now;
    UPDATE wallet.ledger_account AS a SET balance = a.balance + l.payout_lamports
        FROM settlement.line AS l
        WHERE l.room_id = p_room AND l.payout_lamports > 0 AND a.kind = 1 AND a.owner = l.account_id;
    UPDATE wallet.ledger_account SET balance = 0 WHERE kind = 3 AND owner = p_room;
    INSERT INTO wallet.ledger_account (kind, owner, balance)
        VALUES (4, '00000000-0000-0000-0000-000000000000', v_protocol + v_host + v_breakage)
        ON CONFLICT (kind, owner) DO UPDATE SET balance = wallet.ledger_account.balance + EXCLUDED.balance;
    INSERT INTO settlement.outbox (day, id, frame, created_at, published_at)
        SELECT (v_now AT TIME ZONE 'UTC')::date, gen_random_uuid(),
               string_agg(uuid_send(bet_id) || int8send(payout_lamports), '' ORDER BY bet_id), v_now, v_now
        FROM settlement.line WHERE room_id = p_room GROUP BY chunk;
END $$;
