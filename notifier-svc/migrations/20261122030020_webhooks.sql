-- A second way to be told: an https address of the account's own. The key that signs its calls is derived, so none is here.
CREATE TABLE notifier.webhook (
    account_id      uuid PRIMARY KEY,
    url             text NOT NULL CHECK (url <> ''),
    -- Calls that failed since the last that did not.
    failures        integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    -- Whoever calls moves it on before, so that nobody else calls at the same time.
    next_attempt_at timestamptz NOT NULL,
    last_error      text NOT NULL DEFAULT '',
    last_success_at timestamptz
);

-- What is to be told there, in order. A row goes when it was told, or when it is too late.
CREATE TABLE notifier.webhook_call (
    number          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      uuid NOT NULL REFERENCES notifier.webhook ON DELETE CASCADE,
    notification_id uuid NOT NULL UNIQUE REFERENCES notifier.notification,
    created_at      timestamptz NOT NULL
);
CREATE INDEX webhook_call_of_account ON notifier.webhook_call (account_id, number);
