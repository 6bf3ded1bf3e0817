# Что читают группы и чем делятся в других чатах.

group-command-room = Комнаты этой группы
group-command-bet = Поставить в комнате этой группы
group-command-odds = Пулы и коэффициенты
group-command-oracle = Цена сейчас и сколько ей времени
group-command-time = Когда закроются ставки и комната
group-command-players = Сколько играют и на что
group-command-create = Открыть комнату для этой группы
group-command-help = На что я здесь отвечаю

group-welcome =
    <b>Здравствуйте.</b> Я веду комнаты: кто-то спрашивает, дойдёт ли цена до какого-то уровня, каждый ставит на свой ответ, а решают цены нескольких бирж.
    Любой здесь может открыть комнату для этой группы: /create. На что я ещё отвечаю: /help. Балансы и ставки остаются между каждым из вас и мной.
group-help-title = <b>В этой группе</b>
group-help-line = /{ $command } · { $what }
group-help-number = С номером, например <code>/odds 12</code>, я отвечаю только об одной комнате.
group-help-private = Ваш кошелёк, ваши ставки и всё остальное – в нашем личном чате.
group-create = Нажмите ниже: вопрос мы составим в личном чате. Карточка придёт сюда, когда комната откроется; видеть её и ставить смогут только участники этой группы.
button-create-here = Открыть комнату для этой группы
group-rooms-title = <b>Комнаты этой группы</b>
group-rooms-none = В этой группе нет действующих комнат.
group-rooms-more = { $more ->
    [one] Действует ещё { $more } комната. Назовите её по номеру: <code>/room 12</code>
    [few] Действуют ещё { $more } комнаты. Назовите нужную по номеру: <code>/room 12</code>
   *[many] Действуют ещё { $more } комнат. Назовите нужную по номеру: <code>/room 12</code>
}
group-room-unknown = Такой комнаты в этой группе нет.
group-bet = Чтобы поставить, нажмите на ответ. Сколько вы ставите, не видит никто другой.
group-room = <b>#{ $number }</b> { $question }
group-players = { $players ->
    [0] Ещё никто не поставил
    [one] { $players } игрок
    [few] { $players } игрока
   *[many] { $players } игроков
} · мест { $seats }
group-players-on = { $outcome }: { $players ->
    [0] пока никто
    [one] { $players } игрок
    [few] { $players } игрока
   *[many] { $players } игроков
}
group-players-host = Поставил и тот, кто открыл комнату.
group-players-secret = Кто они и сколько поставил каждый, я никому не говорю.
group-oracle-target = Цель <b>${ $target }</b>, отсюда { $percent } %
group-oracle-quorum = Медиана не менее { $quorum ->
    [one] { $quorum } биржи
   *[many] { $quorum } бирж
}.
group-whisper = Это видите только вы.
group-whisper-placing = Ваша ставка <b>{ $stake } SOL</b> принимается. Чем закончилось, я скажу в нашем личном чате.
group-not-in = Эта комната была бы для группы, в которой я вас не нахожу. Напишите там /create и нажмите кнопку оттуда.
create-for-group = Только для участников <b>{ $title }</b>
button-create-public = Лучше для всех
toast-room-gone = Такой комнаты в этой группе нет.
toast-refreshed-lately = Это совсем свежее. Попробуйте через несколько секунд.

notice-group-settled = <b>Комната #{ $number } рассчитана</b>
notice-group-void = <b>Комната #{ $number } аннулирована</b>
notice-group-pool = { $outcome } { $pool } SOL
notice-group-players = Всем, кто ставил, я ответил в личном чате.

inline-closes = Закрытие ставок { $at }
inline-as-of = <i>По состоянию на { $at }. Кнопка ведёт к нынешним коэффициентам.</i>
inline-title = #{ $number } · { $short }
inline-open = { $players ->
    [0] Ещё никто не поставил
    [one] { $players } игрок
    [few] { $players } игрока
   *[many] { $players } игроков
} · { $pool } SOL · закрытие { $closes }
inline-closed = Ставки закрыты · { $pool } SOL
button-inline = Поставить в этой комнате
