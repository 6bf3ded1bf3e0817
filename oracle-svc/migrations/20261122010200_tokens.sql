-- Rooms on market caps: a token has a series while a room asks for it. Its name is the address of its mint in base58,
-- 32 to 44 characters without 0, O, I and l.

ALTER TABLE oracle.second DROP CONSTRAINT second_asset_check;
ALTER TABLE oracle.second ADD CONSTRAINT second_asset_check
    CHECK (asset IN ('BTC', 'ETH', 'SOL') OR asset ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$');

ALTER TABLE oracle.watch DROP CONSTRAINT watch_asset_check;
ALTER TABLE oracle.watch ADD CONSTRAINT watch_asset_check
    CHECK (asset IN ('BTC', 'ETH', 'SOL') OR asset ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$');

-- Which tokens are asked for is looked up every half second.
CREATE INDEX watch_token ON oracle.watch (asset) WHERE decided_at IS NULL AND asset NOT IN ('BTC', 'ETH', 'SOL');
