# El asistente que abre una sala.

create-title = <b>Nueva sala</b>
create-so-far = { $summary }
create-kind = ¿Qué tipo de pregunta?
create-kind-touch-help = <b>Toque</b>: ¿llega el precio a un objetivo antes del vencimiento?
create-kind-close-help = <b>Cierre</b>: ¿dónde está el precio en el vencimiento?
create-kind-up-down-help = <b>Sube o baja</b>: desde que cierran las apuestas hasta el vencimiento.
create-kind-buckets-help = <b>Rangos</b>: ¿en cuál de varios rangos está el precio en el vencimiento?
create-kind-head-to-head-help = <b>Duelo</b>: ¿cuál de dos activos gana más hasta el vencimiento?
create-kind-cap-help = <b>Capitalización</b>: toque o cierre, para un token por su dirección de acuñación.
button-kind-touch = Toque
button-kind-close = Cierre
button-kind-up-down = Sube o baja
button-kind-buckets = Rangos
button-kind-head-to-head = Duelo
button-kind-cap-touch = Capitaliz., toque
button-kind-cap-close = Capitaliz., cierre
button-chosen = • { $label }
create-asset = ¿Qué precio?
button-asset = { $asset }
create-rival = ¿Contra cuál?
create-mint = Envíame la dirección de acuñación (mint) del token. Su suministro tiene que ser fijo, y su mercado debe tener un día y valer al menos $50,000.
create-mint-invalid = Eso no es una dirección de acuñación. Tiene de 32 a 44 letras y dígitos.
create-comparator-cap = SÍ significa que en el vencimiento la capitalización está…
create-comparator = SÍ significa que en el vencimiento el precio está…
button-at-or-above = en el objetivo o más
button-at-or-below = en el objetivo o menos
create-target = Escribe el precio objetivo en USD. Valen <code>165</code>, <code>104,500</code>, <code>104.5k</code> y <code>2m</code>.
create-cap = Escribe la capitalización objetivo en USD, a un 10 % de distancia como mínimo. Valen <code>750k</code>, <code>2m</code> y <code>5b</code>.
create-bounds = Escribe en USD los precios entre los rangos, el menor primero. <code>150 160 170</code> da cuatro: menos de $150, de $150 a $160, de $160 a $170, $170 o más. De uno a siete precios.
create-bounds-invalid = No puedo leer eso como precios ascendentes. Prueba <code>150 160 170</code>: de uno a siete, separados por espacios.
create-cap-now = Capitalización de { $asset } ahora ${ $price } · { $age }
create-cap-unavailable = Ahora no puedo leer la capitalización de { $asset }; una sala la necesita para abrirse.
create-price-now = { $asset } ahora ${ $price } · { $age }
create-price-unavailable = { $asset } no tiene precio en este momento; una sala lo necesita para abrirse.
create-target-invalid = No puedo leer eso como un precio. Prueba <code>165</code>, <code>104,500</code> o <code>104.5k</code>.
button-keep = Dejar { $what }
create-horizon = ¿Cuánto falta para el vencimiento?
button-horizon-custom = Otro
create-horizon-custom = Escribe cuánto, por ejemplo <code>45m</code>, <code>3h</code> o <code>1h30m</code>.
create-horizon-invalid = No puedo leer eso como una duración. Prueba <code>45m</code>, <code>3h</code> o <code>1h30m</code>.
create-players = ¿Cuántos jugadores hacen falta para empezar? Hasta entonces todos pueden apostar; si no llegan antes de que cierren las apuestas, todas se devuelven. Elige o escribe un número.
create-players-invalid = Eso no es un número de jugadores. Escribe 2 o más.
button-players = { $players ->
    [0] Empezar ya
   *[other] { $players }
}
create-subtitle = Escribe lo que quieras añadir debajo de la pregunta: una fuente, un motivo, como máximo 80 caracteres. No decide nada; solo decide la pregunta. Envía un guion (-) para no añadir nada.
create-subtitle-long = Eso tiene más de 80 caracteres.
create-review-title = <b>Revisa tu sala</b>
create-review-horizon = Vencimiento { $span } después de abrirse; las apuestas cierran más o menos a la mitad.
create-review-distance = { $asset } ahora ${ $price }: el objetivo está un { $percent } % por { $direction ->
    [above] encima
   *[below] debajo
}.
create-review-distance-cap = Capitalización ahora ${ $price }: el objetivo está un { $percent } % por { $direction ->
    [above] encima
   *[below] debajo
}.
create-review-players = Empieza cuando hayan apostado { $players } jugadores.
create-review-rules = Comisión del { $fee } % de las apuestas perdedoras; tu parte como anfitrión se te abona. Una vez abierta la sala no se puede cambiar nada, pero mientras nadie más haya apostado puedes retirarla.
button-open-this-room = Abrir esta sala
button-edit-kind = Tipo
button-edit-asset = Activo
button-edit-mint = Token
button-edit-comparator = Lado
button-edit-rival = Rival
button-edit-target = Objetivo
button-edit-bounds = Rangos
button-edit-horizon = Vencimiento
button-edit-players = Jugadores
button-edit-subtitle = Nota
opening-room = Abriendo tu sala…
room-opened = <b>Tu sala está abierta.</b>
room-refused = <b>No se abrió.</b>
button-existing-room = Abrir la sala #{ $number }
summary-rival = contra { $asset }
summary-at-or-above = ${ $target } o más
summary-at-or-below = ${ $target } o menos
summary-separator = { " · " }
button-change-room = Cambiarla
