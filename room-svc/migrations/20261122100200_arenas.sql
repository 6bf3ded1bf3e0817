-- The pool of Telegram groups that host the players of public rooms, one room at a time. A room works without one.

CREATE TABLE room.arena (
    -- As Telegram numbers supergroups.
    chat_id     bigint PRIMARY KEY CHECK (chat_id < -1000000000000),
    -- rooms.room.v1.ArenaState
    state       smallint NOT NULL CHECK (state BETWEEN 1 AND 7),
    -- rooms.gateway.v1.ArenaStep, the last one that the gateway was asked for.
    step        smallint NOT NULL CHECK (step BETWEEN 0 AND 3),
    -- One group per room, and one room per group.
    room_id     uuid UNIQUE REFERENCES room.room,
    invite_link text NOT NULL,
    -- Counts the steps. The gateway carries out no older one than it has carried out.
    version     bigint NOT NULL CHECK (version >= 0),
    fault       text NOT NULL,
    -- Retired as soon as it is cleared.
    retiring    boolean NOT NULL,
    -- Preparing, ready and talking groups have a room; free, retired and faulty ones have none. One that is cleared has the
    -- room that is over, or none where it has just been registered.
    CHECK (CASE WHEN state IN (2, 3, 4) THEN room_id IS NOT NULL
                WHEN state IN (1, 6, 7) THEN room_id IS NULL AND invite_link = '' ELSE true END),
    CHECK ((state = 7) = (fault <> ''))
);
CREATE INDEX arena_free ON room.arena (version, chat_id) WHERE state = 1;
