# Wallets of Polymarket, and what smart ones agree on.

command-track = Follow a wallet at Polymarket
command-untrack = Stop following a wallet
command-list = Wallets you follow
command-rename = Give a wallet another name
command-balance = Your balance, or what a wallet is worth
command-positions = What a wallet holds
command-history = Your results, or what a wallet did
command-smartwallets = Wallets whose agreement I report
command-consensus = What smart wallets agree on
command-muteconsensus = No more word of smart wallets

polymarket-away = Polymarket does not answer at the moment.
polymarket-away-kept = What you track is kept, and I go on as soon as it answers again.
polymarket-age = ⏱ As of { $span } ago
amount-unknown = unknown
market-question = ◆ <b>{ $question }</b>
tracker-page = Page { $page }

tracked-title = <b>Wallets you follow</b>
tracked-none = None yet.
tracked-line = 👛 <b>{ $name }</b> · <code>{ $address }</code>
tracked-count = { $count } of { $max }
tracked-how = Send /track with the address of a wallet and, if you like, a name for it. I tell you what it does from then on.
track-ask = Send me the wallet's address (0x and 40 digits) or the link to its profile at Polymarket; after it, if you like, a name of your own for it.
track-not-a-wallet = That is no wallet's address. A link with a name (@…) does not tell it: copy the address from the profile.
track-alias-long = That name has more than 40 characters.
track-done = ✓ I follow <b>{ $name }</b> and tell you what it does from now on.
track-already = You follow <b>{ $name }</b> already.
untrack-done = ✓ I do not follow it any more.
rename-ask = What shall <b>{ $name }</b> be called? At most 40 characters; send a dash (-) for no name.
rename-done = ✓ It is called so from now on.
wallet-unknown = I know no such wallet. Send its address (0x and 40 digits), or the name of one that you follow.

worth-title = 👛 <b>{ $name }</b>
worth-public-name = Known at Polymarket as { $name }
worth-value = { $count ->
    [one] Worth <b>{ $value }</b> in one open position
   *[other] Worth <b>{ $value }</b> in { $count } open positions
}
worth-result = Result: { $realized } realized, { $open } still open

positions-title = <b>Positions</b> · { $name }
positions-totals = { $count ->
    [one] <b>One</b> position worth <b>{ $value }</b>, bought for { $cost }: { $result }
   *[other] <b>{ $count }</b> positions worth <b>{ $value }</b>, bought for { $cost }: { $result }
}
positions-redeemable = { $count ->
    [one] One of them has won and can be redeemed.
   *[other] { $count } of them have won and can be redeemed.
}
positions-none = It holds no positions.
positions-page = Page { $page } of { $pages }
position-line = { $shares } { $outcome } · { $average } → { $price } · { $value } ({ $result })
position-won = ✅ { $shares } { $outcome } · { $average } → { $price } · { $value } ({ $result }) · won

activity-title = <b>History</b> · { $name }
activity-none = Nothing of this kind.
activity-line = { $kind ->
    [buy] Bought
    [sell] Sold
    [redeem] Redeemed
    [split] Split
    [merge] Merged
   *[other] Rewarded, converted or moved
} · { $usd } · { $when }
activity-traded = { $kind ->
    [buy] Bought
    [sell] Sold
    [redeem] Redeemed
    [split] Split
    [merge] Merged
   *[other] Rewarded, converted or moved
} { $shares } { $outcome } at { $price } · { $usd } · { $when }

smart-title = <b>Smart wallets</b>
smart-how = Picked by our operators. When at least three of them hold the same side of a market, that is a signal: /consensus
smart-none = None is listed.
signals-title = <b>Smart wallets agree</b>
signals-how = Signals of the last seven days, the strongest of each day first.
signals-hits = Of { $decided } that are decided so far, { $right } were right: { $percent } %.
signals-hits-none = None of them is decided so far.
signals-none = No signal in the last seven days.
signals-scanned = Looked last { $when }
signals-told = I tell you about new ones.
signals-muted = I do not tell you about new ones.
signal-title = 🎯 <b>Smart wallets agree</b>
signal-line = { $end ->
    [right] ✅
    [wrong] ❌
    [split] 🟰
   *[open] ⏳
} <b>{ $outcome }</b> · { $wallets } wallets · { $usd } · score { $score } ({ $level ->
    [very-high] very high
    [high] high
    [medium] medium
   *[low] low
})
signal-holder = 👛 { $name }: { $usd }, { $percent } % of what it holds

wallet-alert = { $kind ->
    [opened] 👛 <b>{ $name }</b> opened a position: { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
    [increased] 👛 <b>{ $name }</b> bought more: { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
    [reduced] 👛 <b>{ $name }</b> sold a part: { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
    [closed] 👛 <b>{ $name }</b> closed its position: { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
    [bought] 👛 <b>{ $name }</b> bought { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
    [sold] 👛 <b>{ $name }</b> sold { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
    [redeemed] 👛 <b>{ $name }</b> redeemed { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
   *[resolved] 👛 A market of <b>{ $name }</b> is decided: { $shares } { $outcome } pay { $price } each, <b>{ $usd }</b>
}
wallet-alert-after = Now it holds { $shares }
wallet-alert-part = That is { $percent } % of its positions ({ $portfolio })
alert-delay = On chain { $at }, told { $delay } later
large-trade = { $kind ->
    [sold] 🐋 <b>{ $name }</b> sold { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
   *[bought] 🐋 <b>{ $name }</b> bought { $shares } { $outcome } at { $price } for <b>{ $usd }</b>
}

toast-tracker = Working on it…
requesting-tracker = Working on it…

button-tracked = Wallets
button-track-more = Follow a wallet
button-track = Follow
button-untrack = Stop following
button-rename = Rename
button-worth = Worth
button-positions = Positions
button-activity = History
button-activity-all = All
button-activity-trades = Trades
button-activity-redeemed = Redeemed
button-activity-other = Other
button-smart = Smart wallets
button-consensus = Consensus
button-mute = 🔕 Mute
button-unmute = 🔔 Tell me
button-polymarket = At Polymarket ↗
button-page-before = ‹ Before
button-page-after = More ›
