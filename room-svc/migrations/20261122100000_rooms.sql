-- Rooms and bets. What can be a constraint is one: they are the last defence behind the decisions
-- of the domain, and a violation is a bug of ours.

CREATE TABLE room.room (
    id             uuid PRIMARY KEY,
    -- For people: short, stable, never reused.
    number         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    -- The canonical bytes and their SHA-256.
    terms          bytea NOT NULL,
    terms_hash     bytea NOT NULL CHECK (length(terms_hash) = 32),
    -- rooms.room.v1.RoomState
    state          smallint NOT NULL CHECK (state BETWEEN 1 AND 7),
    kind           smallint NOT NULL,
    asset          text NOT NULL,
    comparator     smallint NOT NULL,
    target         numeric NOT NULL CHECK (target > 0),
    host           uuid NOT NULL,
    scope_chat_id  bigint NOT NULL,
    lock_at        timestamptz NOT NULL,
    deadline       timestamptz NOT NULL CHECK (deadline > lock_at),
    min_stake      bigint NOT NULL CHECK (min_stake > 0),
    max_stake      bigint NOT NULL CHECK (max_stake >= min_stake),
    max_players    int NOT NULL CHECK (max_players >= 2),
    min_players    int NOT NULL CHECK (min_players BETWEEN 0 AND max_players),
    -- Seats taken per outcome, by pending and accepted bets.
    seats          int[] NOT NULL,
    -- Accepted stakes per outcome.
    pools          bigint[] NOT NULL CHECK (cardinality(pools) = cardinality(seats)),
    -- Pending bets and their stakes.
    pending        int NOT NULL DEFAULT 0 CHECK (pending >= 0),
    pending_stakes bigint NOT NULL DEFAULT 0 CHECK (pending_stakes >= 0),
    -- From here no bet is accepted: the lock or the confirmed touch, whichever is first.
    closed_at      timestamptz,
    freeze_asked   boolean NOT NULL DEFAULT false,
    frozen_at      timestamptz,
    bets_hash      bytea,
    outcome        smallint,
    void_reason    smallint,
    price          text NOT NULL DEFAULT '',
    observed_at    timestamptz,
    settled_at     timestamptz,
    receipt        text NOT NULL DEFAULT '',
    version        bigint NOT NULL DEFAULT 1,
    opened_at      timestamptz NOT NULL,
    CHECK (frozen_at IS NULL OR pending = 0),
    CHECK ((state IN (5, 6)) = (settled_at IS NOT NULL))
);
-- The same question twice at the same time splits its pools.
CREATE UNIQUE INDEX room_live_question ON room.room
    (scope_chat_id, kind, asset, comparator, target, date_trunc('minute', deadline, 'UTC')) WHERE state BETWEEN 1 AND 4;
CREATE INDEX room_live_host ON room.room (host) WHERE state BETWEEN 1 AND 4;
CREATE INDEX room_to_close ON room.room (lock_at) WHERE state IN (1, 2);
CREATE INDEX room_waiting ON room.room (closed_at) WHERE pending > 0;

CREATE TABLE room.bet (
    -- The id of the command that placed it.
    id          uuid PRIMARY KEY,
    room_id     uuid NOT NULL REFERENCES room.room,
    account_id  uuid NOT NULL,
    outcome     smallint NOT NULL CHECK (outcome >= 0),
    stake       bigint NOT NULL CHECK (stake > 0),
    min_odds    int NOT NULL CHECK (min_odds BETWEEN 0 AND 2000),
    -- rooms.room.v1.BetState
    state       smallint NOT NULL CHECK (state BETWEEN 1 AND 6),
    accepted_at timestamptz NOT NULL,
    payout      bigint NOT NULL DEFAULT 0 CHECK (payout >= 0)
) WITH (fillfactor = 85);
-- One bet per user and room; a refused one does not count.
CREATE UNIQUE INDEX bet_one_per_player ON room.bet (room_id, account_id) WHERE state <> 3;
CREATE INDEX bet_of_account ON room.bet (account_id, accepted_at DESC, id DESC);
CREATE INDEX bet_pending ON room.bet (accepted_at) WHERE state = 1;

-- A frozen room's bets are what settlement-svc has counted: nothing joins them, nothing leaves them,
-- and nothing of them changes but their fate.
CREATE FUNCTION room.frozen_bets_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM written JOIN room.room ON room.id = written.room_id
               WHERE room.frozen_at IS NOT NULL AND (TG_OP <> 'UPDATE' OR written.state NOT IN (4, 5, 6))) THEN
        RAISE EXCEPTION 'a bet of a frozen room was written' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER frozen_bets_insert AFTER INSERT ON room.bet
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION room.frozen_bets_stand();
CREATE TRIGGER frozen_bets_update AFTER UPDATE ON room.bet
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION room.frozen_bets_stand();
CREATE TRIGGER frozen_bets_delete AFTER DELETE ON room.bet
    REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION room.frozen_bets_stand();

CREATE FUNCTION room.bets_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a bet''s terms were changed' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER bet_terms_stand BEFORE UPDATE OF id, room_id, account_id, outcome, stake, min_odds, accepted_at
    ON room.bet FOR EACH STATEMENT EXECUTE FUNCTION room.bets_stand();
