# Lista de salas, ficha de la sala, resultados.

question-touch-up = ¿Subirá { $asset } a ${ $target } antes del vencimiento ({ $deadline })?
question-touch-down = ¿Bajará { $asset } a ${ $target } antes del vencimiento ({ $deadline })?
question-close-above = ¿Estará { $asset } en ${ $target } o más al vencer ({ $deadline })?
question-close-below = ¿Estará { $asset } en ${ $target } o menos al vencer ({ $deadline })?
question-cap-touch-up = ¿Subirá la capitalización de { $asset } a ${ $target } antes del vencimiento ({ $deadline })?
question-cap-touch-down = ¿Bajará la capitalización de { $asset } a ${ $target } antes del vencimiento ({ $deadline })?
question-cap-close-above = ¿Estará la capitalización de { $asset } en ${ $target } o más al vencer ({ $deadline })?
question-cap-close-below = ¿Estará la capitalización de { $asset } en ${ $target } o menos al vencer ({ $deadline })?
question-up-down = ¿Subirá o bajará { $asset } entre { $from } y { $deadline }?
question-buckets = ¿Dónde estará { $asset } al vencer ({ $deadline })?
question-head-to-head = ¿Cuál gana más entre { $from } y { $deadline }: { $asset } o { $rival }?
short-touch-up = { $asset } ↑ ${ $target }
short-touch-down = { $asset } ↓ ${ $target }
short-close-above = { $asset } ≥ ${ $target }
short-close-below = { $asset } ≤ ${ $target }
short-cap-touch-up = { $asset } cap. ↑ ${ $target }
short-cap-touch-down = { $asset } cap. ↓ ${ $target }
short-cap-close-above = { $asset } cap. ≥ ${ $target }
short-cap-close-below = { $asset } cap. ≤ ${ $target }
short-up-down = { $asset } ↑ o ↓
short-buckets = { $asset } en { $ranges } rangos
short-head-to-head = { $asset } o { $rival }
range-below = menos de ${ $high }
range-between = de ${ $low } a ${ $high }
range-above = ${ $low } o más

state-queuing = 🟢 Abierta, espera jugadores
state-open = 🟢 Abierta
state-locked = 🔒 Apuestas cerradas
state-settling = ⏳ Liquidándose
state-settled = 🏁 Liquidada
state-voided = ↩️ Anulada, apuestas devueltas
state-archived = 🏁 Terminada

rooms-title-live = <b>Salas en juego</b>
rooms-title-mine = <b>Salas que abriste</b>
rooms-title-past = <b>Salas pasadas</b>
rooms-none-live = Ahora no hay ninguna sala abierta. Sé quien haga la primera pregunta.
rooms-none-mine = Todavía no has abierto ninguna sala.
rooms-none-past = Todavía no ha terminado ninguna sala.
rooms-page = Página { $page } de { $pages }
rooms-line-question = <b>#{ $number }</b> { $question }
rooms-line-live = { $state } · cierra { $closes } · { $pool } SOL · { $players ->
    [one] 1 jugador
   *[other] { $players } jugadores
}
rooms-line-queuing = { $state } · cierra { $closes } · { $pool } SOL · { $players } de { $needed } jugadores
rooms-line-ended = { $state } · { $pool } SOL · { $players ->
    [one] 1 jugador
   *[other] { $players } jugadores
}
button-room = #{ $number } · { $short }
button-filter-live = En juego
button-filter-mine = Mías
button-filter-past = Pasadas
button-filter-chosen = • { $label }

card-head = <b>Sala #{ $number }</b> · { $state }
card-question = <b>{ $question }</b>
card-subtitle = <i>{ $subtitle }</i>
card-pool = { $outcome } <b>{ $pool } SOL</b> · { $share } % · paga ×{ $odds }
card-pool-empty = { $outcome } <b>0 SOL</b> · nadie todavía
card-players = Jugadores { $players } de { $seats }
card-queuing = { $players } de { $needed } jugadores: empieza con el último de ellos · { $seats } asientos
card-pending = Hace un momento se apostaron { $pending } SOL más, que aún no cuentan
card-host = Esta sala la abriste tú.
card-your-bet = Tu apuesta: <b>{ $stake } SOL a { $outcome }</b>
card-your-bet-pays = Tu apuesta: <b>{ $stake } SOL a { $outcome }</b>, paga { $payout } SOL tal como están los botes
card-price = { $asset } ahora <b>${ $price }</b> · { $age }
card-no-price = { $asset } ahora <i>sin precio en este momento</i>
card-cap = Capitalización de { $asset } ahora <b>${ $cap }</b> · { $age }
card-no-cap = Capitalización de { $asset } ahora <i>sin precio en este momento</i>
card-closes = Cierre de apuestas { $at } · { $relative }
card-closed = Apuestas cerradas { $at }
card-deadline = Vencimiento { $at } · { $relative }
card-deadline-past = Vencimiento { $at }
card-provisional = <i>Los botes y los pagos son provisionales hasta el veredicto.</i>
card-rule-touch = SÍ en cuanto el precio confirmado llega a ${ $target } antes del vencimiento; si no, NO. Confirmado: la mediana de al menos { $quorum ->
    [one] un mercado
   *[other] { $quorum } mercados
} alcanza o rebasa el objetivo durante 3 segundos.
card-rule-close = Decide el precio de vencimiento: { $mean ->
    [one] el precio de un segundo,
   *[other] la media durante { $mean } segundos de
} la mediana de al menos { $quorum ->
    [one] un mercado
   *[other] { $quorum } mercados
}. Igual al objetivo cuenta como SÍ.
card-rule-up-down = SUBE si el precio de vencimiento está por encima del inicial, BAJA si está por debajo. Precio inicial: la media { $mean ->
    [one] del primer segundo
   *[other] de los primeros { $mean } segundos
} tras el cierre de apuestas. Precio de vencimiento: la media { $mean ->
    [one] del último segundo
   *[other] de los últimos { $mean } segundos
} antes del vencimiento.
card-rule-buckets = Gana el rango que contiene el precio de vencimiento. Cada uno incluye su límite inferior y no el superior. Precio de vencimiento: la media { $mean ->
    [one] del último segundo
   *[other] de los últimos { $mean } segundos
} antes del vencimiento.
card-rule-head-to-head = Cada precio de vencimiento se divide por su precio al cerrar las apuestas; gana el resultado mayor. Ambos precios son medias de { $mean ->
    [one] un segundo.
   *[other] { $mean } segundos: los primeros tras el cierre de apuestas y los últimos antes del vencimiento.
}
card-rule-price = Un precio es la mediana de al menos { $quorum ->
    [one] un mercado
   *[other] { $quorum } mercados
}.
card-rule-tie = Exactamente igual es empate: se devuelven todas las apuestas.
card-rule-cap-touch = SÍ en cuanto la capitalización media de { $mean ->
    [one] un segundo
   *[other] { $mean } segundos
} alcanza o rebasa ${ $target } durante 3 segundos antes del vencimiento; si no, NO.
card-rule-cap-close = Decide la capitalización media { $mean ->
    [one] del último segundo
   *[other] de los últimos { $mean } segundos
} antes del vencimiento. Igual al objetivo cuenta como SÍ.
card-rule-token = Capitalización: precio por { $supply }, el suministro de <code>{ $mint }</code> cuando se abrió la sala.
card-rule-token-price = El precio se lee de las cuentas del propio token en la cadena, y DexScreener debe coincidir con un margen del 2 %.
card-rule-custom = Se juzga por: { $criterion }
card-rule-source = Fuente: { $source }
card-rule-operators = Deciden dos operadores, ninguno de los cuales ha apostado aquí. Si { $wait } después del vencimiento no hay decisión, se devuelven todas las apuestas.
card-rule-past-post = Las apuestas aceptadas menos de { $seconds ->
    [one] 1 segundo
   *[other] { $seconds } segundos
} antes del toque se devuelven.
card-rule-void = Si nadie ha ganado, si nadie ha perdido o si el resultado no se puede saber con seguridad suficiente, todas las apuestas se devuelven sin comisión.
card-rule-fee = Comisión: { $fee } % de las apuestas perdedoras.
card-rule-open = Al abrirse ${ $open }.
card-terms = Condiciones <code>{ $hash }</code>
button-bet-on = { $outcome }
button-bet-on-odds = { $outcome } · ×{ $odds }
button-result = Ver resultado

result-outcome = Resultado <b>{ $outcome }</b>
result-void = <b>Anulada:</b> { $reason }. Se devolvieron todas las apuestas.
result-corrected = <b>Corregida:</b> las apuestas perdedoras de esta sala se reembolsaron tras una disputa.
result-price = Precio decisivo ${ $price }
result-cap = Capitalización decisiva ${ $price }
result-operators = Decidido por dos operadores
result-moved = { $asset } ${ $from } → ${ $to } ({ $percent } %)
result-observed = Observado { $at }
result-venues = Decidido por los precios de { $venues }
result-waits = <i>El precio decisivo fue menos seguro de lo habitual. Los operadores pueden revisarlo hasta { $until }; después se paga tal como está.</i>
result-fees = Comisión { $fee } SOL
result-terms = Hash de las condiciones
result-root = Raíz de todos los pagos
result-receipt = Recibo en la cadena
result-receipt-pending = Recibo: se está escribiendo en la cadena
result-pending = Todavía no hay veredicto.
result-verify = Cualquiera puede comprobarlo: «Verificar» contiene los precios, las apuestas y los pagos, y <code>roomsctl evidence verify</code> lo repasa todo.
button-verify = Verificar
hash = <code>{ $hash }</code>
button-explorer = Ver en la cadena

void-no-opposition = todos estaban del mismo lado
void-tie = empate
void-oracle-insufficient = no hubo un precio fiable
void-min-players = faltaron jugadores
void-host-cancel = la retiró el anfitrión
void-operator-void = la anularon los operadores
void-manipulation-suspected = el precio parecía manipulado
void-unresolved = no se pudo resolver

room-not-found = Esa sala no existe, o no está abierta para ti.

button-cancel-room = Retirar la sala
button-cancel-room-confirm = Sí, retirarla
cancel-room-title = <b>¿Retirar la sala #{ $number }?</b>
cancel-room-means = Se cierra para siempre. Si apostaste en ella, tu apuesta vuelve entera. Solo es posible mientras nadie más haya apostado.
toast-cancelling-room = Retirando la sala…
cancelling-room = Retirando la sala…
room-cancelled = <b>Tu sala está retirada.</b>
room-not-cancelled = <b>No se retiró.</b>
