# Рынки Polymarket и комнаты с тем же вопросом.

command-markets = Рынки Polymarket или поиск
command-market = Один рынок и его стакан

markets-title = <b>Рынки Polymarket</b>
markets-how = Сначала те, где за 24 часа торговали больше всего.
markets-found = <b>Рынки со словами</b> { $words }
markets-none = Таких нет.
market-line = { $prices } · за 24 ч { $volume } · { $ends }
market-ends = конец { $when }
market-open = открыт
market-closed = торги закончены
market-decided = решён: { $outcome }
market-search-ask = Пришлите несколько слов из вопроса.
market-unknown = Такого рынка я не нахожу. Отправьте /market со ссылкой на его страницу или со словами из вопроса.
market-outcome = { $outcome } <b>{ $price }</b>
market-outcome-book = { $outcome } <b>{ $price }</b> · покупка { $bid } · продажа { $ask } · спред { $spread }
market-book-line = <code>{ $row }</code>
market-more-outcomes = { $count ->
    [one] и ещё { $count } ответ
    [few] и ещё { $count } ответа
    [many] и ещё { $count } ответов
   *[other] и ещё { $count } ответа
}
market-volume = Оборот { $all }, за 24 ч { $day } · ликвидность { $liquidity }
market-course = Последние 7 дней, { $outcome }: от { $low } до { $high }

price-alert-ask = { $outcome } торгуется по <b>{ $price }</b>. При какой цене сообщить? Выберите или напишите, например 65¢ или 0.65.
price-alert-not-a-price = Это не цена между 0 и 100¢.
price-reached-above = 🔔 <b>{ $outcome }</b> торгуется по <b>{ $price }</b>: вы ждали { $wanted } или выше
price-reached-below = 🔔 <b>{ $outcome }</b> торгуется по <b>{ $price }</b>: вы ждали { $wanted } или ниже
price-reached-at = Сделка { $at }

room-from-market = 🎲 Ваша комната спрашивает то же, что этот рынок: { $question }
room-from-market-day = 🎲 Ваша комната спрашивает то же, что этот рынок: { $question } Рынок идёт до { $until }; комната – не больше суток.
room-from-market-not = Такой вашей комнаты быть не может. Комнаты, которые открывает любой, решают цены SOL, BTC и ETH на нескольких биржах, а этот рынок не о том, достигнет ли одна из них цены. Комнаты, где судят люди, открывают только наши операторы.
room-from-market-over = Этот рынок закончен, ставить не на что.
room-custom = Как оператор вы открываете её как комнату CUSTOM своим ключом. Сначала проверьте критерий и ответы:
room-custom-command = <code>{ $command }</code>

button-markets = Рынки
button-market-search = Поиск
button-bell = 🔔 { $outcome }
button-room-from-market = 🎲 Сделать из этого комнату
