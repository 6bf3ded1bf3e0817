# Как идут дела: результаты, суммы, таблица лидеров.

command-won = Выигранные ставки и сколько они принесли
command-recent = Ваши последние результаты
command-leaderboard = Лучшая доходность и ваше место

button-won = Выигрыши
button-recent = Результаты
button-leaderboard = Лидеры

desk-day = За 24 ч <b>{ $net } SOL</b> · выиграно { $won }, проиграно { $lost } · доля побед { $rate } %
desk-day-none = За 24 ч ничего не рассчитано
desk-day-unknown = За 24 ч <i>сейчас неизвестно</i>

won-title = <b>Выигранные ставки</b>
won-none = Ни одна ваша ставка ещё не выиграла.
won-totals = За всё время: { $won ->
    [one] <b>{ $won }</b> выигранная ставка
    [few] <b>{ $won }</b> выигранные ставки
   *[many] <b>{ $won }</b> выигранных ставок
}, { $paid } SOL за поставленные { $staked } SOL, <b>{ $net } SOL</b>
recent-title = <b>Ваши результаты</b>
recent-none = Ни одна ваша ставка ещё не рассчитана.
recent-totals = За всё время: выиграно { $won }, проиграно { $lost }, возвращено { $returned } · <b>{ $net } SOL</b> · доля побед { $rate } %
recent-totals-returned = За всё время: возвращено { $returned }, ни одной выигранной или проигранной
settled-won = { $stake } SOL на { $outcome } · выплата { $payout } SOL · <b>{ $net } SOL</b>
settled-lost = { $stake } SOL на { $outcome } · проиграна · <b>{ $net } SOL</b>
settled-void = { $stake } SOL на { $outcome } · возвращена, комната аннулирована
settled-late = { $stake } SOL на { $outcome } · возвращена, сделана, когда результат уже был виден
settled-odds = { $stake } SOL на { $outcome } · возвращена, ваш минимальный коэффициент не выполнен
settled-when = <i>{ $when }</i>
settled-page = Страница { $page } из { $pages }

leaderboard-title = <b>Таблица лидеров</b> · { $period ->
    [day] последние 24 часа
    [week] последние 7 дней
   *[all] за всё время
}
leaderboard-how = По доходности рассчитанных ставок. Чтобы занять место, нужно ставок, выигранных или проигранных: { $bets }, и поставить в них { $staked } SOL.
leaderboard-line = { $rank }. { $name } · <b>{ $return } %</b> · выиграно { $won }, проиграно { $lost }
leaderboard-line-own = <b>{ $rank }. { $name } (вы)</b> · <b>{ $return } %</b> · выиграно { $won }, проиграно { $lost }
leaderboard-none = Здесь ещё ни у кого нет места.
leaderboard-page = Страница { $page } из { $pages }
leaderboard-own = Ваше место: <b>{ $rank }</b> из { $total } · <b>{ $return } %</b>
leaderboard-own-none = У вас здесь ещё нет места.
leaderboard-own-hidden = Вас здесь не показывают, как вы и хотели.
leaderboard-name = Игрок { $code }
leaderboard-shown-as = Другие видят вас как { $name }. Имена и аккаунты Telegram не показываются никогда.
button-period-day = 24 ч
button-period-week = 7 дней
button-period-all = Всё время
button-higher = ‹ Выше
button-lower = Ниже ›
button-leaderboard-hide = Не показывать меня
button-leaderboard-show = Снова показывать меня
toast-leaderboard = Минуту…
requesting-leaderboard = Меняю, показывать ли вас…
leaderboard-hidden = Готово: вас больше нет в таблице лидеров.
leaderboard-listed = Готово: вы появитесь в таблице лидеров, как только хватит ставок.

rooms-title-here = <b>Комнаты этого чата</b>
rooms-none-here = В этом чате нет действующих комнат.
button-filter-here = Этот чат
