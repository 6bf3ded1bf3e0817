# What arrives without being asked for.

notice-deposit-seen = <b>Deposit seen</b> · { $amount } SOL
notice-deposit-seen-next = It is credited as soon as it is final, usually within half a minute.
notice-deposit-credited = <b>Deposit credited</b> · { $amount } SOL
notice-deposit-balance = Balance { $balance } SOL
notice-signature = <code>{ $signature }</code>

notice-won = <b>You won { $payout } SOL</b> · room #{ $number }
notice-lost = <b>You lost</b> · room #{ $number }
notice-room-void = <b>Stake returned</b> · room #{ $number }
notice-question = { $question }
notice-stake = Stake { $stake } SOL on { $outcome }
notice-payout = Credited { $payout } SOL, of it { $profit } SOL gain
notice-loss = Lost { $stake } SOL
notice-fee = Fee { $fee } SOL, taken from the losing stakes
notice-returned = Credited { $payout } SOL
notice-void-reason = The room is void: { $reason }. No fee was taken.
notice-past-post = Your bet came so late that the result was already visible. It does not count and the stake is back.
notice-min-odds = Your minimum odds were not met. The bet does not count and the stake is back.
