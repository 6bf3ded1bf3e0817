# Кошельки Polymarket и то, в чём сходятся умные.

command-track = Следить за кошельком на Polymarket
command-untrack = Больше не следить за кошельком
command-list = Кошельки, за которыми вы следите
command-rename = Переименовать кошелёк
command-balance = Ваш баланс или стоимость кошелька
command-positions = Что есть у кошелька
command-history = Ваши результаты или действия кошелька
command-smartwallets = Кошельки, о согласии которых я сообщаю
command-consensus = В чём сходятся умные кошельки
command-muteconsensus = Не сообщать об умных кошельках

polymarket-away = Polymarket сейчас не отвечает.
polymarket-away-kept = Всё, за чем вы следите, сохранено; продолжу, как только он снова ответит.
polymarket-age = ⏱ Данные: { $span } назад
amount-unknown = неизвестно
market-question = ◆ <b>{ $question }</b>
tracker-page = Страница { $page }

tracked-title = <b>Кошельки, за которыми вы следите</b>
tracked-none = Пока ни одного.
tracked-line = 👛 <b>{ $name }</b> · <code>{ $address }</code>
tracked-count = { $count } из { $max }
tracked-how = Отправьте /track с адресом кошелька и, если хотите, его именем. С этого времени я сообщаю, что он делает.
track-ask = Пришлите адрес кошелька (0x и 40 цифр) или ссылку на его профиль на Polymarket; после него, если хотите, своё имя для него.
track-not-a-wallet = Это не адрес кошелька. Ссылка с именем (@…) его не содержит: скопируйте адрес из профиля.
track-alias-long = В этом имени больше 40 знаков.
track-done = ✓ Слежу за <b>{ $name }</b> и буду сообщать, что он делает.
track-already = Вы уже следите за <b>{ $name }</b>.
untrack-done = ✓ Больше не слежу за ним.
rename-ask = Как назвать <b>{ $name }</b>? Не больше 40 знаков; чтобы убрать имя, пришлите дефис (-).
rename-done = ✓ Теперь он называется так.
wallet-unknown = Такого кошелька я не знаю. Пришлите его адрес (0x и 40 цифр) или имя того, за которым вы следите.

worth-title = 👛 <b>{ $name }</b>
worth-public-name = На Polymarket известен как { $name }
worth-value = { $count ->
    [one] Стоит <b>{ $value }</b>, { $count } открытая позиция
    [few] Стоит <b>{ $value }</b>, { $count } открытые позиции
    [many] Стоит <b>{ $value }</b>, { $count } открытых позиций
   *[other] Стоит <b>{ $value }</b>, { $count } открытой позиции
}
worth-result = Результат: { $realized } получено, { $open } ещё открыто

positions-title = <b>Позиции</b> · { $name }
positions-totals = { $count ->
    [one] <b>{ $count }</b> позиция на <b>{ $value }</b>, куплено за { $cost }: { $result }
    [few] <b>{ $count }</b> позиции на <b>{ $value }</b>, куплено за { $cost }: { $result }
    [many] <b>{ $count }</b> позиций на <b>{ $value }</b>, куплено за { $cost }: { $result }
   *[other] <b>{ $count }</b> позиции на <b>{ $value }</b>, куплено за { $cost }: { $result }
}
positions-redeemable = { $count ->
    [one] { $count } из них выиграла, её можно погасить.
    [few] { $count } из них выиграли, их можно погасить.
    [many] { $count } из них выиграли, их можно погасить.
   *[other] { $count } из них выиграло, их можно погасить.
}
positions-none = Позиций у него нет.
positions-page = Страница { $page } из { $pages }
position-line = { $shares } { $outcome } · { $average } → { $price } · { $value } ({ $result })
position-won = ✅ { $shares } { $outcome } · { $average } → { $price } · { $value } ({ $result }) · выигрыш

activity-title = <b>История</b> · { $name }
activity-none = Ничего такого нет.
activity-line = { $kind ->
    [buy] Покупка
    [sell] Продажа
    [redeem] Погашение
    [split] Разделение
    [merge] Слияние
   *[other] Награда, обмен или перевод
} · { $usd } · { $when }
activity-traded = { $kind ->
    [buy] Покупка
    [sell] Продажа
    [redeem] Погашение
    [split] Разделение
    [merge] Слияние
   *[other] Награда, обмен или перевод
}: { $shares } { $outcome } по { $price } · { $usd } · { $when }

smart-title = <b>Умные кошельки</b>
smart-how = Их выбирают наши операторы. Когда хотя бы три из них держат одну сторону рынка, это сигнал: /consensus
smart-none = В списке никого нет.
signals-title = <b>Умные кошельки сходятся</b>
signals-how = Сигналы за последние семь дней, сначала самый сильный каждого дня.
signals-hits = Из уже решённых ({ $decided }) верными были { $right }: { $percent } %.
signals-hits-none = Пока ни один не решён.
signals-none = За последние семь дней сигналов нет.
signals-scanned = Последняя проверка: { $when }
signals-told = О новых я вам сообщаю.
signals-muted = О новых я вам не сообщаю.
signal-title = 🎯 <b>Умные кошельки сходятся</b>
signal-line = { $end ->
    [right] ✅
    [wrong] ❌
    [split] 🟰
   *[open] ⏳
} <b>{ $outcome }</b> · кошельков: { $wallets } · { $usd } · оценка { $score } ({ $level ->
    [very-high] очень высокая
    [high] высокая
    [medium] средняя
   *[low] низкая
})
signal-holder = 👛 { $name }: { $usd }, это { $percent } % его позиций

wallet-alert = { $kind ->
    [opened] 👛 <b>{ $name }</b> открывает позицию: { $shares } { $outcome } по { $price } за <b>{ $usd }</b>
    [increased] 👛 <b>{ $name }</b> докупает: { $shares } { $outcome } по { $price } за <b>{ $usd }</b>
    [reduced] 👛 <b>{ $name }</b> продаёт часть: { $shares } { $outcome } по { $price } за <b>{ $usd }</b>
    [closed] 👛 <b>{ $name }</b> закрывает позицию: { $shares } { $outcome } по { $price } за <b>{ $usd }</b>
    [bought] 👛 <b>{ $name }</b> покупает { $shares } { $outcome } по { $price } за <b>{ $usd }</b>
    [sold] 👛 <b>{ $name }</b> продаёт { $shares } { $outcome } по { $price } за <b>{ $usd }</b>
    [redeemed] 👛 <b>{ $name }</b> погашает { $shares } { $outcome } по { $price } на <b>{ $usd }</b>
   *[resolved] 👛 Рынок решён, в нём <b>{ $name }</b>: { $shares } { $outcome } приносят по { $price }, всего <b>{ $usd }</b>
}
wallet-alert-after = Теперь у него { $shares }
wallet-alert-part = Это { $percent } % его позиций ({ $portfolio })
alert-delay = В сети { $at }, сообщение через { $delay }
large-trade = { $kind ->
    [sold] 🐋 <b>{ $name }</b> продаёт { $shares } { $outcome } по { $price } за <b>{ $usd }</b>
   *[bought] 🐋 <b>{ $name }</b> покупает { $shares } { $outcome } по { $price } за <b>{ $usd }</b>
}

toast-tracker = Делаю…
requesting-tracker = Делаю…

button-tracked = Слежение
button-track-more = Следить за ещё одним
button-track = Следить
button-untrack = Не следить
button-rename = Имя
button-worth = Стоимость
button-positions = Позиции
button-activity = История
button-activity-all = Всё
button-activity-trades = Сделки
button-activity-redeemed = Погашения
button-activity-other = Прочее
button-smart = Умные кошельки
button-consensus = Сигналы
button-mute = 🔕 Не сообщать
button-unmute = 🔔 Сообщать
button-polymarket = На Polymarket ↗
button-page-before = ‹ Раньше
button-page-after = Ещё ›
