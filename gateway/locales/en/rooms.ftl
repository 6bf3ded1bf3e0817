# Room list, room card, results.

question-touch-up = Will { $asset } rise to ${ $target } before { $deadline }?
question-touch-down = Will { $asset } fall to ${ $target } before { $deadline }?
question-close-above = Will { $asset } be at or above ${ $target } at { $deadline }?
question-close-below = Will { $asset } be at or below ${ $target } at { $deadline }?
question-cap-touch-up = Will the market cap of { $asset } rise to ${ $target } before { $deadline }?
question-cap-touch-down = Will the market cap of { $asset } fall to ${ $target } before { $deadline }?
question-cap-close-above = Will the market cap of { $asset } be at or above ${ $target } at { $deadline }?
question-cap-close-below = Will the market cap of { $asset } be at or below ${ $target } at { $deadline }?
question-up-down = Will { $asset } go up or down from { $from } to { $deadline }?
question-buckets = Where will { $asset } be at { $deadline }?
question-head-to-head = Which gains more from { $from } to { $deadline }: { $asset } or { $rival }?
short-touch-up = { $asset } ↑ ${ $target }
short-touch-down = { $asset } ↓ ${ $target }
short-close-above = { $asset } ≥ ${ $target }
short-close-below = { $asset } ≤ ${ $target }
short-cap-touch-up = { $asset } cap ↑ ${ $target }
short-cap-touch-down = { $asset } cap ↓ ${ $target }
short-cap-close-above = { $asset } cap ≥ ${ $target }
short-cap-close-below = { $asset } cap ≤ ${ $target }
short-up-down = { $asset } ↑ or ↓
short-buckets = { $asset } in { $ranges } ranges
short-head-to-head = { $asset } or { $rival }
range-below = below ${ $high }
range-between = ${ $low } to ${ $high }
range-above = ${ $low } or more

state-queuing = 🟢 Open, waiting for players
state-open = 🟢 Open
state-locked = 🔒 Betting closed
state-settling = ⏳ Settling
state-settled = 🏁 Settled
state-voided = ↩️ Void, stakes returned
state-archived = 🏁 Closed

rooms-title-live = <b>Live rooms</b>
rooms-title-mine = <b>Rooms you opened</b>
rooms-title-past = <b>Past rooms</b>
rooms-none-live = No room is open right now. Be the first to ask a question.
rooms-none-mine = You have not opened a room yet.
rooms-none-past = No room has ended yet.
rooms-page = Page { $page } of { $pages }
rooms-line-question = <b>#{ $number }</b> { $question }
rooms-line-live = { $state } · closes { $closes } · { $pool } SOL · { $players ->
    [one] 1 player
   *[other] { $players } players
}
rooms-line-queuing = { $state } · closes { $closes } · { $pool } SOL · { $players } of { $needed } players
rooms-line-ended = { $state } · { $pool } SOL · { $players ->
    [one] 1 player
   *[other] { $players } players
}
button-room = #{ $number } · { $short }
button-filter-live = Live
button-filter-mine = Mine
button-filter-past = Past
button-filter-chosen = • { $label }

card-head = <b>Room #{ $number }</b> · { $state }
card-question = <b>{ $question }</b>
card-subtitle = <i>{ $subtitle }</i>
card-pool = { $outcome } <b>{ $pool } SOL</b> · { $share } % · pays ×{ $odds }
card-pool-empty = { $outcome } <b>0 SOL</b> · nobody yet
card-players = Players { $players } of { $seats }
card-queuing = { $players } of { $needed } players: it begins with the last of them · { $seats } seats
card-pending = { $pending } SOL more was placed a moment ago and is not counted yet
card-host = You opened this room.
card-your-bet = Your bet: <b>{ $stake } SOL on { $outcome }</b>
card-your-bet-pays = Your bet: <b>{ $stake } SOL on { $outcome }</b>, pays { $payout } SOL as the pools stand
card-price = { $asset } now <b>${ $price }</b> · { $age }
card-no-price = { $asset } now <i>no price at the moment</i>
card-cap = Market cap of { $asset } now <b>${ $cap }</b> · { $age }
card-no-cap = Market cap of { $asset } now <i>no price at the moment</i>
card-closes = Betting closes { $at } · { $relative }
card-closed = Betting closed { $at }
card-deadline = Deadline { $at } · { $relative }
card-deadline-past = Deadline { $at }
card-provisional = <i>Pools and payouts are provisional until the verdict.</i>
card-rule-touch = YES as soon as the confirmed price reaches ${ $target } before the deadline, otherwise NO. Confirmed: the median of at least { $quorum ->
    [one] one exchange
   *[other] { $quorum } exchanges
} at or beyond the target for 3 seconds.
card-rule-close = Decided by the deadline price: { $mean ->
    [one] the price of one second,
   *[other] the mean over { $mean } seconds of
} the median of at least { $quorum ->
    [one] one exchange
   *[other] { $quorum } exchanges
}. Equal to the target counts as YES.
card-rule-up-down = UP if the deadline price is above the start price, DOWN if it is below. Start price: the mean over the first { $mean ->
    [one] second
   *[other] { $mean } seconds
} after betting closes. Deadline price: the mean over the last { $mean ->
    [one] second
   *[other] { $mean } seconds
} before the deadline.
card-rule-buckets = The range that holds the deadline price wins. Each holds its lower bound and not its upper one. Deadline price: the mean over the last { $mean ->
    [one] second
   *[other] { $mean } seconds
} before the deadline.
card-rule-head-to-head = Each price at the deadline is divided by its price when betting closed; the larger result wins. Both prices are means over { $mean ->
    [one] one second.
   *[other] { $mean } seconds: the first ones after betting closes and the last ones before the deadline.
}
card-rule-price = A price is the median of at least { $quorum ->
    [one] one exchange
   *[other] { $quorum } exchanges
}.
card-rule-tie = Exactly equal is a tie: every stake is returned.
card-rule-cap-touch = YES as soon as the mean market cap of { $mean ->
    [one] one second
   *[other] { $mean } seconds
} has been at or beyond ${ $target } for 3 seconds before the deadline, otherwise NO.
card-rule-cap-close = Decided by the mean market cap over the last { $mean ->
    [one] second
   *[other] { $mean } seconds
} before the deadline. Equal to the target counts as YES.
card-rule-token = Market cap: price times { $supply }, the supply of <code>{ $mint }</code> when the room opened.
card-rule-token-price = The price is read from the token's own accounts on chain, and DexScreener must agree within 2 %.
card-rule-custom = Judged by: { $criterion }
card-rule-source = Source: { $source }
card-rule-operators = Two operators decide, neither of whom has bet here. Without a decision { $wait } after the deadline every stake is returned.
card-rule-past-post = Bets accepted less than { $seconds ->
    [one] 1 second
   *[other] { $seconds } seconds
} before the touch are returned.
card-rule-void = If nobody has won, if nobody has lost, or if the result cannot be known well enough, every stake is returned without a fee.
card-rule-fee = Fee { $fee } % of the losing stakes.
card-rule-open = At opening ${ $open }.
card-terms = Terms <code>{ $hash }</code>
button-bet-on = { $outcome }
button-bet-on-odds = { $outcome } · ×{ $odds }
button-result = Check the result

result-outcome = Result <b>{ $outcome }</b>
result-void = <b>Void:</b> { $reason }. All stakes were returned.
result-corrected = <b>Corrected:</b> the losing stakes of this room were repaid after a dispute.
result-price = Deciding price ${ $price }
result-cap = Deciding market cap ${ $price }
result-operators = Decided by two operators
result-moved = { $asset } ${ $from } → ${ $to } ({ $percent } %)
result-observed = Observed { $at }
result-venues = Decided by the prices of { $venues }
result-waits = <i>The deciding price was less certain than usual. Operators may look at it until { $until }; then it is paid as it stands.</i>
result-fees = Fee { $fee } SOL
result-terms = Terms hash
result-root = Root over all payouts
result-receipt = Receipt on chain
result-receipt-pending = Receipt: being written to the chain
result-pending = No verdict yet.
result-verify = Anyone can check it: “Verify” has the prices, the bets and the payouts, and <code>roomsctl evidence verify</code> goes through all of it.
button-verify = Verify
hash = <code>{ $hash }</code>
button-explorer = View on chain

void-no-opposition = everyone was on one side
void-tie = a tie
void-oracle-insufficient = there was no reliable price
void-min-players = too few players
void-host-cancel = the host cancelled
void-operator-void = cancelled by the operators
void-manipulation-suspected = the price looked manipulated
void-unresolved = it could not be resolved

room-not-found = There is no such room, or it is not open to you.

button-cancel-room = Take the room back
button-cancel-room-confirm = Yes, take it back
cancel-room-title = <b>Take room #{ $number } back?</b>
cancel-room-means = It closes for good. If you have bet in it yourself, your stake comes back whole. This works only as long as nobody else has bet.
toast-cancelling-room = Taking the room back…
cancelling-room = Taking the room back…
room-cancelled = <b>Your room is taken back.</b>
room-not-cancelled = <b>Not taken back.</b>
