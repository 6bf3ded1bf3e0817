-- Minute candles: what a chart shows of a series for longer than its seconds are kept. Each is the fold of the minute's
-- stored seconds, made in the transaction that stores the last of them or the first after them.

CREATE TABLE oracle.candle (
    asset   text NOT NULL CHECK (asset <> ''),
    -- The minute's first second since the Unix epoch.
    minute  bigint NOT NULL CHECK (minute % 60 = 0),
    -- Samples of the minute's first and last second that has one, and the extremes of all of them.
    open    numeric NOT NULL CHECK (open BETWEEN low AND high),
    high    numeric NOT NULL,
    low     numeric NOT NULL CHECK (low > 0),
    close   numeric NOT NULL CHECK (close BETWEEN low AND high),
    -- How many seconds have a sample. A minute without any has no candle.
    seconds smallint NOT NULL CHECK (seconds BETWEEN 1 AND 60),
    PRIMARY KEY (asset, minute)
);
-- Old ones are forgotten whatever the asset.
CREATE INDEX candle_minute ON oracle.candle (minute);
