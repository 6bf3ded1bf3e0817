# The operators' overview.

admin-title = <b>Operators' overview</b>
admin-unavailable = <i>unavailable at the moment</i>
admin-rooms = <b>Public rooms</b>
admin-rooms-line = { $state }: { $count }
admin-waiting = <b>Waiting for a ruling</b>: { $count }
admin-waiting-line = { $room } · paid as it stands { $until } · { $rulings ->
    [0] no ruling yet
    [one] 1 ruling
   *[other] { $rulings } rulings
}
admin-waiting-line-open = { $room } · no verdict · { $rulings ->
    [0] no ruling yet
    [one] 1 ruling
   *[other] { $rulings } rulings
}
admin-disputes = <b>Open disputes</b>: { $count }
admin-dispute-line = { $room } · handed in { $when }
admin-more = … and { $count } more
admin-held = <b>Withdrawals that wait</b>: { $count }
admin-running = Withdrawals are not paused.
admin-pause = ⏸ Withdrawals paused since { $since } (<code>{ $cause }</code>): { $reason }
admin-act = Nothing can be decided here: it takes an operator's key, which Telegram does not have. On the command line:
admin-commands =
    <code>roomsctl rooms waiting
    roomsctl rooms rule ROOM --outcome ANSWER --reason TEXT
    roomsctl rooms rule ROOM --void operator-void --reason TEXT
    roomsctl dispute list --state open
    roomsctl dispute judge ROOM uphold --reason TEXT
    roomsctl withdrawals list --state held
    roomsctl pauses</code>
