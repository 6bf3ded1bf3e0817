-- The tracker: what people ask of notifier-svc, what they are in the middle of typing, and notices without a sound.
ALTER TABLE gateway.slip DROP CONSTRAINT slip_kind_check, ADD CONSTRAINT slip_kind_check CHECK (kind IN (
    'open_room', 'place_bet', 'cancel_bet', 'cancel_room', 'open_dispute', 'request_withdrawal', 'cancel_withdrawal',
    'confirm_totp', 'remove_totp', 'set_limit', 'cool_off', 'exclude_self', 'close_account', 'set_leaderboard',
    'track_wallet', 'untrack_wallet', 'rename_wallet', 'set_price_alert', 'remove_price_alert', 'change_preferences'));
ALTER TABLE gateway.request DROP CONSTRAINT request_kind_check, ADD CONSTRAINT request_kind_check CHECK (kind IN (
    'open_account', 'open_room', 'place_bet', 'cancel_bet', 'cancel_room', 'open_dispute', 'request_withdrawal',
    'cancel_withdrawal', 'confirm_totp', 'remove_totp', 'set_limit', 'cool_off', 'exclude_self', 'close_account',
    'set_leaderboard', 'track_wallet', 'untrack_wallet', 'rename_wallet', 'set_price_alert', 'remove_price_alert',
    'change_preferences'));
ALTER TABLE gateway.draft DROP CONSTRAINT draft_kind_check, ADD CONSTRAINT draft_kind_check CHECK (kind IN (
    'create', 'withdraw', 'stake', 'totp', 'limit', 'dispute', 'track', 'rename', 'search', 'price_alert', 'threshold',
    'quiet', 'digest', 'webhook'));
ALTER TABLE gateway.delivery ADD COLUMN silent boolean NOT NULL DEFAULT false;
