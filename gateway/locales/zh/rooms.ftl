# 房间列表、房间卡片、结果。

question-touch-up = { $asset } 会在 { $deadline } 之前涨到 ${ $target } 吗？
question-touch-down = { $asset } 会在 { $deadline } 之前跌到 ${ $target } 吗？
question-close-above = { $deadline } 时 { $asset } 会不低于 ${ $target } 吗？
question-close-below = { $deadline } 时 { $asset } 会不高于 ${ $target } 吗？
question-cap-touch-up = { $asset } 的市值会在 { $deadline } 之前升到 ${ $target } 吗？
question-cap-touch-down = { $asset } 的市值会在 { $deadline } 之前降到 ${ $target } 吗？
question-cap-close-above = { $deadline } 时 { $asset } 的市值会不低于 ${ $target } 吗？
question-cap-close-below = { $deadline } 时 { $asset } 的市值会不高于 ${ $target } 吗？
question-up-down = 从 { $from } 到 { $deadline }，{ $asset } 会涨还是跌？
question-buckets = { $deadline } 时 { $asset } 会在哪个区间？
question-head-to-head = 从 { $from } 到 { $deadline }，哪个涨得更多：{ $asset } 还是 { $rival }？
short-touch-up = { $asset } ↑ ${ $target }
short-touch-down = { $asset } ↓ ${ $target }
short-close-above = { $asset } ≥ ${ $target }
short-close-below = { $asset } ≤ ${ $target }
short-cap-touch-up = { $asset } 市值 ↑ ${ $target }
short-cap-touch-down = { $asset } 市值 ↓ ${ $target }
short-cap-close-above = { $asset } 市值 ≥ ${ $target }
short-cap-close-below = { $asset } 市值 ≤ ${ $target }
short-up-down = { $asset } ↑ 或 ↓
short-buckets = { $asset }，{ $ranges } 个区间
short-head-to-head = { $asset } 或 { $rival }
range-below = 低于 ${ $high }
range-between = ${ $low } 到 ${ $high }
range-above = ${ $low } 及以上

state-queuing = 🟢 开放中，等待玩家
state-open = 🟢 开放中
state-locked = 🔒 已停止下注
state-settling = ⏳ 结算中
state-settled = 🏁 已结算
state-voided = ↩️ 已作废，注额已退回
state-archived = 🏁 已结束

rooms-title-live = <b>进行中的房间</b>
rooms-title-mine = <b>您开的房间</b>
rooms-title-past = <b>过去的房间</b>
rooms-none-live = 现在没有开放的房间。来提第一个问题吧。
rooms-none-mine = 您还没有开过房间。
rooms-none-past = 还没有房间结束。
rooms-page = 第 { $page } 页，共 { $pages } 页
rooms-line-question = <b>#{ $number }</b> { $question }
rooms-line-live = { $state } · { $closes }停止下注 · { $pool } SOL · { $players ->
   *[other] { $players } 名玩家
}
rooms-line-queuing = { $state } · { $closes }停止下注 · { $pool } SOL · 玩家 { $players } / { $needed }
rooms-line-ended = { $state } · { $pool } SOL · { $players ->
   *[other] { $players } 名玩家
}
button-room = #{ $number } · { $short }
button-filter-live = 进行中
button-filter-mine = 我的
button-filter-past = 过去
button-filter-chosen = • { $label }

card-head = <b>房间 #{ $number }</b> · { $state }
card-question = <b>{ $question }</b>
card-subtitle = <i>{ $subtitle }</i>
card-pool = { $outcome } <b>{ $pool } SOL</b> · { $share }% · 赔率 ×{ $odds }
card-pool-empty = { $outcome } <b>0 SOL</b> · 还没有人
card-players = 玩家 { $players } / { $seats }
card-queuing = 玩家 { $players } / { $needed }：到齐即开始 · 共 { $seats } 个座位
card-pending = 刚刚又有 { $pending } SOL 下注，尚未计入
card-host = 这个房间是您开的。
card-your-bet = 您的下注：<b>{ $stake } SOL 押“{ $outcome }”</b>
card-your-bet-pays = 您的下注：<b>{ $stake } SOL 押“{ $outcome }”</b>，按目前奖池派彩 { $payout } SOL
card-price = { $asset } 现价 <b>${ $price }</b> · { $age }
card-no-price = { $asset } <i>暂时没有价格</i>
card-cap = { $asset } 现在市值 <b>${ $cap }</b> · { $age }
card-no-cap = { $asset } 市值 <i>暂时没有价格</i>
card-closes = 停止下注 { $at } · { $relative }
card-closed = 已停止下注 { $at }
card-deadline = 截止 { $at } · { $relative }
card-deadline-past = 截止 { $at }
card-provisional = <i>裁定之前，奖池和派彩都是暂定的。</i>
card-rule-touch = 截止前确认价格一到 ${ $target } 即为“是”，否则为“否”。确认：至少 { $quorum ->
   *[other] { $quorum } 家交易所
}的中位数到达或越过目标满 3 秒。
card-rule-close = 由截止价决定：{ $mean ->
   *[other] { $mean } 秒内取均值，
}价格为至少 { $quorum ->
   *[other] { $quorum } 家交易所
}的中位数。等于目标算“是”。
card-rule-up-down = 截止价高于起始价为“涨”，低于为“跌”。起始价：停止下注后前 { $mean ->
   *[other] { $mean } 秒
}的均值。截止价：截止前最后 { $mean ->
   *[other] { $mean } 秒
}的均值。
card-rule-buckets = 截止价所在的区间获胜。区间含下限，不含上限。截止价：截止前最后 { $mean ->
   *[other] { $mean } 秒
}的均值。
card-rule-head-to-head = 各自的截止价除以停止下注时的价格，结果大者获胜。两个价格都取 { $mean ->
   *[other] { $mean } 秒的均值：停止下注后的最初几秒和截止前的最后几秒。
}
card-rule-price = 价格为至少 { $quorum ->
   *[other] { $quorum } 家交易所
}的中位数。
card-rule-tie = 完全相等为平局：全部注额退回。
card-rule-cap-touch = 截止前，{ $mean ->
   *[other] { $mean } 秒
}平均市值到达或越过 ${ $target } 满 3 秒即为“是”，否则为“否”。
card-rule-cap-close = 由截止前最后 { $mean ->
   *[other] { $mean } 秒
}的平均市值决定。等于目标算“是”。
card-rule-token = 市值：价格乘以 { $supply }，即开房时 <code>{ $mint }</code> 的供应量。
card-rule-token-price = 价格读自代币在链上的自有账户，DexScreener 的价格须与其相差不超过 2%。
card-rule-custom = 评判依据：{ $criterion }
card-rule-source = 来源：{ $source }
card-rule-operators = 由两名未在此下注的运营人员决定。截止后 { $wait }仍无决定，全部注额退回。
card-rule-past-post = 触及前不足 { $seconds ->
   *[other] { $seconds } 秒
}被接受的下注会退回。
card-rule-void = 如果无人获胜、无人落败，或结果无法足够可靠地确定，全部注额退回，不收手续费。
card-rule-fee = 手续费为输方注额的 { $fee }%。
card-rule-open = 开房时 ${ $open }。
card-terms = 条款 <code>{ $hash }</code>
button-bet-on = { $outcome }
button-bet-on-odds = { $outcome } · ×{ $odds }
button-result = 核对结果

result-outcome = 结果 <b>{ $outcome }</b>
result-void = <b>作废：</b>{ $reason }。全部注额已退回。
result-corrected = <b>已更正：</b>异议成立后，该房间输掉的注额已补还。
result-price = 决定价格 ${ $price }
result-cap = 决定市值 ${ $price }
result-operators = 由两名运营人员决定
result-moved = { $asset } ${ $from } → ${ $to }（{ $percent }%）
result-observed = 观测时间 { $at }
result-venues = 由以下价格决定：{ $venues }
result-waits = <i>决定价格不如平常确定。运营人员可在 { $until } 之前复核；之后按现结果派彩。</i>
result-fees = 手续费 { $fee } SOL
result-terms = 条款哈希
result-root = 全部派彩的根
result-receipt = 链上凭证
result-receipt-pending = 凭证：正在写入链上
result-pending = 还没有裁定。
result-verify = 任何人都可以核对：“验证”中有价格、下注和派彩，<code>roomsctl evidence verify</code> 会逐一核对。
button-verify = 验证
hash = <code>{ $hash }</code>
button-explorer = 在链上查看

void-no-opposition = 所有人都在同一边
void-tie = 平局
void-oracle-insufficient = 没有可靠的价格
void-min-players = 玩家不足
void-host-cancel = 房主取消
void-operator-void = 运营人员取消
void-manipulation-suspected = 价格疑似被操纵
void-unresolved = 无法裁定

room-not-found = 没有这个房间，或者它不对您开放。

button-cancel-room = 收回房间
button-cancel-room-confirm = 是，收回
cancel-room-title = <b>收回房间 #{ $number }？</b>
cancel-room-means = 它将永久关闭。如果您自己在里面下过注，注额全部退回。只有在没有别人下注时才可以。
toast-cancelling-room = 正在收回房间…
cancelling-room = 正在收回房间…
room-cancelled = <b>您的房间已收回。</b>
room-not-cancelled = <b>未收回。</b>
