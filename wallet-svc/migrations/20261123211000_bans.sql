-- Operators keep accounts from playing. Their money stays theirs: deposits are credited, withdrawals go on.
CREATE TABLE wallet.ban (
    account  uuid PRIMARY KEY REFERENCES wallet.player (account),
    reason   text NOT NULL,
    -- Whose key signed it.
    operator bytea NOT NULL CHECK (octet_length(operator) = 32),
    since    timestamptz NOT NULL
);
CREATE INDEX ban_since ON wallet.ban (since DESC);
