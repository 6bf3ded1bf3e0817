# Room list, room card, results.

question-touch-up = Will { $asset } rise to ${ $target } before { $deadline }?
question-touch-down = Will { $asset } fall to ${ $target } before { $deadline }?
question-close-above = Will { $asset } be at or above ${ $target } at { $deadline }?
question-close-below = Will { $asset } be at or below ${ $target } at { $deadline }?
short-touch-up = { $asset } ↑ ${ $target }
short-touch-down = { $asset } ↓ ${ $target }
short-close-above = { $asset } ≥ ${ $target }
short-close-below = { $asset } ≤ ${ $target }

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
card-your-bet = Your bet: <b>{ $stake } SOL on { $outcome }</b>
card-your-bet-pays = Your bet: <b>{ $stake } SOL on { $outcome }</b>, pays { $payout } SOL as the pools stand
card-price = { $asset } now <b>${ $price }</b> · { $age }
card-no-price = { $asset } now <i>no price at the moment</i>
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
card-rule-past-post = Bets accepted less than { $seconds ->
    [one] 1 second
   *[other] { $seconds } seconds
} before the touch are returned.
card-rule-fee = Fee { $fee } % of the losing pool. Price at opening ${ $open }.
card-terms = Terms <code>{ $hash }</code>
button-bet-on = { $outcome }
button-bet-on-odds = { $outcome } · ×{ $odds }
button-result = Check the result

result-outcome = Result <b>{ $outcome }</b>
result-void = <b>Void:</b> { $reason }. All stakes were returned.
result-price = Deciding price ${ $price }
result-observed = Observed { $at }
result-fees = Fee { $fee } SOL
result-terms = Terms hash
result-root = Root over all payouts
result-receipt = Receipt on chain
result-receipt-pending = Receipt: being written to the chain
result-pending = No verdict yet.
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
