# One text per refusal code, with the numbers that the rule names.

refusal-unspecified = A rule stands against this.
refusal-expired = It took too long to reach the service, so nothing was done. Please try again.
refusal-malformed = The request was not complete (<code>{ $field }</code>). Please start again.
refusal-not-found = It does not exist any more.

refusal-room-no-price = There is no reliable { $asset } price at the moment, so no room can open on it. Try again shortly.
refusal-room-target-met = The price is ${ $price } and already at the target of ${ $target }. Choose one that is still ahead.
refusal-room-target-too-near = ${ $target } is too near: the price is ${ $price }, and for this deadline the target must be at least { $min_percent } % away. Choose one further away or an earlier deadline.
refusal-room-horizon = The deadline must be between { $min } and { $max } away.
refusal-room-too-many-live = { $max ->
    [one] You already have a live room. Wait until it has ended.
   *[other] You already have { $max } live rooms. Wait until one has ended.
}
refusal-room-duplicate = Room #{ $number } asks the same question already.
refusal-room-target-invalid = That target cannot be used. Type a price above zero with few decimals.
refusal-room-rival = A room head to head needs two different assets; { $asset } cannot run against itself.
refusal-room-bounds = Ranges need prices in ascending order, and there are { $min } to { $max } ranges in a room.
refusal-room-players = A room can wait for { $min } to { $max } players.
refusal-room-token-mintable = More of the token <code>{ $mint }</code> can still be made, so its market cap can be moved at will. Rooms need a fixed supply.
refusal-room-token-young = That token is too new: its market must be at least { $min_hours } hours old.
refusal-room-token-illiquid = That token is traded too little: its market holds ${ $liquidity_usd }, and a room needs at least ${ $min_usd }.
refusal-room-operators-only = Rooms of this kind are opened by operators only.
refusal-room-not-cancellable = It cannot be taken back: somebody else has bet, or it is too late.

refusal-bet-too-small = The smallest stake here is { $min } SOL; you chose { $stake } SOL.
refusal-bet-too-large = The largest stake here is { $max } SOL; you chose { $stake } SOL.
refusal-bet-not-enough = You have { $available } SOL and the stake is { $stake } SOL.
refusal-bet-already-placed = You already have a bet in this room. One bet per room.
refusal-bet-room-full = { $max_players ->
    [one] The only seat is taken.
   *[other] All { $max_players } seats are taken.
}
refusal-bet-locked = Betting closed { $lock_at }.
refusal-bet-seats-reserved = The last seats are kept for the other answers, so that there is somebody to bet against. You can still give one of them.
refusal-bet-no-such-outcome = This room has no such answer.
refusal-bet-pool-overflow = The pool of this room cannot grow any further.
refusal-bet-hold-late = The stake could not be reserved in time and is back in your balance.
refusal-bet-min-odds = It would pay less than your minimum of { $percent } %.
refusal-bet-pool-full = All stakes of this room together may reach { $max } SOL; { $left } SOL are left.
refusal-bet-not-cancellable = A bet can be taken back once per room, within { $seconds ->
    [one] a second
   *[other] { $seconds } seconds
}, and not right before betting closes.
refusal-bet-operator = Operators do not bet.

refusal-account-unknown = You have no account yet. /start opens one.
refusal-withdraw-address-invalid = <code>{ $address }</code> cannot receive SOL from here. Use an ordinary wallet address.
refusal-withdraw-address-is-deposit = That is a deposit address of ROOMS. Use a wallet of your own.
refusal-withdraw-too-small = The smallest withdrawal is { $min } SOL; you asked for { $amount } SOL.
refusal-withdraw-not-enough = You have { $available } SOL and asked for { $amount } SOL.
refusal-withdraw-below-rent = That account is empty and Solana wants at least { $min } SOL to arrive in it.
refusal-withdraw-cap = The limit for 24 hours is { $cap } SOL, and { $used } SOL of it are used.
refusal-withdraw-paused = Withdrawals are paused at the moment. Your balance is safe; please try later.
refusal-withdraw-needs-approval = From { $threshold } SOL on, two operators look at a withdrawal first.
refusal-withdraw-needs-totp = Without a code of your authenticator { $cap } SOL can leave within 24 hours here, and { $used } SOL of it are used. Choose less, or add an authenticator.
refusal-withdraw-state = { $state ->
    [CANCELLED] It is cancelled already.
    [REJECTED] It is rejected already.
    [FINALIZED] It is paid already.
    [FAILED] It has failed, and the amount is back in your balance.
   *[other] It is too late: the withdrawal is on its way.
}
refusal-operator-signature = That is not a valid signature of an operator, or it is too old.
refusal-operator-twice = This operator approved it before; another one has to.
refusal-withdraw-fresh-deposit = Fresh deposits can be withdrawn some minutes after their credit. Withdrawable now: { $withdrawable } SOL of the { $amount } SOL you asked for.

refusal-settlement-already-decided = The result stands already.
refusal-settlement-paid = Payouts are under way, so the result stands.
refusal-settlement-ruling = Operators cannot decide this about this room.
refusal-settlement-interest = Whoever bet in a room does not judge it.
refusal-dispute-late = Results can be disputed for a while only; for this one it was over { $until }.
refusal-dispute-not-a-player = A result can be disputed by those who lost in its room.
refusal-dispute-twice = You have disputed this result before. Once per room.
refusal-dispute-closed = The dispute about this room is closed.

refusal-referral-unknown = Nobody has that code.
refusal-referral-self = That is your own code.
refusal-referral-loop = You brought this person yourself.
refusal-referral-late = Too late: you have bet before, or came by another link.

refusal-limit-stake-day = Your own limit is { $limit } SOL of stakes in 24 hours. { $used } SOL of it are used, so { $stake } SOL do not fit. Stake less, or wait until earlier stakes are a day old.
refusal-limit-loss-week = Your own limit is { $limit } SOL of losses in 7 days. With what you lost and have at stake { $used } SOL of it are used, so { $stake } SOL do not fit. Stake less, or wait.
refusal-limit-cool-off = You are taking a break until { $until }. You can withdraw, but not play.
refusal-limit-excluded = You have excluded yourself until { $until }. You can withdraw, but not play.
refusal-limit-withdraw-only = You can stake { $stakable } SOL now, not { $stake } SOL: the rest of your balance came over your deposit limit and can only be withdrawn until 24 hours have passed.
refusal-limit-invalid = Choose between { $min } and { $max }.

refusal-account-busy = Not while something is open: { $live_bets } live bets and { $withdrawals } withdrawals on their way. Come back when they are done.
refusal-account-has-balance = There are still { $available } SOL in your account. Withdraw them first, or give them up.
refusal-account-closed = This account is closed.
refusal-account-banned = This account may not play. You can withdraw your money.

refusal-arena-state = That group is in the pool already, or a room still has it.
refusal-arena-rights = That is not a group in which I may rename, restrict, invite and remove.

refusal-tracked-too-many = You follow { $max } wallets already, which is as many as one can. Stop following one first.
refusal-price-alerts-too-many = You wait for { $max } prices already, which is as many as one can. Remove one first.
refusal-preference-invalid = That is not a choice there is ({ $field }).
refusal-webhook-invalid = That is no https address that I can call from outside.
refusal-broadcast-state = It has ended, or there is none.
