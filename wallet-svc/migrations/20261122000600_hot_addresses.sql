-- Addresses that somebody looks at, or that a webhook has named, are subscribed to: the list is asked
-- for every second and must not scan all addresses.
CREATE INDEX address_hot ON wallet.address (hot_until DESC);
