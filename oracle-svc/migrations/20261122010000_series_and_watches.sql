-- What the oracle has to remember to resolve rooms: the price series as it was seen, second by
-- second, the rooms that asked, and the answers. An answer is a function of the stored seconds, so
-- the seconds are stored first, in the transaction that answers.

-- One row per asset and second. Day partitions: 7 days are kept and old days are dropped whole;
-- evidence copies what it needs.
CREATE TABLE oracle.second (
    asset    text NOT NULL,
    -- Seconds since the Unix epoch.
    second   bigint NOT NULL,
    -- The message rooms.oracle.v1.Second: every look at the venues, with its quotes.
    frame    bytea NOT NULL,
    -- The second's last aggregate: its sample in means and charts. NULL is a gap.
    price    numeric,
    -- False while the second still ran: a touch was confirmed within it.
    complete boolean NOT NULL,
    PRIMARY KEY (asset, second),
    CHECK (asset IN ('BTC', 'ETH', 'SOL')),
    CHECK (price > 0)
) PARTITION BY RANGE (second);

-- Catches what no day partition takes, should their keeper ever fall behind.
CREATE TABLE oracle.second_rest PARTITION OF oracle.second DEFAULT;

CREATE FUNCTION oracle.keep_second_partitions(today date, keep_days int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part record;
    one date;
    first bigint;
BEGIN
    FOR one IN SELECT today + ahead FROM generate_series(0, 2) AS ahead LOOP
        first := extract(epoch FROM one::timestamp AT TIME ZONE 'UTC')::bigint;
        IF to_regclass(format('oracle.second_%s', to_char(one, 'YYYYMMDD'))) IS NULL
           AND NOT EXISTS (SELECT FROM oracle.second_rest WHERE second >= first AND second < first + 86400) THEN
            EXECUTE format('CREATE TABLE oracle.second_%s PARTITION OF oracle.second FOR VALUES FROM (%s) TO (%s)',
                           to_char(one, 'YYYYMMDD'), first, first + 86400);
        END IF;
    END LOOP;
    FOR part IN
        SELECT c.relname AS name, substring(c.relname FROM '^second_(\d{8})$') AS day
        FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'oracle.second'::regclass
    LOOP
        IF part.day IS NOT NULL AND to_date(part.day, 'YYYYMMDD') < today - keep_days THEN
            EXECUTE format('DROP TABLE oracle.%I', part.name);
        END IF;
    END LOOP;
END $$;
SELECT oracle.keep_second_partitions((clock_timestamp() AT TIME ZONE 'UTC')::date, 7);

-- A room that asked. Kept for ever: it is the natural key of the answer.
CREATE TABLE oracle.watch (
    room_id       uuid PRIMARY KEY,
    asset         text NOT NULL CHECK (asset IN ('BTC', 'ETH', 'SOL')),
    -- The terms as hashed: what is asked.
    terms         bytea NOT NULL,
    registered_at timestamptz NOT NULL,
    -- The series' writer has folded the seconds since the opening and follows it.
    followed      boolean NOT NULL DEFAULT false,
    -- A verdict stands, by our answer or by another cause.
    decided_at    timestamptz
);
CREATE INDEX watch_undecided ON oracle.watch (asset, followed) WHERE decided_at IS NULL;

-- One answer per room, never changed.
CREATE TABLE oracle.resolution (
    room_id      uuid PRIMARY KEY REFERENCES oracle.watch,
    outcome      text NOT NULL CHECK (outcome IN ('YES', 'NO', 'ORACLE_INSUFFICIENT')),
    observed_at  timestamptz NOT NULL,
    -- The price that decided; NULL where none did.
    price        numeric CHECK (price > 0),
    -- The seconds of the series that prove it, both included.
    first_second bigint NOT NULL,
    last_second  bigint NOT NULL CHECK (last_second >= first_second),
    resolved_at  timestamptz NOT NULL
);
