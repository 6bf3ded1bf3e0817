-- What the role `polymarket` has to remember so that each thing a followed wallet does is told once, whoever found it and
-- however often, and so that an outage neither invents nor loses anything: whom we follow, what they hold, which orders
-- were told, how far the market-wide feed was read.

-- A wallet that somebody asked to follow. Kept when nobody does any more: its version orders late commands.
CREATE TABLE oracle.followed_wallet (
    address       text PRIMARY KEY CHECK (address ~ '^0x[0-9a-f]{40}$'),
    version       bigint NOT NULL CHECK (version > 0),
    follow        boolean NOT NULL,
    -- What happened before is history and not told.
    since         timestamptz NOT NULL,
    -- When its positions were read whole; NULL: they are not known (any more), which is not the same as none.
    snapshot_at   timestamptz,
    -- What they were worth then.
    portfolio_usd numeric CHECK (portfolio_usd >= 0),
    -- Its own activity was read up to here.
    read_until    timestamptz NOT NULL,
    next_look_at  timestamptz NOT NULL
);
CREATE INDEX followed_wallet_due ON oracle.followed_wallet (next_look_at) WHERE follow;

-- What a followed wallet holds: its last snapshot, and the orders seen since.
CREATE TABLE oracle.wallet_position (
    address      text NOT NULL REFERENCES oracle.followed_wallet,
    token_id     text NOT NULL,
    condition_id text NOT NULL,
    outcome      text NOT NULL,
    shares       numeric NOT NULL CHECK (shares >= 0),
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (address, token_id)
);
CREATE INDEX wallet_position_condition ON oracle.wallet_position (condition_id, address);

-- What was told: all fills of one wallet in one token and direction within one transaction, or a redemption. The natural
-- key of an alert, kept far longer than any feed reaches back.
CREATE TABLE oracle.wallet_order (
    id      uuid PRIMARY KEY,
    address text NOT NULL,
    -- So many of its shares. A transaction that becomes visible in parts is told in parts.
    shares  numeric NOT NULL CHECK (shares >= 0),
    usd     numeric NOT NULL CHECK (usd >= 0),
    told_at timestamptz NOT NULL
);
CREATE INDEX wallet_order_told ON oracle.wallet_order (told_at);

-- Trades above the floor that were told.
CREATE TABLE oracle.large_trade (
    id      uuid PRIMARY KEY,
    told_at timestamptz NOT NULL
);
CREATE INDEX large_trade_told ON oracle.large_trade (told_at);

-- How far the feed of all trades was read, by the chain's time.
CREATE TABLE oracle.trades_feed (
    the_only   boolean PRIMARY KEY DEFAULT true CHECK (the_only),
    read_until timestamptz NOT NULL
);

-- A market in which a followed wallet holds shares, until it is decided.
CREATE TABLE oracle.polymarket (
    condition_id text PRIMARY KEY CHECK (condition_id ~ '^0x[0-9a-f]+$'),
    question     text NOT NULL,
    slug         text NOT NULL,
    event_slug   text NOT NULL,
    next_look_at timestamptz NOT NULL,
    decided_at   timestamptz
);
CREATE INDEX polymarket_due ON oracle.polymarket (next_look_at) WHERE decided_at IS NULL;

-- Prices that somebody waits for. Once ended or reached, always so.
CREATE TABLE oracle.price_watch (
    alert_id   uuid PRIMARY KEY,
    token_id   text NOT NULL,
    price      numeric NOT NULL CHECK (price BETWEEN 0 AND 1),
    below      boolean NOT NULL,
    watch      boolean NOT NULL,
    asked_at   timestamptz NOT NULL,
    reached_at timestamptz
);
CREATE INDEX price_watch_open ON oracle.price_watch (token_id) WHERE watch AND reached_at IS NULL;
