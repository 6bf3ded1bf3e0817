-- More that users can ask for: a bet or a room back, another look at a result; and the text of that look, which they may be
-- in the middle of. The lists name everything that users ask of other services.
ALTER TABLE gateway.slip DROP CONSTRAINT slip_kind_check, ADD CONSTRAINT slip_kind_check CHECK (kind IN (
    'open_room', 'place_bet', 'cancel_bet', 'cancel_room', 'open_dispute', 'request_withdrawal', 'cancel_withdrawal',
    'confirm_totp', 'remove_totp', 'set_limit', 'cool_off', 'exclude_self', 'close_account'));
ALTER TABLE gateway.request DROP CONSTRAINT request_kind_check, ADD CONSTRAINT request_kind_check CHECK (kind IN (
    'open_account', 'open_room', 'place_bet', 'cancel_bet', 'cancel_room', 'open_dispute', 'request_withdrawal',
    'cancel_withdrawal', 'confirm_totp', 'remove_totp', 'set_limit', 'cool_off', 'exclude_self', 'close_account'));
ALTER TABLE gateway.draft DROP CONSTRAINT draft_kind_check, ADD CONSTRAINT draft_kind_check CHECK (kind IN (
    'create', 'withdraw', 'stake', 'totp', 'limit', 'dispute'));
