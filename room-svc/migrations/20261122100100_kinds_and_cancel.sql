-- Rooms of every kind, rooms that operators open, bets and rooms that are taken back, and pools that are shown as they
-- would count now. The release before this one writes none of the new columns and can do without them.

ALTER TABLE room.room
    -- Only what is compared with a price has a target.
    ALTER COLUMN target DROP NOT NULL,
    -- Operators open rooms without a host.
    ALTER COLUMN host DROP NOT NULL,
    ADD COLUMN rival_asset text NOT NULL DEFAULT '',
    ADD COLUMN bounds numeric[] NOT NULL DEFAULT '{}',
    ADD COLUMN question text NOT NULL DEFAULT '',
    -- What all stakes together may reach; 0 is what the ledger can hold.
    ADD COLUMN max_pool bigint NOT NULL DEFAULT 0 CHECK (max_pool >= 0),
    -- From here on a room that nobody has resolved is void.
    ADD COLUMN unresolved_at timestamptz,
    -- Stakes that counted in the settlement, per outcome.
    ADD COLUMN counted bigint[],
    -- A dispute was answered by repaying the losing stakes.
    ADD COLUMN corrected boolean NOT NULL DEFAULT false,
    -- rooms.room.v1.Kind: TOUCH, CLOSE and the market caps have a target.
    ADD CONSTRAINT room_target_of_kind CHECK ((kind IN (1, 2, 4, 5)) = (target IS NOT NULL)),
    ADD CONSTRAINT room_deadline_of_resolution CHECK (unresolved_at > deadline);

-- The same question twice at the same time splits its pools. Of two assets it does not matter which is named first.
DROP INDEX room.room_live_question;
CREATE UNIQUE INDEX room_live_question ON room.room (
    scope_chat_id, kind, least(asset, rival_asset), greatest(asset, rival_asset), comparator, coalesce(target, 0), bounds,
    question, date_trunc('minute', deadline, 'UTC')) WHERE state BETWEEN 1 AND 4;
CREATE INDEX room_unresolved ON room.room (unresolved_at) WHERE NOT freeze_asked;

CREATE FUNCTION room.total(pools bigint[]) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(pool), 0) FROM unnest(pools) AS pool
$$;
ALTER TABLE room.room ADD CONSTRAINT room_pool_cap
    CHECK (max_pool = 0 OR room.total(pools) + pending_stakes <= max_pool);

-- A bet that its owner took back (state 7) leaves room for another one, and can be taken back only once.
ALTER TABLE room.bet
    DROP CONSTRAINT bet_state_check,
    ADD CONSTRAINT bet_state_check CHECK (state BETWEEN 1 AND 7),
    -- Before that its owner may take it back; nothing where that is used up, or too close to the lock.
    ADD COLUMN cancel_until timestamptz CHECK (cancel_until > accepted_at);
DROP INDEX room.bet_one_per_player;
CREATE UNIQUE INDEX bet_one_per_player ON room.bet (room_id, account_id) WHERE state NOT IN (3, 7);
CREATE UNIQUE INDEX bet_taken_back_once ON room.bet (room_id, account_id) WHERE state = 7;

DROP TRIGGER bet_terms_stand ON room.bet;
CREATE TRIGGER bet_terms_stand
    BEFORE UPDATE OF id, room_id, account_id, outcome, stake, min_odds, accepted_at, cancel_until
    ON room.bet FOR EACH STATEMENT EXECUTE FUNCTION room.bets_stand();

-- Shown pools are the accepted ones less what may still be taken back, and less what its guard would void: few rows of a
-- large room, found without looking at the others.
CREATE INDEX bet_may_be_cancelled ON room.bet (room_id, cancel_until) WHERE state = 2 AND cancel_until IS NOT NULL;
CREATE INDEX bet_guarded ON room.bet (room_id, outcome, min_odds DESC, accepted_at DESC, id DESC)
    WHERE state = 2 AND min_odds > 0;

-- Signatures of operators over statements, each worth one action for ever.
CREATE TABLE room.statement (
    signature  bytea PRIMARY KEY CHECK (octet_length(signature) = 64),
    operator   bytea NOT NULL CHECK (octet_length(operator) = 32),
    action     text NOT NULL,
    signed_at  timestamptz NOT NULL,
    command_id uuid NOT NULL,
    taken_at   timestamptz NOT NULL
);
CREATE FUNCTION room.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on an append-only table', TG_OP USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER statement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON room.statement
    FOR EACH STATEMENT EXECUTE FUNCTION room.append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON room.statement FROM CURRENT_USER;
