# 主动发来的通知。

notice-deposit-seen = <b>看到充值</b> · { $amount } SOL
notice-deposit-seen-next = 最终确认后立即入账，通常不到半分钟。
notice-deposit-credited = <b>充值已入账</b> · { $amount } SOL
notice-deposit-balance = 余额 { $balance } SOL
notice-signature = <code>{ $signature }</code>

notice-won = <b>您赢得 { $payout } SOL</b> · 房间 #{ $number }
notice-lost = <b>您输了</b> · 房间 #{ $number }
notice-room-void = <b>注额已退回</b> · 房间 #{ $number }
notice-question = { $question }
notice-stake = { $stake } SOL 押“{ $outcome }”
notice-payout = 入账 { $payout } SOL，其中盈利 { $profit } SOL
notice-loss = 输掉 { $stake } SOL
notice-fee = 手续费 { $fee } SOL，取自输方注额
notice-returned = 入账 { $payout } SOL
notice-void-reason = 房间作废：{ $reason }。未收手续费。
notice-past-post = 您下注太晚，结果当时已经可见。此注不算，注额已退回。
notice-min-odds = 未达到您的最低赔率。此注不算，注额已退回。
