# 所有画面共用的词和单位。`button-…`、`toast-…`、`command-…` 是纯文本，其余都是 Telegram HTML。

command-start = 打开主页
command-rooms = 可以下注的房间
command-create = 开一个自己的房间
command-bets = 您的下注
command-wallet = 余额和地址
command-deposit = 充值 SOL
command-withdraw = 提现 SOL
command-transfers = 您资金的每笔变动
command-proof = 核对我们确实持有欠您的钱
command-settings = 语言、身份验证器、限额、隐私
command-privacy = 您的数据：导出或删除
command-limits = 您给自己设的限额
command-status = 各部分是否正常？
command-help = 玩法说明

outcome-yes = 是
outcome-no = 否
outcome-up = 涨
outcome-down = 跌

asset-price = ${ $price }
usd-about = ≈ ${ $usd }
usd-unavailable = 暂无美元估值

list-separator = 、
venue-name = { $venue ->
    [binance] Binance
    [bitstamp] Bitstamp
    [chain-1] Solana
    [chain-2] Solana（另一节点）
    [chain-3] Solana（第三节点）
    [coinbase] Coinbase
    [coingecko] CoinGecko
    [cryptocompare] CryptoCompare
    [dexscreener] DexScreener
    [kraken] Kraken
    [okx] OKX
    [pyth] Pyth
   *[other] { $venue }
}

month-short = { $month }月
time-today = { $clock } UTC
time-day = { $month }{ $day }日 { $clock } UTC
span-seconds = { $seconds } 秒
span-minutes = { $minutes } 分钟
span-hours = { $hours } 小时
span-hours-minutes = { $hours } 小时 { $minutes } 分钟
span-days = { $days } 天
span-days-hours = { $days } 天 { $hours } 小时
in-span = { $span }后
ago-span = { $span }前

button-home = 主页
button-back = ‹ 返回
button-cancel = 取消
button-refresh = 刷新
button-share-room = 分享
button-previous = ‹ 较新
button-next = 较早 ›
button-rooms = 房间
button-create = 新房间
button-bets = 我的下注
button-wallet = 钱包
button-deposit = 充值
button-withdraw = 提现
button-transfers = 流水
button-help = 帮助
button-open-private = 在私聊中打开

toast-not-yours = 这个按钮是别人的。
toast-old-button = 这个按钮来自旧版本。已为您打开主页。
toast-busy = 请稍等，还在处理。
toast-placing = 正在为您下注…
toast-opening = 正在开您的房间…
toast-requesting = 正在申请提现…
toast-opening-account = 正在开立您的钱包…
toast-already-confirmed = 已经确认过了，点一次就够。
toast-preview-old = 这个预览太旧了，请看新的。
toast-preview-gone = 这个预览已经不在了，请看新的。
toast-slow-down = 请慢一点。过一分钟再试。

slow-down = 请慢一点：这已超过我一分钟内接受的单人消息数。您已确认的内容没有丢失。
fault =
    我们这边出了问题。请稍后再试。
    编号 <code>{ $reference }</code>
unknown-input =
    我没听懂。我会的有：/rooms 找房间，/create 开房间，/wallet 看您的钱，其余见 /help。
unknown-command =
    我不认识这个命令。/help 里有我认识的。
group-hello =
    下注和余额不在群里显示。请点下面，我们私聊继续。
