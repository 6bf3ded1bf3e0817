-- What operators, withdrawals and settlements did, for whoever wants to know years later. A record is written unsealed by
-- the transaction that it is about, so that no two transactions wait for each other; one sealer then gives numbers
-- without gaps and chains the hashes (proto::audit). After that nothing of it can change.
CREATE TABLE audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject bytea NOT NULL,
    -- JSON, as text: its bytes are under the hash.
    body    text NOT NULL,
    -- Both by the sealer.
    number  bigint UNIQUE CHECK (number > 0),
    hash    bytea CHECK (octet_length(hash) = 32),
    CHECK ((number IS NULL) = (hash IS NULL))
);
CREATE INDEX audit_unsealed ON audit (id) WHERE number IS NULL;

CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.number IS NOT NULL THEN
            RAISE EXCEPTION 'an audit record is sealed by its insertion' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL
       AND (NEW.id, NEW.at, NEW.actor, NEW.action, NEW.subject, NEW.body)
           IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.actor, OLD.action, OLD.subject, OLD.body) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on an append-only table', TG_OP USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE INSERT OR UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM CURRENT_USER;
GRANT UPDATE (number, hash) ON audit TO CURRENT_USER;
