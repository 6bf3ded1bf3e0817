# О чём и когда сообщать.

command-alerts = Цены, которых вы ждёте, и пороги

alerts-title = <b>Оповещения</b>
alerts-none = Вы не ждёте никакой цены. Откройте рынок и нажмите колокольчик.
alerts-prices = Цены, которых вы ждёте: { $count } из { $max }
alert-above = 🔔 { $outcome } по <b>{ $price }</b> или выше · { $question }
alert-below = 🔔 { $outcome } по <b>{ $price }</b> или ниже · { $question }
alert-set-above = ✓ Сообщу один раз, когда { $outcome } будет торговаться по <b>{ $price }</b> или выше · { $question }
alert-set-below = ✓ Сообщу один раз, когда { $outcome } будет торговаться по <b>{ $price }</b> или ниже · { $question }
alert-removed = ✓ Больше не жду этого.
alerts-wallets = 👛 Кошельки, за которыми вы следите: от { $usd } или от { $percent } % их позиций
alerts-whales = 🐋 Сделки кого угодно: от { $usd }
threshold-value-ask = С какой суммы сообщать о действиях кошельков, за которыми вы следите? Выберите или напишите в долларах.
threshold-share-ask = С какой доли позиций сообщать о действиях кошельков, за которыми вы следите? Выберите или напишите в процентах.
threshold-whale-ask = С какой суммы сообщать о сделках кого угодно? Выберите или напишите в долларах.
threshold-not-usd = Это не целое число долларов.
threshold-not-percent = Это не доля от 0.01 до 100 процентов.

notifications-title = <b>О чём я сообщаю</b>
notifications-how = О деньгах и безопасности – всегда. Остальное включайте и выключайте нажатием.
notifications-set = ✓ Записал.
category-room = Комнаты
category-tracker = Кошельки
category-whale = Крупные сделки
category-consensus = Сигналы
category-price = Цены
category-system = Новости
quiet-on = 🌙 Тихо с { $from } до { $until } ({ $zone })
quiet-off = 🌙 Тихих часов нет
quiet-ask = Выберите часы или напишите их с вашим часовым поясом: <code>22:00-08:00 Europe/Madrid</code>. О деньгах я тогда сообщаю без звука, остальное ждёт.
quiet-not-hours = Не смог прочитать. Часы пишут как 22:00-08:00, пояса – как Europe/Madrid.
digest-on = 📮 Одно сообщение в день, в { $at } ({ $zone })
digest-off = 📮 Сообщение о каждом событии
digest-ask = Выберите время или напишите, например 18:30. Всё, кроме денег, придёт тогда одним сообщением. Часовой пояс – тот же, что у тихих часов.
digest-not-a-time = Это не время суток.
digest-title = 📮 <b>Что произошло с { $since }</b>
digest-more = { $count ->
    [one] и ещё { $count } событие
    [few] и ещё { $count } события
    [many] и ещё { $count } событий
   *[other] и ещё { $count } события
}
broadcast = 📣 { $text }

webhook-title = <b>Вебхук</b>
webhook-none = Ни один ваш адрес я не вызываю.
webhook-url = Вызываю <code>{ $url }</code>
webhook-key = Ключ подписей: <code>{ $key }</code>
webhook-success = Последний удачный вызов: { $when }
webhook-error = Последний вызов не удался: { $why }
webhook-ask = Пришлите адрес https, и я буду вызывать его при каждом уведомлении. Каждый вызов подписан HMAC-SHA256 в заголовке X-Rooms-Signature; у кого есть ключ, тот проверит, что это я.

button-alerts = Оповещения
button-alert-remove = ✕ { $outcome } { $price }
button-threshold-value = 👛 От суммы
button-threshold-share = 👛 От доли
button-threshold-whale = 🐋 От суммы
button-notifications = Уведомления
button-category-on = ✅ { $name }
button-category-off = ⬜ { $name }
button-quiet = Тихие часы
button-quiet-on = Включить
button-quiet-off = Выключить
button-digest = Раз в день
button-digest-off = Снова по одному
button-webhook = Вебхук
button-webhook-remove = Убрать
