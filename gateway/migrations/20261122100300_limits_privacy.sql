-- More that users can ask for: limits of their own, breaks, leaving; and more that they can be in the middle of. The
-- lists name everything that users ask of other services, so that releases beside each other agree on them.
ALTER TABLE gateway.slip DROP CONSTRAINT slip_kind_check, ADD CONSTRAINT slip_kind_check CHECK (kind IN (
    'open_room', 'place_bet', 'request_withdrawal', 'cancel_withdrawal', 'confirm_totp', 'remove_totp',
    'set_limit', 'cool_off', 'exclude_self', 'close_account'));
ALTER TABLE gateway.request DROP CONSTRAINT request_kind_check, ADD CONSTRAINT request_kind_check CHECK (kind IN (
    'open_account', 'open_room', 'place_bet', 'request_withdrawal', 'cancel_withdrawal', 'confirm_totp',
    'remove_totp', 'set_limit', 'cool_off', 'exclude_self', 'close_account'));
ALTER TABLE gateway.draft DROP CONSTRAINT draft_kind_check, ADD CONSTRAINT draft_kind_check CHECK (kind IN (
    'create', 'withdraw', 'stake', 'totp', 'limit'));
