# 开始、主页、钱包、充值、流水、状态、帮助。

terms =
    <b>欢迎来到 ROOMS</b>

    有人用一个问题开一个房间，比如“SOL 会在 18:00 UTC 之前涨到 $165 吗？”。大家用 SOL 押自己的答案。答案揭晓后，赢家立即分得输家的注额，任何人都可以核对结果。
terms-custody = 开始之前，三件要说清楚的事：
terms-points =
    • 这里的钱包是托管的：私钥由我们保管。只放您打算玩的钱。
    • 下注可能全部输掉。几秒之后就不能再撤回。
    • 手续费为输方注额的 { $fee }%，此外没有别的费用。
terms-network = { $network ->
    [mainnet] 这里是真钱。
    [devnet] 您在 devnet 上：这里是游戏币。
   *[local] 您在本地网络上：这里是游戏币。
}
terms-confirm = 继续即表示您接受这些条款，并确认已年满 18 岁。
button-agree = 我已满 18 岁并接受

opening-account = 正在开立您的钱包…

desk-title = <b>主页</b>
desk-balance = 余额 <b>{ $balance } SOL</b> · { $usd }
desk-balance-unknown = 余额 <i>暂时无法显示</i>
desk-held = 正在转出 { $held } SOL
desk-live-bets = { $count ->
    [0] 没有进行中的下注
   *[other] 进行中的下注 <b>{ $count }</b> 笔
}
desk-live-bets-unknown = 进行中的下注 <i>暂时无法显示</i>
desk-address = 充值地址
address = <code>{ $address }</code>
desk-welcome = 您的钱包已就绪。充一些 SOL 就可以下第一注，也可以先四处看看。

wallet-title = <b>钱包</b>
wallet-available = 可用 <b>{ $balance } SOL</b> · { $usd }
wallet-withdrawable = 现在可提现 { $amount } SOL
wallet-withdraw-only = 其中 { $amount } SOL 超出了您的充值限额，目前只能提现。
wallet-fresh = 充值可以立即用来下注，几分钟后才能提现。
wallet-held = 正在转出 { $held } SOL
wallet-custody = <i>托管钱包：私钥由我们保管，从不显示，也从不发送。</i>

deposit-title = <b>充值 SOL</b>
deposit-how = 请把 SOL 发到您的地址：
deposit-minimum = 至少 { $minimum } SOL；更小的金额不另行通知。
deposit-tokens = 只有 SOL 会入账。<b>发到这里的代币和 NFT 不会入账。</b>
deposit-speed = 看到充值时我会告诉您，最终确认并入账时会再告诉您一次。您不需要做别的。
button-copy-address = 复制地址

transfers-title = <b>流水</b>
transfers-none = 还没有任何变动。
transfers-page = 第 { $page } 页，共 { $pages } 页
transfer-line = { $sign }{ $amount } SOL · { $kind } · { $when }
transfer-line-state = { $sign }{ $amount } SOL · { $kind }（{ $state }） · { $when }
transfer-state = { $state ->
    [REQUESTED] 已申请
    [HELD] 等待中
    [APPROVED] 已批准
    [SIGNED] 已签名
    [SUBMITTED] 已发送
    [FINALIZED] 最终确认
    [FAILED] 失败
    [EXPIRED] 重新签名
    [CANCELLED] 已取消
    [REJECTED] 已拒绝
   *[other] { $state }
}
transfer-signature = <code>{ $signature }</code>
transfer-deposit = 充值
transfer-stake = 下注
transfer-stake-returned = 退回注额
transfer-payout = 派彩
transfer-host-fee = 房主分成
transfer-withdrawal = 提现
transfer-withdrawal-returned = 退回提现
transfer-referral = 邀请收入
transfer-refund = 补还注额
transfer-other = 变动

status-title = <b>状态</b>
status-up = ✓ { $name }
status-down = ✗ { $name }：没有响应
status-service-room = 房间与下注
status-service-wallet = 钱包
status-service-oracle = 价格
status-service-settlement = 结算
status-service-polymarket = Polymarket 的钱包和市场
status-price = { $asset } ${ $price } · { $age }
status-no-price = { $asset } 暂时没有价格
status-network = 网络 { $network }
status-time = { $time }

help =
    <b>玩法</b>

    <b>1.</b> 选一个房间，或用自己的问题开一个。
    <b>2.</b> 在停止下注前押一个答案。每个房间一注；几秒之内可以撤回一次。
    <b>3.</b> 价格取多家交易所的中位数。一旦它给出答案，房间自动结算，赢家立即到账。

    赢家拿回自己的注额，并按注额比例分得输方注额，扣除手续费。猜对的人拿到的绝不会少于自己的注额。如果所有人答案相同、无人猜对、打平，或各交易所价格不一致，全部注额退回，不收手续费。

    如果您输了而结果有误，请在结果下方说明：由两名运营人员复核。
help-command = /{ $name } – { $what }
