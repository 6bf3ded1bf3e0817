# Limits that people set for themselves.

limits-title = <b>Your limits</b>
limits-how = You set them, and I keep to them. A tighter limit holds at once; a looser one only after a day. Withdrawing is always possible.
limits-cool-off = ⏸ You are taking a break until { $until }.
limits-excluded = ⛔ You have excluded yourself until { $until }.

limit-deposit-day = Deposits in 24 hours
limit-stake-day = Stakes in 24 hours
limit-loss-week = Losses in 7 days
limit-line = { $name }: <b>{ $used }</b> of <b>{ $amount } SOL</b>
limit-line-none = { $name }: no limit
limit-next = ⏳ { $next } from { $at }
limit-amount = { $amount } SOL
limit-none = no limit
limit-deposit-day-means = What you send beyond it still arrives, but can only be withdrawn, not staked, until the 24 hours have passed.
limit-stake-day-means = A bet that would take your stakes of the last 24 hours above it is refused. Stakes that came back whole do not count.
limit-loss-week-means = A bet is refused if your losses of the last 7 days, what you have at stake now and the new stake together would exceed it. Winnings make up for losses.
limit-ask = Choose an amount or type one in SOL.
limit-not-a-number = That is not an amount in SOL.
limit-review =
    <b>{ $name }</b>
    Now: { $before }
    Then: <b>{ $after }</b>
limit-at-once = It holds at once. To loosen it again takes a day.
limit-tomorrow = This is looser than now, so it begins in a day. Until then you can take it back by setting a limit that is not looser.
limit-set = ✓ Your limit is set.
limit-waits = ⏳ Noted. The looser limit begins in a day.
limit-refused = <b>Not done</b>

cool-off-title = <b>Take a break</b>
cool-off-means = For some days I refuse your bets and the rooms you want to open. Open bets are settled as usual, and you can withdraw. A break cannot be shortened.
cool-off-review = { $days ->
    [one] A break of <b>one day</b>, beginning now. It cannot be shortened.
   *[other] A break of <b>{ $days } days</b>, beginning now. It cannot be shortened.
}
cool-off-done = ⏸ Your break has begun.

exclusion-title = <b>Exclude yourself</b>
exclusion-means = For people who want to stop. For at least 6 months I refuse every bet and every room of yours.
exclusion-first =
    You are about to exclude yourself for <b>{ $months } months</b>.

    • No bets and no rooms until they are over. Not with a new account either.
    • Open bets are settled as usual, and you can always withdraw your balance.
    • Nobody can shorten it: not you, and not our staff.
exclusion-last =
    <b>This cannot be undone.</b>

    If you go on, you cannot play for { $months } months, whatever happens. Deleting your account does not end it.
exclusion-done = ⛔ You have excluded yourself.

requesting-limit = Working on it…
toast-limit = Working on it…

button-limits = Limits
button-limit-deposit-day = Deposits
button-limit-stake-day = Stakes
button-limit-loss-week = Losses
button-limit-none = No limit
button-limit-confirm = Confirm this limit
button-sol = { $amount } SOL
button-cool-off = Take a break
button-days = { $days ->
    [one] 1 day
   *[other] { $days } days
}
button-cool-off-confirm = Begin the break
button-exclude = Exclude myself…
button-months = { $months } months
button-exclude-on = I understand, go on
button-exclude-confirm = Exclude me for { $months } months
