# La vista general de los operadores.

admin-title = <b>Vista general de operadores</b>
admin-unavailable = <i>no disponible en este momento</i>
admin-rooms = <b>Salas públicas</b>
admin-rooms-line = { $state }: { $count }
admin-waiting = <b>Esperan una decisión</b>: { $count }
admin-waiting-line = { $room } · se paga tal como está { $until } · { $rulings ->
    [0] ninguna decisión aún
    [one] 1 decisión
   *[other] { $rulings } decisiones
}
admin-waiting-line-open = { $room } · sin veredicto · { $rulings ->
    [0] ninguna decisión aún
    [one] 1 decisión
   *[other] { $rulings } decisiones
}
admin-disputes = <b>Disputas abiertas</b>: { $count }
admin-dispute-line = { $room } · presentada { $when }
admin-more = … y { $count } más
admin-held = <b>Retiros en espera</b>: { $count }
admin-running = Los retiros no están en pausa.
admin-pause = ⏸ Retiros en pausa desde { $since } (<code>{ $cause }</code>): { $reason }
admin-act = Aquí no se puede decidir nada: hace falta la clave de un operador, que Telegram no tiene. En la línea de comandos:
admin-commands =
    <code>roomsctl rooms waiting
    roomsctl rooms rule ROOM --outcome ANSWER --reason TEXT
    roomsctl rooms rule ROOM --void operator-void --reason TEXT
    roomsctl dispute list --state open
    roomsctl dispute judge ROOM uphold --reason TEXT
    roomsctl withdrawals list --state held
    roomsctl pauses</code>
