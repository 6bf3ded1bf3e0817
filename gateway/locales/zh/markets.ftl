# Polymarket 的市场，以及问同样问题的房间。

command-markets = Polymarket 的市场，或搜索
command-market = 一个市场和它的盘口

markets-title = <b>Polymarket 的市场</b>
markets-how = 最近 24 小时成交最多的在前。
markets-found = <b>含有这些词的市场</b> { $words }
markets-none = 没有。
market-line = { $prices } · 24 小时 { $volume } · { $ends }
market-ends = { $when }结束
market-open = 开放
market-closed = 已停止交易
market-decided = 结果：{ $outcome }
market-search-ask = 请发给我问题里的几个词。
market-unknown = 我找不到这个市场。请发送 /market 加它的页面链接，或加问题里的词。
market-outcome = { $outcome } <b>{ $price }</b>
market-outcome-book = { $outcome } <b>{ $price }</b> · 买 { $bid } · 卖 { $ask } · 价差 { $spread }
market-book-line = <code>{ $row }</code>
market-more-outcomes = 另有 { $count } 个答案
market-volume = 成交 { $all }，24 小时 { $day } · 流动性 { $liquidity }
market-course = 最近 7 天，{ $outcome }：{ $low } 到 { $high }

price-alert-ask = { $outcome } 现价 <b>{ $price }</b>。到什么价格通知您？请选择或输入，例如 65¢ 或 0.65。
price-alert-not-a-price = 这不是 0 到 100¢ 之间的价格。
price-reached-above = 🔔 <b>{ $outcome }</b> 现价 <b>{ $price }</b>：您等的是 { $wanted } 或更高
price-reached-below = 🔔 <b>{ $outcome }</b> 现价 <b>{ $price }</b>：您等的是 { $wanted } 或更低
price-reached-at = 成交于 { $at }

room-from-market = 🎲 您的房间问的就是这个市场的问题：{ $question }
room-from-market-day = 🎲 您的房间问的就是这个市场的问题：{ $question } 市场到 { $until } 结束；房间最长一天。
room-from-market-not = 这不能做成您的房间。人人可开的房间由 SOL、BTC、ETH 在多家交易所的价格决定，而这个市场问的不是其中之一是否达到某个价格。需要人来判定的房间只由我们的管理员开。
room-from-market-over = 这个市场已经结束，没有可下注的了。
room-custom = 作为管理员，您用自己的密钥把它开成 CUSTOM 房间。请先核对标准和答案：
room-custom-command = <code>{ $command }</code>

button-markets = 市场
button-market-search = 搜索
button-bell = 🔔 { $outcome }
button-room-from-market = 🎲 用它开一个房间
