-- Losing stakes of rooms that operators corrected, repaid out of their capital: each stake once, for ever, whatever a message
-- says.

CREATE TABLE wallet.refund (
    bet_id      uuid PRIMARY KEY REFERENCES wallet.hold (bet_id),
    room        uuid NOT NULL,
    -- The part of the room's refund that it was posted with.
    chunk       int NOT NULL CHECK (chunk >= 0),
    lamports    bigint NOT NULL CHECK (lamports > 0),
    refunded_at timestamptz NOT NULL
);
CREATE TRIGGER refund_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet.refund
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON wallet.refund FROM CURRENT_USER;

-- Only a stake that a settlement spent for nothing, and never more than it was.
CREATE FUNCTION wallet.refunds_of_losses() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT r.bet_id INTO wrong FROM refunded AS r JOIN wallet.hold AS h USING (bet_id)
    WHERE h.state <> 4 OR h.credit IS DISTINCT FROM 0 OR h.room <> r.room OR r.lamports > h.amount LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'bet % did not lose what is refunded', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refunds_of_losses AFTER INSERT ON wallet.refund
    REFERENCING NEW TABLE AS refunded FOR EACH STATEMENT EXECUTE FUNCTION wallet.refunds_of_losses();
