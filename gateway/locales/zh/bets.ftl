# 下注与查看自己的下注。

stake-title = 房间 #{ $number } 押 <b>{ $outcome }</b>
stake-ask = 您押多少？{ $min } 到 { $max } SOL 之间。
stake-balance = 您有 { $balance } SOL。
button-stake = { $stake } SOL
button-stake-custom = 其他金额
stake-type = 请输入以 SOL 计的注额，例如 <code>0.25</code>。{ $min } 到 { $max } SOL 之间。
stake-not-a-number = 这不是以 SOL 计的金额。只用数字和一个小数点，最多九位小数：<code>0.25</code>

preview-title = <b>您的下注</b> · 房间 #{ $number }
preview-stake = <b>{ $stake } SOL 押“{ $outcome }”</b>
preview-pays = 如果“{ $outcome }”赢，您得到 <b>{ $payout } SOL</b>（×{ $odds }），按目前奖池并计入您的注额计算。
preview-alone = 还没有人押“{ $outcome }”的对立面：如果一直如此，注额会退回。对手的注额越多，您能赢的越多。
preview-moves = 之后的下注会改变这个数字。手续费已经扣除。
preview-loses = 如果“{ $outcome }”没有赢，注额就输掉了。您可以在 { $seconds ->
   *[other] { $seconds } 秒
}内撤回一次，但临近停止下注时不行。
button-confirm-bet = 确认 { $stake } SOL 押“{ $outcome }”
button-change-stake = 修改注额

placing-bet = 正在为您下注 { $stake } SOL…
still-working = 还在处理。我会继续询问，并在这里告诉您。

bet-placed = <b>下注成功</b> · 房间 #{ $number }
bet-placed-line = { $stake } SOL 押 <b>{ $outcome }</b>
bet-placed-next = 结果一出来，我就在这里告诉您。
bet-placed-cancel = 改变主意了？您可以在 { $seconds ->
   *[other] { $seconds } 秒
}内撤回。
button-cancel-bet = 撤回下注
toast-cancelling-bet = 正在撤回您的下注…
toast-already-taken-back = 已经在撤回了。
cancelling-bet = 正在撤回您的下注…
bet-cancelled = <b>下注已撤回</b> · 房间 #{ $number }
bet-cancelled-line = { $stake } SOL 押“{ $outcome }”：注额已退回您的余额。
bet-cancelled-again = 您可以在这个房间再下一次注。那一注不能再撤回。
bet-not-cancelled = <b>未撤回。</b>您的下注仍然有效。
bet-refused = <b>未下注。</b>
button-open-room = 打开房间

bets-title = <b>我的下注</b>
bets-none = 还没有下注。点三下就能参与。
bets-page = 第 { $page } 页，共 { $pages } 页
bet-line-question = <b>#{ $number }</b> { $question }
bet-by-host = { " · 房主的下注" }
bet-line-pending = { $stake } SOL 押“{ $outcome }” · 处理中
bet-line-accepted = { $stake } SOL 押“{ $outcome }” · 进行中
bet-line-refused = { $stake } SOL 押“{ $outcome }” · 未被接受
bet-line-won = { $stake } SOL 押“{ $outcome }” · <b>赢得 { $payout } SOL</b>
bet-line-lost = { $stake } SOL 押“{ $outcome }” · 输
bet-line-cancelled = { $stake } SOL 押“{ $outcome }” · 已撤回
bet-line-voided = { $stake } SOL 押“{ $outcome }” · 已退回
