# 各人给自己设的限额。

limits-title = <b>您的限额</b>
limits-how = 您来设，我来遵守。更严的限额立即生效，更宽的要过一天才生效。提现始终可以。
limits-cool-off = ⏸ 您正在休息，直到 { $until }。
limits-excluded = ⛔ 您已自我禁入，直到 { $until }。

limit-deposit-day = 24 小时充值
limit-stake-day = 24 小时下注
limit-loss-week = 7 天亏损
limit-line = { $name }：<b>{ $used }</b> / <b>{ $amount } SOL</b>
limit-line-none = { $name }：不限
limit-next = ⏳ { $next }，{ $at } 起
limit-amount = { $amount } SOL
limit-none = 不限
limit-deposit-day-means = 超出的部分仍会到账，但在 24 小时过去之前只能提现，不能下注。
limit-stake-day-means = 会使您最近 24 小时注额超限的下注会被拒绝。全额退回的注额不计。
limit-loss-week-means = 如果您最近 7 天的亏损、目前在押的注额和新注额合计超限，下注会被拒绝。赢利可抵消亏损。
limit-ask = 请选择金额，或以 SOL 输入。
limit-not-a-number = 这不是以 SOL 计的金额。
limit-review =
    <b>{ $name }</b>
    现在：{ $before }
    之后：<b>{ $after }</b>
limit-at-once = 立即生效。再放宽需要一天。
limit-tomorrow = 这比现在宽，所以一天后才生效。在那之前，设一个不更宽的限额即可收回。
limit-set = ✓ 您的限额已设定。
limit-waits = ⏳ 已记下。更宽的限额一天后生效。
limit-refused = <b>未执行</b>

cool-off-title = <b>休息一下</b>
cool-off-means = 在几天之内，我会拒绝您的下注和您要开的房间。进行中的下注照常结算，您也可以提现。休息期不能缩短。
cool-off-review = { $days ->
   *[other] 休息 <b>{ $days } 天</b>，现在开始。不能缩短。
}
cool-off-done = ⏸ 您的休息已经开始。

exclusion-title = <b>自我禁入</b>
exclusion-means = 给想要停下来的人。至少 6 个月内，我拒绝您的一切下注和房间。
exclusion-first =
    您即将自我禁入 <b>{ $months } 个月</b>。

    • 期满之前不能下注，也不能开房。换新账户也不行。
    • 进行中的下注照常结算，余额随时可以提现。
    • 谁都不能缩短：您不能，我们的员工也不能。
exclusion-last =
    <b>这不能撤销。</b>

    继续的话，无论发生什么，您 { $months } 个月内都不能玩。删除账户也不会结束它。
exclusion-done = ⛔ 您已自我禁入。

requesting-limit = 正在处理…
toast-limit = 正在处理…

button-limits = 限额
button-limit-deposit-day = 充值
button-limit-stake-day = 下注
button-limit-loss-week = 亏损
button-limit-none = 不限
button-limit-confirm = 确认此限额
button-sol = { $amount } SOL
button-cool-off = 休息一下
button-days = { $days ->
   *[other] { $days } 天
}
button-cool-off-confirm = 开始休息
button-exclude = 自我禁入…
button-months = { $months } 个月
button-exclude-on = 我明白，继续
button-exclude-confirm = 禁入 { $months } 个月
