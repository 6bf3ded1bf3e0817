-- One memo may anchor several rooms: it has the root over their leaves.

ALTER TABLE wallet.receipt
    -- Hash of the room's five fields; none where it was asked for before there were memos of several rooms.
    ADD COLUMN leaf  bytea CHECK (octet_length(leaf) = 32),
    -- Its place under a memo of several rooms; none under a memo of its own.
    ADD COLUMN place int CHECK (place >= 0),
    ADD CHECK (place IS NULL OR (leaf IS NOT NULL AND chain_tx_id IS NOT NULL));

-- Whoever has a memo of its own is alone in its transaction.
CREATE UNIQUE INDEX receipt_place ON wallet.receipt (chain_tx_id, place) NULLS NOT DISTINCT
    WHERE chain_tx_id IS NOT NULL;

-- The rooms of a memo are committed with its unsigned message: another attempt writes the same memo, and a room leaves
-- it only after it landed as a failure.
CREATE FUNCTION wallet.receipt_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.anchored_at IS NOT NULL
       OR (NEW.room_id, NEW.memo, NEW.leaf) IS DISTINCT FROM (OLD.room_id, OLD.memo, OLD.leaf) THEN
        RAISE EXCEPTION 'the receipt of % is not changed', OLD.room_id USING ERRCODE = '23001';
    END IF;
    IF OLD.chain_tx_id IS NOT NULL
       AND (NEW.chain_tx_id, NEW.place) IS DISTINCT FROM (OLD.chain_tx_id, OLD.place)
       AND NOT EXISTS (SELECT FROM wallet.chain_tx WHERE id = OLD.chain_tx_id AND state = 'FAILED') THEN
        RAISE EXCEPTION 'the receipt of % leaves a transaction that may anchor it', OLD.room_id
            USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER receipt_guard BEFORE UPDATE ON wallet.receipt
    FOR EACH ROW EXECUTE FUNCTION wallet.receipt_guard();
CREATE TRIGGER receipt_stays BEFORE DELETE ON wallet.receipt
    FOR EACH ROW EXECUTE FUNCTION wallet.never();
