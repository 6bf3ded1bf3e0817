-- A room whose bets are accepted and closed, with holds and escrow as the services leave them: what a settlement begins
-- with. Answers alternate.
CREATE OR REPLACE FUNCTION public.accepted_bets(p_room uuid, p_bets uuid[], p_accounts uuid[], p_stake bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := room.db_clock();
    v_tx uuid := gen_random_uuid();
    v_count int := cardinality(p_bets);
    v_pools bigint[] := ARRAY[(cardinality(p_bets) + 1) / 2 * p_stake, cardinality(p_bets) / 2 * p_stake];
BEGIN
    INSERT INTO room.bet (id, room_id, account_id, outcome, stake, min_odds, state, accepted_at)
        SELECT bet, p_room, account, (place - 1) % 2, p_stake, 0, 2, v_now
        FROM unnest(p_bets, p_accounts) WITH ORDINALITY AS t (bet, account, place);
    UPDATE room.room SET state = 3, closed_at = v_now, seats = ARRAY[(v_count + 1) / 2, v_count / 2], pools = v_pools
        WHERE id = p_room;
    UPDATE wallet.ledger_account SET balance = balance - p_stake WHERE kind = 1 AND owner = ANY(p_accounts);
    INSERT INTO wallet.ledger_account (kind, owner, balance) VALUES (3, p_room, v_count * p_stake);
    INSERT INTO wallet.hold (bet_id, account, room, amount, state, held_at)
        SELECT bet, account, p_room, p_stake, 1, v_now FROM unnest(p_bets, p_accounts) AS t (bet, account);
    INSERT INTO wallet.ledger_tx (id, movement, request_hash, posted_at) VALUES (v_tx, 2, v_tx, v_now);
    INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
        SELECT v_tx, 1, account, -p_stake, bet, 2, v_now FROM unnest(p_bets, p_accounts) AS t (bet, account)
        UNION ALL SELECT v_tx, 3, p_room, v_count * p_stake, p_room, 2, v_now;
END $$;
