# Список комнат, карточка комнаты, результаты.

question-touch-up = Поднимется ли { $asset } до ${ $target } к { $deadline }?
question-touch-down = Опустится ли { $asset } до ${ $target } к { $deadline }?
question-close-above = Будет ли { $asset } не ниже ${ $target } на момент { $deadline }?
question-close-below = Будет ли { $asset } не выше ${ $target } на момент { $deadline }?
question-cap-touch-up = Поднимется ли капитализация { $asset } до ${ $target } к { $deadline }?
question-cap-touch-down = Опустится ли капитализация { $asset } до ${ $target } к { $deadline }?
question-cap-close-above = Будет ли капитализация { $asset } не ниже ${ $target } на момент { $deadline }?
question-cap-close-below = Будет ли капитализация { $asset } не выше ${ $target } на момент { $deadline }?
question-up-down = Вырастет или упадёт { $asset } с { $from } до { $deadline }?
question-buckets = Где будет { $asset } на момент { $deadline }?
question-head-to-head = Что вырастет больше с { $from } до { $deadline }: { $asset } или { $rival }?
short-touch-up = { $asset } ↑ ${ $target }
short-touch-down = { $asset } ↓ ${ $target }
short-close-above = { $asset } ≥ ${ $target }
short-close-below = { $asset } ≤ ${ $target }
short-cap-touch-up = { $asset } кап. ↑ ${ $target }
short-cap-touch-down = { $asset } кап. ↓ ${ $target }
short-cap-close-above = { $asset } кап. ≥ ${ $target }
short-cap-close-below = { $asset } кап. ≤ ${ $target }
short-up-down = { $asset } ↑ или ↓
short-buckets = { $asset }, диапазонов: { $ranges }
short-head-to-head = { $asset } или { $rival }
range-below = ниже ${ $high }
range-between = от ${ $low } до ${ $high }
range-above = ${ $low } и выше

state-queuing = 🟢 Открыта, ждёт игроков
state-open = 🟢 Открыта
state-locked = 🔒 Ставки закрыты
state-settling = ⏳ Идёт расчёт
state-settled = 🏁 Рассчитана
state-voided = ↩️ Аннулирована, ставки возвращены
state-archived = 🏁 Завершена

rooms-title-live = <b>Действующие комнаты</b>
rooms-title-mine = <b>Комнаты, которые открыли вы</b>
rooms-title-past = <b>Прошедшие комнаты</b>
rooms-none-live = Сейчас нет ни одной открытой комнаты. Задайте вопрос первым.
rooms-none-mine = Вы ещё не открывали комнат.
rooms-none-past = Ещё ни одна комната не завершилась.
rooms-page = Страница { $page } из { $pages }
rooms-line-question = <b>#{ $number }</b> { $question }
rooms-line-live = { $state } · закрытие { $closes } · { $pool } SOL · { $players ->
    [one] { $players } игрок
    [few] { $players } игрока
   *[many] { $players } игроков
}
rooms-line-queuing = { $state } · закрытие { $closes } · { $pool } SOL · игроков { $players } из { $needed }
rooms-line-ended = { $state } · { $pool } SOL · { $players ->
    [one] { $players } игрок
    [few] { $players } игрока
   *[many] { $players } игроков
}
button-room = #{ $number } · { $short }
button-filter-live = Сейчас
button-filter-mine = Мои
button-filter-past = Прошлые
button-filter-chosen = • { $label }

card-head = <b>Комната #{ $number }</b> · { $state }
card-question = <b>{ $question }</b>
card-subtitle = <i>{ $subtitle }</i>
card-pool = { $outcome } <b>{ $pool } SOL</b> · { $share } % · платит ×{ $odds }
card-pool-empty = { $outcome } <b>0 SOL</b> · пока никого
card-players = Игроков { $players } из { $seats }
card-queuing = Игроков { $players } из { $needed }: начнётся с последним из них · мест { $seats }
card-pending = Ещё { $pending } SOL поставлены только что и пока не учтены
card-host = Эту комнату открыли вы.
card-your-bet = Ваша ставка: <b>{ $stake } SOL на { $outcome }</b>
card-your-bet-pays = Ваша ставка: <b>{ $stake } SOL на { $outcome }</b>, при нынешних пулах платит { $payout } SOL
card-price = { $asset } сейчас <b>${ $price }</b> · { $age }
card-no-price = { $asset } сейчас <i>без цены</i>
card-cap = Капитализация { $asset } сейчас <b>${ $cap }</b> · { $age }
card-no-cap = Капитализация { $asset } сейчас <i>неизвестна: нет цены</i>
card-closes = Закрытие ставок { $at } · { $relative }
card-closed = Ставки закрыты { $at }
card-deadline = Срок { $at } · { $relative }
card-deadline-past = Срок { $at }
card-provisional = <i>До вердикта пулы и выплаты предварительные.</i>
card-rule-touch = ДА, как только подтверждённая цена достигнет ${ $target } раньше срока, иначе НЕТ. Подтверждена: медиана не менее { $quorum ->
    [one] { $quorum } биржи
   *[many] { $quorum } бирж
} 3 секунды на цели или за ней.
card-rule-close = Решает цена срока: { $mean ->
    [one] цена одной секунды,
   *[many] среднее за { $mean } секунд от
} медианы не менее { $quorum ->
    [one] { $quorum } биржи
   *[many] { $quorum } бирж
}. Равенство цели – это ДА.
card-rule-up-down = ВВЕРХ, если цена срока выше начальной, ВНИЗ, если ниже. Начальная цена: среднее за { $mean ->
    [one] первую секунду
    [few] первые { $mean } секунды
   *[many] первые { $mean } секунд
} после закрытия ставок. Цена срока: среднее за { $mean ->
    [one] последнюю секунду
    [few] последние { $mean } секунды
   *[many] последние { $mean } секунд
} перед сроком.
card-rule-buckets = Выигрывает диапазон, в котором лежит цена срока. Нижняя граница в него входит, верхняя – нет. Цена срока: среднее за { $mean ->
    [one] последнюю секунду
    [few] последние { $mean } секунды
   *[many] последние { $mean } секунд
} перед сроком.
card-rule-head-to-head = Цена каждого к сроку делится на его цену при закрытии ставок; выигрывает больший результат. Обе цены – средние за { $mean ->
    [one] одну секунду.
    [few] { $mean } секунды: первые после закрытия ставок и последние перед сроком.
   *[many] { $mean } секунд: первые после закрытия ставок и последние перед сроком.
}
card-rule-price = Цена – медиана не менее { $quorum ->
    [one] { $quorum } биржи
   *[many] { $quorum } бирж
}.
card-rule-tie = Точное равенство – ничья: все ставки возвращаются.
card-rule-cap-touch = ДА, как только средняя капитализация за { $mean ->
    [one] одну секунду
    [few] { $mean } секунды
   *[many] { $mean } секунд
} пробудет на ${ $target } или за этой целью 3 секунды раньше срока, иначе НЕТ.
card-rule-cap-close = Решает средняя капитализация за { $mean ->
    [one] последнюю секунду
    [few] последние { $mean } секунды
   *[many] последние { $mean } секунд
} перед сроком. Равенство цели – это ДА.
card-rule-token = Капитализация: цена, умноженная на { $supply } – выпуск <code>{ $mint }</code> при открытии комнаты.
card-rule-token-price = Цена читается из собственных счетов токена в блокчейне, и DexScreener должен сходиться с ней в пределах 2 %.
card-rule-custom = Судят по: { $criterion }
card-rule-source = Источник: { $source }
card-rule-operators = Решают два оператора, ни один из которых здесь не ставил. Если через { $wait } после срока решения нет, все ставки возвращаются.
card-rule-past-post = Ставки, принятые менее чем за { $seconds ->
    [one] { $seconds } секунду
    [few] { $seconds } секунды
   *[many] { $seconds } секунд
} до касания, возвращаются.
card-rule-void = Если никто не выиграл, никто не проиграл или результат нельзя установить достаточно надёжно, все ставки возвращаются без комиссии.
card-rule-fee = Комиссия { $fee } % от проигравших ставок.
card-rule-open = При открытии ${ $open }.
card-terms = Условия <code>{ $hash }</code>
button-bet-on = { $outcome }
button-bet-on-odds = { $outcome } · ×{ $odds }
button-result = Результат

result-outcome = Результат <b>{ $outcome }</b>
result-void = <b>Аннулирована:</b> { $reason }. Все ставки возвращены.
result-corrected = <b>Исправлено:</b> проигравшие ставки этой комнаты возмещены после спора.
result-price = Решающая цена ${ $price }
result-cap = Решающая капитализация ${ $price }
result-operators = Решено двумя операторами
result-moved = { $asset } ${ $from } → ${ $to } ({ $percent } %)
result-observed = Зафиксировано { $at }
result-venues = Решили цены: { $venues }
result-waits = <i>Решающая цена была менее надёжной, чем обычно. Операторы могут проверить её до { $until }; затем выплата пройдёт как есть.</i>
result-fees = Комиссия { $fee } SOL
result-terms = Хеш условий
result-root = Корень всех выплат
result-receipt = Квитанция в блокчейне
result-receipt-pending = Квитанция: записывается в блокчейн
result-pending = Вердикта ещё нет.
result-verify = Проверить может каждый: в «Проверить» есть цены, ставки и выплаты, а <code>roomsctl evidence verify</code> проходит по всему этому.
button-verify = Проверить
hash = <code>{ $hash }</code>
button-explorer = Смотреть в блокчейне

void-no-opposition = все были на одной стороне
void-tie = ничья
void-oracle-insufficient = не было надёжной цены
void-min-players = не хватило игроков
void-host-cancel = создатель отменил её
void-operator-void = её отменили операторы
void-manipulation-suspected = цена выглядела подтасованной
void-unresolved = установить ответ не удалось

room-not-found = Такой комнаты нет, или вам она не открыта.

button-cancel-room = Отозвать комнату
button-cancel-room-confirm = Да, отозвать
cancel-room-title = <b>Отозвать комнату #{ $number }?</b>
cancel-room-means = Она закроется навсегда. Если вы сами в ней ставили, ставка вернётся целиком. Это возможно, только пока не поставил никто другой.
toast-cancelling-room = Отзываю комнату…
cancelling-room = Отзываю комнату…
room-cancelled = <b>Ваша комната отозвана.</b>
room-not-cancelled = <b>Не отозвана.</b>
