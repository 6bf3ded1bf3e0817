# Cómo le ha ido a uno: resultados, sumas, clasificación.

command-won = Apuestas que ganaste y lo que pagaron
command-recent = Tus últimos resultados
command-leaderboard = Los mejores rendimientos y tu puesto

button-won = Ganadas
button-recent = Resultados
button-leaderboard = Clasificación

desk-day = Últimas 24 h <b>{ $net } SOL</b> · { $won } ganadas, { $lost } perdidas · aciertos { $rate } %
desk-day-none = Últimas 24 h: nada liquidado
desk-day-unknown = Últimas 24 h <i>no disponible en este momento</i>

won-title = <b>Apuestas ganadas</b>
won-none = Todavía no ha ganado ninguna apuesta tuya.
won-totals = En total: { $won ->
    [one] <b>1</b> apuesta ganada
   *[other] <b>{ $won }</b> apuestas ganadas
}, { $paid } SOL por { $staked } SOL apostados, <b>{ $net } SOL</b>
recent-title = <b>Tus resultados</b>
recent-none = Todavía no se ha liquidado ninguna apuesta tuya.
recent-totals = En total: { $won } ganadas, { $lost } perdidas, { $returned } devueltas · <b>{ $net } SOL</b> · aciertos { $rate } %
recent-totals-returned = En total: { $returned } devueltas, ninguna ganada ni perdida
settled-won = { $stake } SOL a { $outcome } · cobraste { $payout } SOL · <b>{ $net } SOL</b>
settled-lost = { $stake } SOL a { $outcome } · perdida · <b>{ $net } SOL</b>
settled-void = { $stake } SOL a { $outcome } · devuelta, la sala está anulada
settled-late = { $stake } SOL a { $outcome } · devuelta, se hizo cuando el resultado ya se veía
settled-odds = { $stake } SOL a { $outcome } · devuelta, no se alcanzó tu cuota mínima
settled-when = <i>{ $when }</i>
settled-page = Página { $page } de { $pages }

leaderboard-title = <b>Clasificación</b> · { $period ->
    [day] últimas 24 horas
    [week] últimos 7 días
   *[all] desde siempre
}
leaderboard-how = Por el rendimiento de las apuestas liquidadas. Para tener un puesto hacen falta { $bets } apuestas, ganadas o perdidas, y { $staked } SOL apostados en ellas.
leaderboard-line = { $rank }. { $name } · <b>{ $return } %</b> · { $won } ganadas, { $lost } perdidas
leaderboard-line-own = <b>{ $rank }. { $name } (tú)</b> · <b>{ $return } %</b> · { $won } ganadas, { $lost } perdidas
leaderboard-none = Aquí todavía no tiene nadie un puesto.
leaderboard-page = Página { $page } de { $pages }
leaderboard-own = Tu puesto: <b>{ $rank }</b> de { $total } · <b>{ $return } %</b>
leaderboard-own-none = Todavía no tienes un puesto aquí.
leaderboard-own-hidden = No apareces, como quisiste.
leaderboard-name = Jugador { $code }
leaderboard-shown-as = Los demás te ven como { $name }. Los nombres y las cuentas de Telegram no se muestran nunca.
button-period-day = 24 h
button-period-week = 7 días
button-period-all = Siempre
button-higher = ‹ Más arriba
button-lower = Más abajo ›
button-leaderboard-hide = No mostrarme
button-leaderboard-show = Volver a mostrarme
toast-leaderboard = Un momento…
requesting-leaderboard = Cambiando si apareces…
leaderboard-hidden = Hecho: ya no apareces en la clasificación.
leaderboard-listed = Hecho: aparecerás en la clasificación en cuanto tus apuestas alcancen.

rooms-title-here = <b>Salas de este chat</b>
rooms-none-here = Este chat no tiene ninguna sala en juego.
button-filter-here = Este chat
