# What somebody is told, and when.

command-alerts = Prices you wait for, and from which size on I tell

alerts-title = <b>Alerts</b>
alerts-none = You wait for no price. Open a market and tap a bell.
alerts-prices = Prices you wait for: { $count } of { $max }
alert-above = 🔔 { $outcome } at <b>{ $price }</b> or more · { $question }
alert-below = 🔔 { $outcome } at <b>{ $price }</b> or less · { $question }
alert-set-above = ✓ I tell you once when { $outcome } trades at <b>{ $price }</b> or more · { $question }
alert-set-below = ✓ I tell you once when { $outcome } trades at <b>{ $price }</b> or less · { $question }
alert-removed = ✓ I do not wait for it any more.
alerts-wallets = 👛 Wallets you follow: from { $usd } on, or from { $percent } % of what they hold
alerts-whales = 🐋 Trades of anybody: from { $usd } on
threshold-value-ask = From which value on shall I tell you what a wallet does that you follow? Choose or type one in dollars.
threshold-share-ask = From which part of what it holds on shall I tell you what a wallet does that you follow? Choose or type one in percent.
threshold-whale-ask = From which value on shall I tell you about trades of anybody? Choose or type one in dollars.
threshold-not-usd = That is not a whole number of dollars.
threshold-not-percent = That is no part between 0.01 and 100 percent.

notifications-title = <b>What I tell you</b>
notifications-how = Money and security are always told. Tap the rest on or off.
notifications-set = ✓ Noted.
category-room = Rooms
category-tracker = Wallets
category-whale = Large trades
category-consensus = Consensus
category-price = Prices
category-system = News
quiet-on = 🌙 Quiet from { $from } to { $until } ({ $zone })
quiet-off = 🌙 No quiet hours
quiet-ask = Choose the hours, or type them and your time zone: <code>22:00-08:00 Europe/Madrid</code>. Money comes without a sound then, and the rest waits.
quiet-not-hours = I could not read that. Hours look like 22:00-08:00, time zones like Europe/Madrid.
digest-on = 📮 One message a day, at { $at } ({ $zone })
digest-off = 📮 A message for everything
digest-ask = Choose a time, or type one as in 18:30. What is not money comes in one message then. Your time zone is that of the quiet hours.
digest-not-a-time = That is no time of the day.
digest-title = 📮 <b>What happened since { $since }</b>
digest-more = { $count ->
    [one] and one more
   *[other] and { $count } more
}
broadcast = 📣 { $text }

webhook-title = <b>Webhook</b>
webhook-none = I call no address of yours.
webhook-url = I call <code>{ $url }</code>
webhook-key = Key of the signatures: <code>{ $key }</code>
webhook-success = Last call that worked: { $when }
webhook-error = Last call failed: { $why }
webhook-ask = Send me an https address, and I call it with each notification as well. Each call is signed with HMAC-SHA256 in the header X-Rooms-Signature; whoever has the key can check that it comes from me.

button-alerts = Alerts
button-alert-remove = ✕ { $outcome } { $price }
button-threshold-value = 👛 From value
button-threshold-share = 👛 From part
button-threshold-whale = 🐋 From value
button-notifications = Notifications
button-category-on = ✅ { $name }
button-category-off = ⬜ { $name }
button-quiet = Quiet hours
button-quiet-on = Turn on
button-quiet-off = Turn off
button-digest = Once a day
button-digest-off = Single messages again
button-webhook = Webhook
button-webhook-remove = Remove
