-- Every batch of bets changes the pending count of its rooms. A column that an index's condition names keeps an update from
-- staying within its page and out of all indexes (HOT), so no index may name that one. A frozen room has no pending bets.
DROP INDEX room.room_waiting;
CREATE INDEX room_waiting ON room.room (closed_at) WHERE closed_at IS NOT NULL AND frozen_at IS NULL;
ALTER TABLE room.room SET (fillfactor = 60);
