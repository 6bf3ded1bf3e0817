-- What any service needs to obey commands exactly once and to tell what it did: its inbox, stored
-- outcomes, outbox, commands it keeps re-issuing, leases and dead letters. One copy per schema, so
-- that every effect commits together with its bookkeeping.

-- The only clock that decides. A test database replaces the body by one that can be stepped.
CREATE FUNCTION db_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';

-- Insert-only: an update in progress would block ON CONFLICT DO NOTHING of a repeat.
CREATE TABLE inbox (
    id           uuid PRIMARY KEY,
    -- First half of the SHA-256 of type and payload: the same id with another body is a fault.
    request_hash uuid NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT db_clock()
);
CREATE INDEX inbox_received_at ON inbox USING brin (received_at);

-- What was answered and cannot be derived from other rows.
CREATE TABLE outcome (
    command_id uuid PRIMARY KEY,
    body       bytea NOT NULL,
    stored_at  timestamptz NOT NULL DEFAULT db_clock()
);
CREATE INDEX outcome_stored_at ON outcome USING brin (stored_at);

-- One frame per transaction: all its messages. Partitioned by day, so that old days are dropped.
CREATE TABLE outbox (
    day          date NOT NULL,
    id           uuid NOT NULL,
    frame        bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    leased_until timestamptz,
    published_at timestamptz,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE INDEX outbox_unpublished ON outbox (created_at) WHERE published_at IS NULL;
CREATE INDEX outbox_published_at ON outbox USING brin (published_at);

-- Catches what no day partition takes, should the keeper of partitions ever fall behind.
CREATE TABLE outbox_rest PARTITION OF outbox DEFAULT;

CREATE FUNCTION keep_outbox_partitions(today date, keep_days int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part record;
    one date;
BEGIN
    FOR one IN SELECT today + ahead FROM generate_series(0, 2) AS ahead LOOP
        IF to_regclass(format('outbox_%s', to_char(one, 'YYYYMMDD'))) IS NULL
           AND NOT EXISTS (SELECT FROM outbox_rest WHERE day = one) THEN
            EXECUTE format('CREATE TABLE outbox_%s PARTITION OF outbox FOR VALUES FROM (%L) TO (%L)',
                           to_char(one, 'YYYYMMDD'), one, one + 1);
        END IF;
    END LOOP;
    FOR part IN
        SELECT inhrelid::regclass AS name, substring(inhrelid::regclass::text FROM '\d{8}$') AS day
        FROM pg_inherits WHERE inhparent = 'outbox'::regclass
    LOOP
        IF part.day IS NOT NULL AND to_date(part.day, 'YYYYMMDD') < today - keep_days THEN
            EXECUTE format('DROP TABLE %s', part.name);
        END IF;
    END LOOP;
END $$;
SELECT keep_outbox_partitions((db_clock() AT TIME ZONE 'UTC')::date, 30);

-- Commands of this service's sagas, repeated byte for byte until their effect is seen.
CREATE TABLE issued (
    saga            text NOT NULL,
    key             uuid NOT NULL,
    command_id      uuid NOT NULL UNIQUE,
    -- The encoded message as first issued.
    message         bytea NOT NULL,
    attempts        int NOT NULL DEFAULT 0,
    issued_at       timestamptz NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    -- Set when the attempts are used up: a person has to look.
    parked_at       timestamptz,
    PRIMARY KEY (saga, key)
);
CREATE INDEX issued_due ON issued (next_attempt_at) WHERE parked_at IS NULL;

-- Single-writer jobs. The epoch fences a holder that was replaced without noticing.
CREATE TABLE lease (
    name   text PRIMARY KEY,
    holder uuid NOT NULL,
    epoch  bigint NOT NULL,
    until  timestamptz NOT NULL
);

-- Messages that failed alone, three times, by their own fault.
CREATE TABLE dead_letter (
    id          uuid NOT NULL,
    subject     text NOT NULL,
    type        text NOT NULL,
    payload     bytea NOT NULL,
    reason      text NOT NULL,
    buried_at   timestamptz NOT NULL DEFAULT db_clock(),
    PRIMARY KEY (id, buried_at)
);

-- A broker stream as this schema last saw it. Another creation time means that its store was
-- lost: everything published since `replay_from` goes out again.
CREATE TABLE stream_epoch (
    stream      text PRIMARY KEY,
    created_at  timestamptz NOT NULL,
    replay_from timestamptz NOT NULL
);
