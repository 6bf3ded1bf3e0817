-- The effects that the tests count: each message is to have exactly one.
CREATE TABLE room.effect (
    room_id uuid PRIMARY KEY,
    count   int NOT NULL
);
CREATE TABLE room.total (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    count bigint NOT NULL
);
INSERT INTO room.total (count) VALUES (0);
