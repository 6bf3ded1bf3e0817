# 通知什么，什么时候通知。

command-alerts = 您等的价格，以及通知的门槛

alerts-title = <b>提醒</b>
alerts-none = 您没有在等价格。打开一个市场，点铃铛。
alerts-prices = 您等的价格：{ $count } / { $max }
alert-above = 🔔 { $outcome } 到 <b>{ $price }</b> 或更高 · { $question }
alert-below = 🔔 { $outcome } 到 <b>{ $price }</b> 或更低 · { $question }
alert-set-above = ✓ { $outcome } 到 <b>{ $price }</b> 或更高时，我通知您一次 · { $question }
alert-set-below = ✓ { $outcome } 到 <b>{ $price }</b> 或更低时，我通知您一次 · { $question }
alert-removed = ✓ 我不再等它了。
alerts-wallets = 👛 您关注的钱包：从 { $usd } 起，或从其持仓的 { $percent } % 起
alerts-whales = 🐋 任何人的成交：从 { $usd } 起
threshold-value-ask = 您关注的钱包操作多大金额时通知您？请选择或输入美元数。
threshold-share-ask = 您关注的钱包操作占其持仓多大比例时通知您？请选择或输入百分比。
threshold-whale-ask = 任何人的成交多大金额时通知您？请选择或输入美元数。
threshold-not-usd = 这不是整数的美元数。
threshold-not-percent = 这不是 0.01 到 100 之间的百分比。

notifications-title = <b>我通知您什么</b>
notifications-how = 资金和安全总会通知。其余的点一下即可开关。
notifications-set = ✓ 已记下。
category-room = 房间
category-tracker = 钱包
category-whale = 大额成交
category-consensus = 共识
category-price = 价格
category-system = 消息
quiet-on = 🌙 { $from } 到 { $until } 免打扰（{ $zone }）
quiet-off = 🌙 没有免打扰时段
quiet-ask = 请选择时段，或输入时段和您的时区：<code>22:00-08:00 Europe/Madrid</code>。那时资金通知没有声音，其余的等到之后。
quiet-not-hours = 我没看懂。时段写成 22:00-08:00，时区写成 Europe/Madrid。
digest-on = 📮 每天一条消息，{ $at }（{ $zone }）
digest-off = 📮 每件事一条消息
digest-ask = 请选择时间，或输入如 18:30。资金以外的都合成那时的一条消息。时区同免打扰时段。
digest-not-a-time = 这不是一天中的时间。
digest-title = 📮 <b>自 { $since } 以来</b>
digest-more = 还有 { $count } 条
broadcast = 📣 { $text }

webhook-title = <b>网络回调</b>
webhook-none = 我没有调用您的任何地址。
webhook-url = 我调用 <code>{ $url }</code>
webhook-key = 签名密钥：<code>{ $key }</code>
webhook-success = 上次成功的调用：{ $when }
webhook-error = 上次调用失败：{ $why }
webhook-ask = 请发给我一个 https 地址，每条通知我也会调用它。每次调用都用 HMAC-SHA256 签名，在 X-Rooms-Signature 头里；有密钥的人可以核实是我发的。

button-alerts = 提醒
button-alert-remove = ✕ { $outcome } { $price }
button-threshold-value = 👛 金额门槛
button-threshold-share = 👛 比例门槛
button-threshold-whale = 🐋 金额门槛
button-notifications = 通知
button-category-on = ✅ { $name }
button-category-off = ⬜ { $name }
button-quiet = 免打扰
button-quiet-on = 打开
button-quiet-off = 关闭
button-digest = 每天一条
button-digest-off = 恢复逐条通知
button-webhook = 网络回调
button-webhook-remove = 移除
