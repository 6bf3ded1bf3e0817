# Placing a bet and looking at one's bets.

stake-title = <b>{ $outcome }</b> in room #{ $number }
stake-ask = How much do you stake? Between { $min } and { $max } SOL.
stake-balance = You have { $balance } SOL.
button-stake = { $stake } SOL
button-stake-custom = Other amount
stake-type = Type your stake in SOL, for example <code>0.25</code>. Between { $min } and { $max } SOL.
stake-not-a-number = That is not an amount in SOL. Digits and one point, at most nine places: <code>0.25</code>

preview-title = <b>Your bet</b> · room #{ $number }
preview-stake = Stake <b>{ $stake } SOL on { $outcome }</b>
preview-pays = If { $outcome } wins you get <b>{ $payout } SOL</b> (×{ $odds }), as the pools stand with your stake in them.
preview-alone = Nobody has staked against { $outcome } yet: if it stays so, your stake is returned. What you can win grows with the stakes against you.
preview-moves = Later bets move this number. The fee is already taken off.
preview-loses = If { $outcome } does not win, the stake is lost. You can take the bet back once, within { $seconds ->
    [one] a second
   *[other] { $seconds } seconds
}, but not right before betting closes.
button-confirm-bet = Confirm { $stake } SOL on { $outcome }
button-change-stake = Change stake

placing-bet = Placing your bet of { $stake } SOL…
still-working = Still working on it. I keep asking and will tell you here.

bet-placed = <b>Bet accepted</b> · room #{ $number }
bet-placed-line = { $stake } SOL on <b>{ $outcome }</b>
bet-placed-next = I will tell you the result here as soon as it is known.
bet-placed-cancel = Changed your mind? You can take it back within { $seconds ->
    [one] a second
   *[other] { $seconds } seconds
}.
button-cancel-bet = Take it back
toast-cancelling-bet = Taking your bet back…
toast-already-taken-back = It is being taken back already.
cancelling-bet = Taking your bet back…
bet-cancelled = <b>Bet taken back</b> · room #{ $number }
bet-cancelled-line = { $stake } SOL on { $outcome }: the stake is back in your balance.
bet-cancelled-again = You may bet in this room once more. That bet then stands.
bet-not-cancelled = <b>Not taken back.</b> Your bet stands.
bet-refused = <b>Not placed.</b>
button-open-room = Open room

bets-title = <b>My bets</b>
bets-none = No bets yet. Three taps and you are in.
bets-page = Page { $page } of { $pages }
bet-line-question = <b>#{ $number }</b> { $question }
bet-by-host = { " · the host's bet" }
bet-line-pending = { $stake } SOL on { $outcome } · being placed
bet-line-accepted = { $stake } SOL on { $outcome } · live
bet-line-refused = { $stake } SOL on { $outcome } · not placed
bet-line-won = { $stake } SOL on { $outcome } · <b>won { $payout } SOL</b>
bet-line-lost = { $stake } SOL on { $outcome } · lost
bet-line-cancelled = { $stake } SOL on { $outcome } · taken back
bet-line-voided = { $stake } SOL on { $outcome } · returned
