# Lo que leen los grupos, y lo que se comparte en otros chats.

group-command-room = Salas de este grupo
group-command-bet = Apostar en una sala de este grupo
group-command-odds = Botes y cuotas
group-command-oracle = El precio de ahora y su antigüedad
group-command-time = Cuándo cierran las apuestas y la sala
group-command-players = Cuántos juegan, y a qué
group-command-create = Abrir una sala para este grupo
group-command-help = A qué respondo aquí

group-welcome =
    <b>Hola.</b> Llevo salas: alguien pregunta si un precio llegará a algún sitio, todos apuestan a una respuesta y deciden los precios de varios mercados.
    Cualquiera aquí puede abrir una sala para este grupo con /create. A qué más respondo: /help. Los saldos y las apuestas quedan entre cada uno de vosotros y yo.
group-help-title = <b>En este grupo</b>
group-help-line = /{ $command } · { $what }
group-help-number = Con un número, como <code>/odds 12</code>, respondo sobre una sola sala.
group-help-private = Tu billetera, tus apuestas y todo lo demás están en nuestro chat privado.
group-create = Toca abajo: preparamos la pregunta en privado. La ficha llega aquí cuando la sala se abre, y solo los miembros de este grupo la ven y apuestan.
button-create-here = Abrir una sala para este grupo
group-rooms-title = <b>Salas de este grupo</b>
group-rooms-none = No hay ninguna sala en juego en este grupo.
group-rooms-more = { $more ->
    [one] Hay una más en juego. Nómbrala por su número: <code>/room 12</code>
   *[other] Hay { $more } más en juego. Nombra una por su número: <code>/room 12</code>
}
group-room-unknown = No hay tal sala en este grupo.
group-bet = Toca una respuesta para apostar. Lo que apuestas no se le muestra a nadie más.
group-room = <b>#{ $number }</b> { $question }
group-players = { $players ->
    [0] Todavía no ha apostado nadie
    [one] 1 jugador
   *[other] { $players } jugadores
} · { $seats } asientos
group-players-on = { $outcome }: { $players ->
    [0] nadie todavía
    [one] 1 jugador
   *[other] { $players } jugadores
}
group-players-host = También ha apostado quien abrió la sala.
group-players-secret = Quiénes son y cuánto ha apostado cada uno no se lo digo a nadie.
group-oracle-target = Objetivo <b>${ $target }</b>, a un { $percent } % de aquí
group-oracle-quorum = La mediana de al menos { $quorum ->
    [one] un mercado
   *[other] { $quorum } mercados
}.
group-whisper = Solo lo ves tú.
group-whisper-placing = Tu apuesta de <b>{ $stake } SOL</b> está en camino. Cómo ha ido te lo digo en nuestro chat privado.
group-not-in = Esa sala sería para un grupo en el que no te encuentro. Escribe /create allí y usa el botón que te doy.
create-for-group = Solo para los miembros de <b>{ $title }</b>
button-create-public = Mejor para todos
toast-room-gone = No hay tal sala en este grupo.
toast-refreshed-lately = Esto es de hace un momento. Inténtalo dentro de unos segundos.

notice-group-settled = <b>La sala #{ $number } está liquidada</b>
notice-group-void = <b>La sala #{ $number } está anulada</b>
notice-group-pool = { $outcome } { $pool } SOL
notice-group-players = A todos los que apostaron se les ha avisado en privado.

inline-closes = Cierre de apuestas { $at }
inline-as-of = <i>Estado: { $at }. El botón lleva a las cuotas del momento.</i>
inline-title = #{ $number } · { $short }
inline-open = { $players ->
    [0] Todavía no ha apostado nadie
    [one] 1 jugador
   *[other] { $players } jugadores
} · { $pool } SOL · cierra { $closes }
inline-closed = Apuestas cerradas · { $pool } SOL
button-inline = Apostar en esta sala
