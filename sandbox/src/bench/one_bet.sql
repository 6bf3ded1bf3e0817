-- The baseline: one bet per transaction, everything in one round trip to one server, with the same
-- tables, indexes, triggers and constraints as the services use. It skips what only a distributed
-- system needs (messages, the wait for another service's decision), so it is a strong baseline.
CREATE OR REPLACE FUNCTION public.one_bet(p_bet uuid, p_room uuid, p_account uuid, p_outcome smallint, p_stake bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_now timestamptz;
    v_tx uuid := gen_random_uuid();
BEGIN
    INSERT INTO room.inbox (id, request_hash) VALUES (p_bet, p_bet);
    PERFORM FROM room.room WHERE id = p_room AND state IN (1, 2) AND closed_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no open room %', p_room;
    END IF;
    v_now := room.db_clock();
    INSERT INTO room.bet (id, room_id, account_id, outcome, stake, min_odds, state, accepted_at)
        VALUES (p_bet, p_room, p_account, p_outcome, p_stake, 0, 2, v_now);
    UPDATE room.room SET seats[p_outcome + 1] = seats[p_outcome + 1] + 1,
        pools[p_outcome + 1] = pools[p_outcome + 1] + p_stake, version = version + 1 WHERE id = p_room;
    UPDATE wallet.ledger_account SET balance = balance - p_stake WHERE kind = 1 AND owner = p_account;
    INSERT INTO wallet.ledger_account (kind, owner, balance) VALUES (3, p_room, p_stake)
        ON CONFLICT (kind, owner) DO UPDATE SET balance = wallet.ledger_account.balance + EXCLUDED.balance;
    INSERT INTO wallet.hold (bet_id, account, room, amount, state) VALUES (p_bet, p_account, p_room, p_stake, 1);
    INSERT INTO wallet.ledger_tx (id, movement, request_hash, posted_at) VALUES (v_tx, 2, v_tx, v_now);
    INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
        VALUES (v_tx, 1, p_account, -p_stake, p_bet, 2, v_now), (v_tx, 3, p_room, p_stake, p_bet, 2, v_now);
    INSERT INTO room.outbox (day, id, frame, created_at)
        VALUES ((v_now AT TIME ZONE 'UTC')::date, gen_random_uuid(), uuid_send(p_bet), v_now);
END $$;
