# Polymarket 的钱包，以及聪明钱包的共识。

command-track = 关注 Polymarket 上的钱包
command-untrack = 不再关注一个钱包
command-list = 您关注的钱包
command-rename = 给钱包改名
command-balance = 您的余额，或某个钱包的价值
command-positions = 某个钱包的持仓
command-history = 您的结果，或某个钱包的操作
command-smartwallets = 我报告其共识的钱包
command-consensus = 聪明钱包的共识
command-muteconsensus = 不再通知聪明钱包的共识

polymarket-away = Polymarket 暂时没有响应。
polymarket-away-kept = 您关注的内容都保留着，一恢复我就继续。
polymarket-age = ⏱ { $span }前的数据
amount-unknown = 未知
market-question = ◆ <b>{ $question }</b>
tracker-page = 第 { $page } 页

tracked-title = <b>您关注的钱包</b>
tracked-none = 还没有。
tracked-line = 👛 <b>{ $name }</b> · <code>{ $address }</code>
tracked-count = { $count } / { $max } 个
tracked-how = 发送 /track 加钱包地址，后面可以加名字。从那时起我会告诉您它的操作。
track-ask = 请把钱包地址（0x 和 40 位）或它在 Polymarket 的主页链接发给我；后面可以加一个您起的名字。
track-not-a-wallet = 这不是钱包地址。带名字的链接（@…）里没有地址：请从主页复制地址。
track-alias-long = 这个名字超过 40 个字符。
track-done = ✓ 我已关注 <b>{ $name }</b>，从现在起告诉您它的操作。
track-already = 您已经关注 <b>{ $name }</b>。
untrack-done = ✓ 我不再关注它。
rename-ask = <b>{ $name }</b> 改叫什么？最多 40 个字符；发送短横（-）则不要名字。
rename-done = ✓ 从现在起就这么叫。
wallet-unknown = 我不知道这个钱包。请发送它的地址（0x 和 40 位），或您关注的钱包的名字。

worth-title = 👛 <b>{ $name }</b>
worth-public-name = 在 Polymarket 叫 { $name }
worth-value = 价值 <b>{ $value }</b>，{ $count } 个未平仓位
worth-result = 盈亏：已实现 { $realized }，未实现 { $open }

positions-title = <b>持仓</b> · { $name }
positions-totals = <b>{ $count }</b> 个仓位，价值 <b>{ $value }</b>，成本 { $cost }：{ $result }
positions-redeemable = 其中 { $count } 个已赢，可以兑付。
positions-none = 它没有持仓。
positions-page = 第 { $page } / { $pages } 页
position-line = { $shares } { $outcome } · { $average } → { $price } · { $value } ({ $result })
position-won = ✅ { $shares } { $outcome } · { $average } → { $price } · { $value } ({ $result }) · 已赢

activity-title = <b>记录</b> · { $name }
activity-none = 没有这类操作。
activity-line = { $kind ->
    [buy] 买入
    [sell] 卖出
    [redeem] 兑付
    [split] 拆分
    [merge] 合并
   *[other] 奖励、转换或转移
} · { $usd } · { $when }
activity-traded = { $kind ->
    [buy] 买入
    [sell] 卖出
    [redeem] 兑付
    [split] 拆分
    [merge] 合并
   *[other] 奖励、转换或转移
} { $shares } { $outcome }，价格 { $price } · { $usd } · { $when }

smart-title = <b>聪明钱包</b>
smart-how = 由我们的管理员挑选。至少三个持有同一市场的同一方，就是信号：/consensus
smart-none = 名单是空的。
signals-title = <b>聪明钱包的共识</b>
signals-how = 最近七天的信号，每天最强的在前。
signals-hits = 至今已有结果的 { $decided } 个中，{ $right } 个正确：{ $percent } %。
signals-hits-none = 至今都还没有结果。
signals-none = 最近七天没有信号。
signals-scanned = 上次查看：{ $when }
signals-told = 有新信号我会通知您。
signals-muted = 有新信号我不通知您。
signal-title = 🎯 <b>聪明钱包的共识</b>
signal-line = { $end ->
    [right] ✅
    [wrong] ❌
    [split] 🟰
   *[open] ⏳
} <b>{ $outcome }</b> · { $wallets } 个钱包 · { $usd } · 评分 { $score }（{ $level ->
    [very-high] 很高
    [high] 高
    [medium] 中
   *[low] 低
}）
signal-holder = 👛 { $name }：{ $usd }，占其持仓 { $percent } %

wallet-alert = { $kind ->
    [opened] 👛 <b>{ $name }</b> 建仓：{ $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
    [increased] 👛 <b>{ $name }</b> 加仓：{ $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
    [reduced] 👛 <b>{ $name }</b> 减仓：{ $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
    [closed] 👛 <b>{ $name }</b> 平仓：{ $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
    [bought] 👛 <b>{ $name }</b> 买入 { $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
    [sold] 👛 <b>{ $name }</b> 卖出 { $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
    [redeemed] 👛 <b>{ $name }</b> 兑付 { $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
   *[resolved] 👛 <b>{ $name }</b> 持有的市场有了结果：{ $shares } { $outcome } 每份得 { $price }，共 <b>{ $usd }</b>
}
wallet-alert-after = 现在持有 { $shares }
wallet-alert-part = 占其持仓 { $percent } %（{ $portfolio }）
alert-delay = 上链于 { $at }，{ $delay }后告诉您
large-trade = { $kind ->
    [sold] 🐋 <b>{ $name }</b> 卖出 { $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
   *[bought] 🐋 <b>{ $name }</b> 买入 { $shares } { $outcome }，价格 { $price }，共 <b>{ $usd }</b>
}

toast-tracker = 正在处理…
requesting-tracker = 正在处理…

button-tracked = 关注钱包
button-track-more = 关注一个钱包
button-track = 关注
button-untrack = 不再关注
button-rename = 改名
button-worth = 价值
button-positions = 持仓
button-activity = 记录
button-activity-all = 全部
button-activity-trades = 买卖
button-activity-redeemed = 兑付
button-activity-other = 其他
button-smart = 聪明钱包
button-consensus = 共识
button-mute = 🔕 不再通知
button-unmute = 🔔 通知我
button-polymarket = 去 Polymarket ↗
button-page-before = ‹ 上一页
button-page-after = 下一页 ›
