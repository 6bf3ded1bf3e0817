# Words and units that every screen shares. `button-…`, `toast-…` and `command-…` are plain text;
# everything else is Telegram HTML.

command-start = Open your desk
command-rooms = Rooms to bet in
command-create = Open a room of your own
command-bets = Your bets
command-wallet = Balance and address
command-deposit = Put SOL in
command-withdraw = Take SOL out
command-transfers = Every movement of your money
command-proof = Check that we have what we owe you
command-settings = Language, authenticator, limits, privacy
command-privacy = Your data: export or delete
command-limits = Limits you set for yourself
command-status = Are all parts working?
command-help = How it works

outcome-yes = YES
outcome-no = NO
outcome-up = UP
outcome-down = DOWN

asset-price = ${ $price }
usd-about = ≈ ${ $usd }
usd-unavailable = USD value unavailable

list-separator = { ", " }
venue-name = { $venue ->
    [binance] Binance
    [bitstamp] Bitstamp
    [chain-1] Solana
    [chain-2] Solana, another endpoint
    [chain-3] Solana, a third endpoint
    [coinbase] Coinbase
    [coingecko] CoinGecko
    [cryptocompare] CryptoCompare
    [dexscreener] DexScreener
    [kraken] Kraken
    [okx] OKX
    [pyth] Pyth
   *[other] { $venue }
}

month-short = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
time-today = { $clock } UTC
time-day = { $month } { $day }, { $clock } UTC
span-seconds = { $seconds } s
span-minutes = { $minutes } min
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
span-days = { $days } d
span-days-hours = { $days } d { $hours } h
in-span = in { $span }
ago-span = { $span } ago

button-home = Desk
button-back = ‹ Back
button-cancel = Cancel
button-refresh = Refresh
button-share-room = Share
button-previous = ‹ Newer
button-next = Older ›
button-rooms = Rooms
button-create = New room
button-bets = My bets
button-wallet = Wallet
button-deposit = Deposit
button-withdraw = Withdraw
button-transfers = Transfers
button-help = Help
button-open-private = Open in private chat

toast-not-yours = This button belongs to somebody else.
toast-old-button = This button is from an older version. Here is your desk instead.
toast-busy = One moment, this is still being worked on.
toast-placing = Placing your bet…
toast-opening = Opening your room…
toast-requesting = Requesting your withdrawal…
toast-opening-account = Opening your wallet…
toast-already-confirmed = Confirmed already. One tap is enough.
toast-preview-old = This preview is too old. Please look at a fresh one.
toast-preview-gone = I do not have this preview any more. Please look at a fresh one.
toast-slow-down = A little slower, please. Try again in a minute.

slow-down = A little slower, please: that is more than I take from one person in a minute. Nothing was lost that you had confirmed.
fault =
    Something on our side did not work. Please try again in a moment.
    Reference <code>{ $reference }</code>
unknown-input =
    I did not catch that. Here is what I can do: /rooms to find a room, /create to open one, /wallet for your money, /help for the rest.
unknown-command =
    I do not know that command. /help lists the ones I do.
group-hello =
    I keep stakes and balances out of groups. Tap below and we go on in private.
