# По тексту на каждый код отказа, с числами, которые называет правило.

refusal-unspecified = Этого не допускает правило.
refusal-expired = Связь со службой заняла слишком много времени, поэтому ничего не сделано. Попробуйте, пожалуйста, ещё раз.
refusal-malformed = Запрос был неполным (<code>{ $field }</code>). Начните, пожалуйста, сначала.
refusal-not-found = Этого больше нет.

refusal-room-no-price = Сейчас нет надёжной цены { $asset }, поэтому открыть комнату на неё нельзя. Попробуйте немного позже.
refusal-room-target-met = Цена ${ $price } уже достигла цели ${ $target }. Выберите ту, что ещё впереди.
refusal-room-target-too-near = ${ $target } слишком близко: цена ${ $price }, и для этого срока цель должна быть не ближе { $min_percent } %. Выберите цель дальше или срок раньше.
refusal-room-horizon = До срока должно оставаться от { $min } до { $max }.
refusal-room-too-many-live = { $max ->
    [one] Предел – { $max } действующая комната, и она у вас уже есть. Подождите, пока она закончится.
    [few] У вас уже { $max } действующие комнаты. Подождите, пока одна из них закончится.
   *[many] У вас уже { $max } действующих комнат. Подождите, пока одна из них закончится.
}
refusal-room-duplicate = Комната #{ $number } уже задаёт тот же вопрос.
refusal-room-target-invalid = Такая цель не подходит. Напишите цену больше нуля и с немногими знаками после точки.
refusal-room-rival = Для дуэли нужны два разных актива; { $asset } не может соревноваться сам с собой.
refusal-room-bounds = Для диапазонов нужны цены по возрастанию, и в комнате их бывает от { $min } до { $max }.
refusal-room-players = Комната может ждать от { $min } до { $max } игроков.
refusal-room-token-mintable = Токен <code>{ $mint }</code> ещё можно довыпустить, и его капитализацию можно двигать по желанию. Комнатам нужен неизменный выпуск.
refusal-room-token-young = Этот токен слишком новый: его рынку должно быть не менее { $min_hours } ч.
refusal-room-token-illiquid = Этим токеном слишком мало торгуют: на его рынке ${ $liquidity_usd }, а комнате нужно не менее ${ $min_usd }.
refusal-room-operators-only = Такие комнаты открывают только операторы.
refusal-room-not-cancellable = Отозвать её нельзя: кто-то другой уже поставил, или слишком поздно.

refusal-bet-too-small = Наименьшая ставка здесь { $min } SOL; вы выбрали { $stake } SOL.
refusal-bet-too-large = Наибольшая ставка здесь { $max } SOL; вы выбрали { $stake } SOL.
refusal-bet-not-enough = У вас { $available } SOL, а ставка { $stake } SOL.
refusal-bet-already-placed = В этой комнате у вас уже есть ставка. Одна ставка на комнату.
refusal-bet-room-full = { $max_players ->
    [one] Мест всего { $max_players }, и свободных нет.
   *[many] Все { $max_players } мест заняты.
}
refusal-bet-locked = Ставки закрылись: { $lock_at }.
refusal-bet-seats-reserved = Последние места оставлены для других ответов, чтобы было против кого ставить. Один из них ещё можно выбрать.
refusal-bet-no-such-outcome = Такого ответа в этой комнате нет.
refusal-bet-pool-overflow = Пул этой комнаты больше расти не может.
refusal-bet-hold-late = Ставку не удалось зарезервировать вовремя; деньги снова на вашем балансе.
refusal-bet-min-odds = Она выплатила бы меньше вашего минимума { $percent } %.
refusal-bet-pool-full = Все ставки этой комнаты вместе могут достичь { $max } SOL; осталось { $left } SOL.
refusal-bet-not-cancellable = Забрать ставку можно один раз на комнату, в течение { $seconds ->
    [one] { $seconds } секунды
   *[many] { $seconds } секунд
}, и не перед самым закрытием ставок.
refusal-bet-operator = Операторы не ставят.

refusal-account-unknown = У вас ещё нет счёта. Его открывает /start.
refusal-withdraw-address-invalid = <code>{ $address }</code> не может получать SOL отсюда. Возьмите обычный адрес кошелька.
refusal-withdraw-address-is-deposit = Это адрес для пополнения ROOMS. Возьмите собственный кошелёк.
refusal-withdraw-too-small = Наименьший вывод { $min } SOL; вы запросили { $amount } SOL.
refusal-withdraw-not-enough = У вас { $available } SOL, а запрошено { $amount } SOL.
refusal-withdraw-below-rent = Этот счёт пуст, и Solana требует, чтобы на него пришло не менее { $min } SOL.
refusal-withdraw-cap = Предел на 24 часа – { $cap } SOL, из них использовано { $used } SOL.
refusal-withdraw-paused = Выводы сейчас приостановлены. Ваш баланс в сохранности; попробуйте, пожалуйста, позже.
refusal-withdraw-needs-approval = Начиная с { $threshold } SOL вывод сначала смотрят два оператора.
refusal-withdraw-needs-totp = Без кода аутентификатора отсюда за 24 часа можно вывести { $cap } SOL, из них использовано { $used } SOL. Выберите меньше или добавьте аутентификатор.
refusal-withdraw-state = { $state ->
    [CANCELLED] Он уже отменён.
    [REJECTED] Он уже отклонён.
    [FINALIZED] Он уже выплачен.
    [FAILED] Он не удался, и сумма снова на вашем балансе.
   *[other] Слишком поздно: вывод уже в пути.
}
refusal-operator-signature = Это не действительная подпись оператора, или она слишком старая.
refusal-operator-twice = Этот оператор уже одобрил; нужен другой.
refusal-withdraw-fresh-deposit = Свежие пополнения можно вывести через несколько минут после зачисления. Сейчас можно вывести { $withdrawable } SOL из запрошенных { $amount } SOL.

refusal-settlement-already-decided = Результат уже определён.
refusal-settlement-paid = Выплаты уже идут, поэтому результат остаётся.
refusal-settlement-ruling = Этого об этой комнате операторы решить не могут.
refusal-settlement-interest = Кто ставил в комнате, тот о ней не судит.
refusal-dispute-late = Результат можно оспорить только некоторое время; для этого оно истекло: { $until }.
refusal-dispute-not-a-player = Результат могут оспорить те, кто проиграл в этой комнате.
refusal-dispute-twice = Вы уже оспаривали этот результат. Один раз на комнату.
refusal-dispute-closed = Спор об этой комнате закрыт.

refusal-referral-unknown = Такого кода ни у кого нет.
refusal-referral-self = Это ваш собственный код.
refusal-referral-loop = Этого человека привели вы сами.
refusal-referral-late = Слишком поздно: вы уже ставили или пришли по другой ссылке.

refusal-limit-stake-day = Ваш собственный лимит – { $limit } SOL ставок за 24 часа. Из них использовано { $used } SOL, поэтому { $stake } SOL не помещаются. Поставьте меньше или подождите, пока прежним ставкам исполнятся сутки.
refusal-limit-loss-week = Ваш собственный лимит – { $limit } SOL проигрыша за 7 дней. С проигранным и тем, что в игре, использовано { $used } SOL, поэтому { $stake } SOL не помещаются. Поставьте меньше или подождите.
refusal-limit-cool-off = У вас перерыв до { $until }. Выводить можно, играть нельзя.
refusal-limit-excluded = Вы исключили себя из игры до { $until }. Выводить можно, играть нельзя.
refusal-limit-withdraw-only = Сейчас вы можете поставить { $stakable } SOL, а не { $stake } SOL: остальное пришло сверх вашего лимита пополнений, и пока не пройдут 24 часа, его можно только вывести.
refusal-limit-invalid = Выберите от { $min } до { $max }.

refusal-account-busy = Не сейчас: активных ставок – { $live_bets }, выводов в пути – { $withdrawals }. Вернитесь, когда они завершатся.
refusal-account-has-balance = На вашем счёте ещё { $available } SOL. Сначала выведите их или откажитесь от них.
refusal-account-closed = Этот счёт закрыт.
refusal-account-banned = Этому счёту запрещено играть. Деньги можно вывести.

refusal-arena-state = Эта группа уже в запасе, или она ещё занята комнатой.
refusal-arena-rights = Это не группа, в которой я могу менять название, ограничивать, приглашать и удалять.

refusal-tracked-too-many = Вы уже следите за наибольшим числом кошельков: { $max }. Сначала перестаньте следить за одним.
refusal-price-alerts-too-many = Вы уже ждёте наибольшее число цен: { $max }. Сначала уберите одну.
refusal-preference-invalid = Такого выбора нет ({ $field }).
refusal-webhook-invalid = Это не адрес https, который можно вызвать снаружи.
refusal-broadcast-state = Она закончена, или такой нет.
