-- People choose what they are told and when. Every notification has a category; it may be kept back until a time, alone
-- or for a digest; and what is too old when its turn comes is not told any more.

ALTER TABLE notifier.notification
    -- rooms.notifier.v1.Category; a digest has none. The default is for a version that does not know categories yet: money is
    -- never kept back.
    ADD COLUMN category   smallint NOT NULL DEFAULT 1 CHECK (category BETWEEN 0 AND 7),
    -- Not told before; for ever while its broadcast is paused.
    ADD COLUMN not_before timestamptz,
    -- What is kept back until one moment is told in one digest then.
    ADD COLUMN gather     boolean NOT NULL DEFAULT false,
    -- It was kept back once: how long it took says nothing about us.
    ADD COLUMN held       boolean NOT NULL DEFAULT false,
    ADD COLUMN expires_at timestamptz,
    ADD CHECK (NOT gather OR not_before IS NOT NULL);

ALTER TABLE notifier.notification DISABLE TRIGGER keep_notification;
UPDATE notifier.notification SET category = 2
WHERE event_key LIKE 'result:%' OR event_key LIKE 'room:%' OR event_key LIKE 'dispute:%';
ALTER TABLE notifier.notification ENABLE TRIGGER keep_notification;

ALTER TABLE notifier.notification
    DROP CONSTRAINT notification_lane_check,
    ADD CONSTRAINT notification_lane_check CHECK (lane BETWEEN 1 AND 7),
    DROP CONSTRAINT notification_state_check,
    ADD CONSTRAINT notification_state_check CHECK (state IN
        ('UNADDRESSED', 'WAITING', 'RELEASED', 'SENT', 'BLOCKED', 'FAILED', 'SUPERSEDED', 'EXPIRED', 'DIGESTED', 'UNWANTED')),
    DROP CONSTRAINT notification_check1,
    ADD CONSTRAINT notification_done_check CHECK
        ((done_at IS NOT NULL) = (state NOT IN ('UNADDRESSED', 'WAITING', 'RELEASED'))),
    ADD CONSTRAINT notification_digest_check CHECK ((category = 0) = (lane = 6));

-- An account has one notification in the gateway's hands, and besides one of money, security or an own result: these never
-- wait for a lesser one. Threads are within the latter, so each is told in order.
DROP INDEX notifier.notification_released;
CREATE UNIQUE INDEX notification_released ON notifier.notification (account_id, (lane <= 2)) WHERE state = 'RELEASED';
DROP INDEX notifier.notification_waiting;
CREATE INDEX notification_waiting ON notifier.notification (lane, created_at, id) WHERE state = 'WAITING' AND not_before IS NULL;
CREATE INDEX notification_held ON notifier.notification (not_before) WHERE state = 'WAITING' AND not_before IS NOT NULL;
CREATE INDEX notification_stale ON notifier.notification (expires_at)
    WHERE state IN ('UNADDRESSED', 'WAITING') AND not_before IS NULL AND expires_at IS NOT NULL;
-- For statistics: rows lie in the order in which they came.
CREATE INDEX notification_created ON notifier.notification USING brin (created_at);

-- What an account has said; one that never said anything has no row.
CREATE TABLE notifier.preferences (
    account_id        uuid PRIMARY KEY,
    -- Categories that are off.
    off               smallint[] NOT NULL CHECK (off <@ ARRAY[2, 3, 4, 5, 6, 7]::smallint[]),
    min_usd           numeric NOT NULL CHECK (min_usd >= 0),
    min_portfolio_bps integer NOT NULL CHECK (min_portfolio_bps BETWEEN 0 AND 10000),
    whale_usd         numeric NOT NULL CHECK (whale_usd >= 0),
    quiet_on          boolean NOT NULL,
    -- Minutes after midnight.
    quiet_from        smallint NOT NULL CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until       smallint NOT NULL CHECK (quiet_until BETWEEN 0 AND 1439 AND quiet_until <> quiet_from),
    -- IANA
    time_zone         text NOT NULL CHECK (time_zone <> ''),
    digest_on         boolean NOT NULL,
    digest_minute     smallint NOT NULL CHECK (digest_minute BETWEEN 0 AND 1439),
    changed_at        timestamptz NOT NULL
);
-- Large trades are told to whoever wants them and to nobody else.
CREATE INDEX preferences_of_whales ON notifier.preferences (whale_usd) WHERE NOT off @> ARRAY[4]::smallint[];
