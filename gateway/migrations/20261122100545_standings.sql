-- Whether somebody is shown on the leaderboard is a request of theirs, too.
ALTER TABLE gateway.slip DROP CONSTRAINT slip_kind_check, ADD CONSTRAINT slip_kind_check CHECK (kind IN (
    'open_room', 'place_bet', 'cancel_bet', 'cancel_room', 'open_dispute', 'request_withdrawal', 'cancel_withdrawal',
    'confirm_totp', 'remove_totp', 'set_limit', 'cool_off', 'exclude_self', 'close_account', 'set_leaderboard'));
ALTER TABLE gateway.request DROP CONSTRAINT request_kind_check, ADD CONSTRAINT request_kind_check CHECK (kind IN (
    'open_account', 'open_room', 'place_bet', 'cancel_bet', 'cancel_room', 'open_dispute', 'request_withdrawal',
    'cancel_withdrawal', 'confirm_totp', 'remove_totp', 'set_limit', 'cool_off', 'exclude_self', 'close_account',
    'set_leaderboard'));
