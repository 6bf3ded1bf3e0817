# The rules of the product in short: `/rules`.

command-rules = The rules in short
button-rules = Rules

rules-title = <b>The rules in short</b>
rules-betting = <b>Betting.</b> One bet per room, until betting closes. It can be taken back once, within { $within }, but not in the last { $before } before betting closes; after that it stands. Stakes, seats and times are those of the room and are fixed when it opens.
rules-result = <b>The result.</b> A price is the median of several independent exchanges that agree; one alone decides nothing. How a room is decided stands on its card and cannot be changed. What was bet when a touch was already visible is returned.
rules-winning = <b>Winning.</b> Winners get their stake back and share the losing stakes in proportion to their own, less the fee: { $fee } % of the losing stakes, part of it for whoever opened the room. Nobody who was right gets less than the stake. Winnings are credited at once; there is nothing to claim. Whoever was wrong loses the whole stake.
rules-void = <b>Void.</b> Every stake comes back whole and without a fee if all were on one side, on an exact tie, without a reliable price, with too few players, or if the host or two operators call the room off.
rules-dispute = <b>Disputes.</b> If you lost and the result is wrong, say so below it while the button is there. Two operators who have not bet in the room decide. If they agree with you, every losing stake is repaid and winners keep theirs.
rules-money = <b>Your money.</b> Wallets are custodial: we hold the keys, and never show or send them. Keep only what you play with. Only SOL is credited, with a message from { $minimum } SOL on. A fresh deposit can be staked at once and withdrawn some minutes later. Withdrawals show their fee before you confirm; a new address waits first, and operators look at large amounts. /proof shows that we have what we owe you.
rules-referrals = <b>Friends.</b> Of the fee on a friend's win { $first } % is yours, { $second } % one step further, { $third } % two steps further. It costs them nothing.
rules-limits = <b>Limits.</b> You are 18 or older. Limit yourself, take a break or exclude yourself with /limits: tighter at once, looser after a day, and withdrawing is always possible. /privacy gives you your data or deletes it.
