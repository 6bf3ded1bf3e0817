# 每个拒绝代码一条文本，含规则所说的数字。

refusal-unspecified = 有一条规则不允许这样做。
refusal-expired = 连接服务用时太长，所以什么都没有做。请再试一次。
refusal-malformed = 请求不完整（<code>{ $field }</code>）。请重新开始。
refusal-not-found = 它已经不存在了。

refusal-room-no-price = 目前没有可靠的 { $asset } 价格，无法据此开房。请稍后再试。
refusal-room-target-met = 价格是 ${ $price }，已经到达目标 ${ $target }。请选一个还没到的目标。
refusal-room-target-too-near = ${ $target } 太近了：价格是 ${ $price }，对这个截止时间，目标至少要相差 { $min_percent }%。请选更远的目标或更早的截止时间。
refusal-room-horizon = 离截止的时间必须在 { $min } 到 { $max } 之间。
refusal-room-too-many-live = { $max ->
   *[other] 您已有 { $max } 个进行中的房间。请等其中一个结束。
}
refusal-room-duplicate = 房间 #{ $number } 已经在问同样的问题。
refusal-room-target-invalid = 这个目标不能用。请输入大于零、小数位不多的价格。
refusal-room-rival = 对决需要两种不同的资产；{ $asset } 不能和自己比。
refusal-room-bounds = 区间需要从低到高的价格，一个房间有 { $min } 到 { $max } 个区间。
refusal-room-players = 房间可以等 { $min } 到 { $max } 名玩家。
refusal-room-token-mintable = 代币 <code>{ $mint }</code> 还可以增发，市值可以被随意推动。房间需要固定的供应量。
refusal-room-token-young = 这个代币太新了：它的市场至少要存在 { $min_hours } 小时。
refusal-room-token-illiquid = 这个代币交易太少：它的市场有 ${ $liquidity_usd }，房间至少需要 ${ $min_usd }。
refusal-room-operators-only = 这类房间只能由运营人员开。
refusal-room-not-cancellable = 不能收回：已经有别人下注，或者太晚了。

refusal-bet-too-small = 这里最小注额为 { $min } SOL；您选了 { $stake } SOL。
refusal-bet-too-large = 这里最大注额为 { $max } SOL；您选了 { $stake } SOL。
refusal-bet-not-enough = 您有 { $available } SOL，注额是 { $stake } SOL。
refusal-bet-already-placed = 您在这个房间已经下过注。每个房间一注。
refusal-bet-room-full = { $max_players ->
   *[other] { $max_players } 个座位都满了。
}
refusal-bet-locked = 已停止下注：{ $lock_at }。
refusal-bet-seats-reserved = 最后的座位留给其他答案，这样才有对手。您仍可以选其中一个。
refusal-bet-no-such-outcome = 这个房间没有这个答案。
refusal-bet-pool-overflow = 这个房间的奖池不能再增加了。
refusal-bet-hold-late = 注额未能及时预留，已回到您的余额。
refusal-bet-min-odds = 派彩会低于您设的最低 { $percent }%。
refusal-bet-pool-full = 这个房间的注额合计最多 { $max } SOL；还剩 { $left } SOL。
refusal-bet-not-cancellable = 每个房间的下注可在 { $seconds ->
   *[other] { $seconds } 秒
}内撤回一次，临近停止下注时不行。
refusal-bet-operator = 运营人员不下注。

refusal-account-unknown = 您还没有账户。/start 可以开一个。
refusal-withdraw-address-invalid = <code>{ $address }</code> 不能从这里接收 SOL。请用普通的钱包地址。
refusal-withdraw-address-is-deposit = 这是 ROOMS 的充值地址。请用您自己的钱包。
refusal-withdraw-too-small = 最小提现额为 { $min } SOL；您要求 { $amount } SOL。
refusal-withdraw-not-enough = 您有 { $available } SOL，要求提现 { $amount } SOL。
refusal-withdraw-below-rent = 那个账户是空的，Solana 要求至少到账 { $min } SOL。
refusal-withdraw-cap = 24 小时限额为 { $cap } SOL，已用 { $used } SOL。
refusal-withdraw-paused = 提现目前暂停。您的余额是安全的，请稍后再试。
refusal-withdraw-needs-approval = 从 { $threshold } SOL 起，提现要先由两名运营人员审核。
refusal-withdraw-needs-totp = 没有身份验证器的验证码，这里 24 小时内可提现 { $cap } SOL，已用 { $used } SOL。请减少金额，或添加身份验证器。
refusal-withdraw-state = { $state ->
    [CANCELLED] 已经取消了。
    [REJECTED] 已经被拒绝了。
    [FINALIZED] 已经支付了。
    [FAILED] 已经失败，金额已回到您的余额。
   *[other] 太晚了：提现已经在途中。
}
refusal-operator-signature = 这不是有效的运营人员签名，或者太旧了。
refusal-operator-twice = 这名运营人员已经批准过；需要另一名。
refusal-withdraw-fresh-deposit = 新充值入账几分钟后才能提现。您要求 { $amount } SOL，现在可提现 { $withdrawable } SOL。

refusal-settlement-already-decided = 结果已经确定。
refusal-settlement-paid = 派彩正在进行，所以结果不变。
refusal-settlement-ruling = 运营人员不能对这个房间作此决定。
refusal-settlement-interest = 在房间里下过注的人不能评判它。
refusal-dispute-late = 结果只能在一段时间内提出异议；这一个的期限已过：{ $until }。
refusal-dispute-not-a-player = 只有在该房间输了的人才能提出异议。
refusal-dispute-twice = 您已对这个结果提出过异议。每个房间一次。
refusal-dispute-closed = 关于这个房间的异议已经结束。

refusal-referral-unknown = 没有人有这个邀请码。
refusal-referral-self = 这是您自己的邀请码。
refusal-referral-loop = 这个人是您自己带来的。
refusal-referral-late = 太晚了：您已经下过注，或者是通过别的链接来的。

refusal-limit-stake-day = 您给自己设的限额是 24 小时下注 { $limit } SOL。已用 { $used } SOL，所以 { $stake } SOL 超出了。请减少注额，或等之前的下注满一天。
refusal-limit-loss-week = 您给自己设的限额是 7 天亏损 { $limit } SOL。连同已输的和在押的已用 { $used } SOL，所以 { $stake } SOL 超出了。请减少注额，或等一等。
refusal-limit-cool-off = 您正在休息，直到 { $until }。可以提现，不能玩。
refusal-limit-excluded = 您已自我禁入，直到 { $until }。可以提现，不能玩。
refusal-limit-withdraw-only = 您现在可以押 { $stakable } SOL，而不是 { $stake } SOL：其余的余额超出了您的充值限额，24 小时过去之前只能提现。
refusal-limit-invalid = 请在 { $min } 到 { $max } 之间选择。

refusal-account-busy = 还有未完成的事，现在不行：进行中的下注 { $live_bets } 笔，途中的提现 { $withdrawals } 笔。等它们结束再来。
refusal-account-has-balance = 您的账户里还有 { $available } SOL。请先提现，或放弃它。
refusal-account-closed = 这个账户已关闭。
refusal-account-banned = 这个账户被禁止参与。您可以提现。

refusal-arena-state = 这个群已经在群池里，或者还有房间在用它。
refusal-arena-rights = 这不是一个我可以改名、限制、邀请和移除成员的群。

refusal-tracked-too-many = 您已关注 { $max } 个钱包，这是上限。请先取消一个。
refusal-price-alerts-too-many = 您已在等 { $max } 个价格，这是上限。请先移除一个。
refusal-preference-invalid = 没有这个选项（{ $field }）。
refusal-webhook-invalid = 这不是可以从外部调用的 https 地址。
refusal-broadcast-state = 它已结束，或者不存在。
