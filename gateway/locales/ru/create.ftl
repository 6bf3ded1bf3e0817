# Мастер открытия комнаты.

create-title = <b>Новая комната</b>
create-so-far = { $summary }
create-kind = О чём будет вопрос?
create-kind-touch-help = <b>Касание</b>: дойдёт ли цена до цели раньше срока?
create-kind-close-help = <b>Закрытие</b>: где будет цена к сроку?
create-kind-up-down-help = <b>Вверх или вниз</b>: от закрытия ставок до срока.
create-kind-buckets-help = <b>Диапазоны</b>: в каком из нескольких диапазонов окажется цена к сроку?
create-kind-head-to-head-help = <b>Дуэль</b>: какой из двух активов к сроку вырастет больше?
create-kind-cap-help = <b>Капитализация</b>: касание или закрытие, для токена по его адресу mint.
button-kind-touch = Касание
button-kind-close = Закрытие
button-kind-up-down = Вверх или вниз
button-kind-buckets = Диапазоны
button-kind-head-to-head = Дуэль
button-kind-cap-touch = Капит., касание
button-kind-cap-close = Капит., закрытие
button-chosen = • { $label }
create-asset = Какая цена?
button-asset = { $asset }
create-rival = Против какого?
create-mint = Пришлите адрес mint токена. Его выпуск должен быть неизменным, а рынку – не менее суток и не менее $50,000.
create-mint-invalid = Это не адрес mint. В нём от 32 до 44 букв и цифр.
create-comparator-cap = ДА – это когда к сроку капитализация…
create-comparator = ДА – это когда к сроку цена…
button-at-or-above = не ниже цели
button-at-or-below = не выше цели
create-target = Напишите цену-цель в USD. Подойдёт <code>165</code>, <code>104,500</code>, <code>104.5k</code> или <code>2m</code>.
create-cap = Напишите капитализацию-цель в USD, не ближе 10 %. Подойдёт <code>750k</code>, <code>2m</code> или <code>5b</code>.
create-bounds = Напишите цены между диапазонами в USD, начиная с меньшей. <code>150 160 170</code> даёт четыре: ниже $150, от $150 до $160, от $160 до $170, $170 и выше. От одной до семи цен.
create-bounds-invalid = Я не понимаю это как цены по возрастанию. Попробуйте <code>150 160 170</code>: от одной до семи, через пробел.
create-cap-now = Капитализация { $asset } сейчас ${ $price } · { $age }
create-cap-unavailable = Сейчас я не вижу капитализацию { $asset }, а без неё комнату не открыть.
create-price-now = { $asset } сейчас ${ $price } · { $age }
create-price-unavailable = У { $asset } сейчас нет цены, а без неё комнату не открыть.
create-target-invalid = Я не понимаю это как цену. Попробуйте <code>165</code>, <code>104,500</code> или <code>104.5k</code>.
button-keep = Оставить { $what }
create-horizon = Сколько времени до срока?
button-horizon-custom = Другое
create-horizon-custom = Напишите сколько, например <code>45m</code>, <code>3h</code> или <code>1h30m</code>.
create-horizon-invalid = Я не понимаю это как время. Попробуйте <code>45m</code>, <code>3h</code> или <code>1h30m</code>.
create-players = Сколько нужно игроков, чтобы начать? До этого ставить могут все; если к закрытию ставок столько не наберётся, все ставки вернутся. Выберите или напишите число.
create-players-invalid = Это не число игроков. Напишите 2 или больше.
button-players = { $players ->
    [0] Начать сразу
   *[other] { $players }
}
create-subtitle = Напишите, что добавить под вопросом: источник, повод — не больше 80 знаков. Это ничего не решает: решает только сам вопрос. Чтобы ничего не добавлять, пришлите дефис (-).
create-subtitle-long = Здесь больше 80 знаков.
create-review-title = <b>Проверьте комнату</b>
create-review-horizon = Срок – через { $span } после открытия; ставки закроются примерно на середине.
create-review-distance = { $asset } сейчас ${ $price }: цель на { $percent } % { $direction ->
    [above] выше
   *[below] ниже
}.
create-review-distance-cap = Капитализация сейчас ${ $price }: цель на { $percent } % { $direction ->
    [above] выше
   *[below] ниже
}.
create-review-players = Комната начнётся, когда наберётся игроков: { $players }.
create-review-rules = Комиссия { $fee } % от проигравших ставок; ваша доля как создателя зачислится вам. Открытую комнату изменить нельзя, но пока не поставил никто другой, её можно отозвать.
button-open-this-room = Открыть эту комнату
button-edit-kind = Вид
button-edit-asset = Актив
button-edit-mint = Токен
button-edit-comparator = Сторона
button-edit-rival = Соперник
button-edit-target = Цель
button-edit-bounds = Диапазоны
button-edit-horizon = Срок
button-edit-players = Игроки
button-edit-subtitle = Примечание
opening-room = Открываю вашу комнату…
room-opened = <b>Ваша комната открыта.</b>
room-refused = <b>Не открыта.</b>
button-existing-room = Открыть комнату #{ $number }
summary-rival = против { $asset }
summary-at-or-above = не ниже ${ $target }
summary-at-or-below = не выше ${ $target }
summary-separator = { " · " }
button-change-room = Изменить
