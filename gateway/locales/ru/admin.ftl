# Обзор для операторов.

admin-title = <b>Обзор для операторов</b>
admin-unavailable = <i>сейчас недоступно</i>
admin-rooms = <b>Публичные комнаты</b>
admin-rooms-line = { $state }: { $count }
admin-waiting = <b>Ждут решения</b>: { $count }
admin-waiting-line = { $room } · выплата как есть { $until } · { $rulings ->
    [0] решений ещё нет
    [one] { $rulings } решение
    [few] { $rulings } решения
   *[many] { $rulings } решений
}
admin-waiting-line-open = { $room } · вердикта нет · { $rulings ->
    [0] решений ещё нет
    [one] { $rulings } решение
    [few] { $rulings } решения
   *[many] { $rulings } решений
}
admin-disputes = <b>Открытые споры</b>: { $count }
admin-dispute-line = { $room } · подан { $when }
admin-more = … и ещё { $count }
admin-held = <b>Выводы в ожидании</b>: { $count }
admin-running = Выводы не приостановлены.
admin-pause = ⏸ Выводы приостановлены с { $since } (<code>{ $cause }</code>): { $reason }
admin-act = Здесь ничего решить нельзя: нужен ключ оператора, которого у Telegram нет. В командной строке:
admin-commands =
    <code>roomsctl rooms waiting
    roomsctl rooms rule ROOM --outcome ANSWER --reason TEXT
    roomsctl rooms rule ROOM --void operator-void --reason TEXT
    roomsctl dispute list --state open
    roomsctl dispute judge ROOM uphold --reason TEXT
    roomsctl withdrawals list --state held
    roomsctl pauses</code>
