# Billeteras de Polymarket, y en qué coinciden las mejores.

command-track = Seguir una billetera de Polymarket
command-untrack = Dejar de seguir una billetera
command-list = Billeteras que sigues
command-rename = Dar otro nombre a una billetera
command-balance = Tu saldo, o lo que vale una billetera
command-positions = Lo que tiene una billetera
command-history = Tus resultados, o lo que hizo una billetera
command-smartwallets = Billeteras cuyas coincidencias aviso
command-consensus = En qué coinciden las billeteras listas
command-muteconsensus = No más avisos de billeteras listas

polymarket-away = Polymarket no responde en este momento.
polymarket-away-kept = Lo que sigues se conserva, y continúo en cuanto vuelva a responder.
polymarket-age = ⏱ De hace { $span }
amount-unknown = se desconoce
market-question = ◆ <b>{ $question }</b>
tracker-page = Página { $page }

tracked-title = <b>Billeteras que sigues</b>
tracked-none = Ninguna todavía.
tracked-line = 👛 <b>{ $name }</b> · <code>{ $address }</code>
tracked-count = { $count } de { $max }
tracked-how = Envía /track con la dirección de una billetera y, si quieres, un nombre. Desde entonces te cuento lo que hace.
track-ask = Envíame la dirección de la billetera (0x y 40 dígitos) o el enlace a su perfil en Polymarket; detrás, si quieres, un nombre que le pongas tú.
track-not-a-wallet = Eso no es la dirección de una billetera. Un enlace con nombre (@…) no la dice: copia la dirección del perfil.
track-alias-long = Ese nombre tiene más de 40 caracteres.
track-done = ✓ Sigo a <b>{ $name }</b> y te cuento lo que haga desde ahora.
track-already = Ya sigues a <b>{ $name }</b>.
untrack-done = ✓ Ya no la sigo.
rename-ask = ¿Cómo se llamará <b>{ $name }</b>? Como máximo 40 caracteres; envía un guion (-) para dejarla sin nombre.
rename-done = ✓ Desde ahora se llama así.
wallet-unknown = No conozco esa billetera. Envía su dirección (0x y 40 dígitos) o el nombre de una que sigas.

worth-title = 👛 <b>{ $name }</b>
worth-public-name = En Polymarket se llama { $name }
worth-value = { $count ->
    [one] Vale <b>{ $value }</b> en una posición abierta
   *[other] Vale <b>{ $value }</b> en { $count } posiciones abiertas
}
worth-result = Resultado: { $realized } realizado, { $open } aún abierto

positions-title = <b>Posiciones</b> · { $name }
positions-totals = { $count ->
    [one] <b>Una</b> posición que vale <b>{ $value }</b>, comprada por { $cost }: { $result }
   *[other] <b>{ $count }</b> posiciones que valen <b>{ $value }</b>, compradas por { $cost }: { $result }
}
positions-redeemable = { $count ->
    [one] Una de ellas ha ganado y se puede cobrar.
   *[other] { $count } de ellas han ganado y se pueden cobrar.
}
positions-none = No tiene posiciones.
positions-page = Página { $page } de { $pages }
position-line = { $shares } { $outcome } · { $average } → { $price } · { $value } ({ $result })
position-won = ✅ { $shares } { $outcome } · { $average } → { $price } · { $value } ({ $result }) · ganada

activity-title = <b>Historial</b> · { $name }
activity-none = Nada de este tipo.
activity-line = { $kind ->
    [buy] Compró
    [sell] Vendió
    [redeem] Cobró
    [split] Dividió
    [merge] Unió
   *[other] Premio, conversión o traspaso
} · { $usd } · { $when }
activity-traded = { $kind ->
    [buy] Compró
    [sell] Vendió
    [redeem] Cobró
    [split] Dividió
    [merge] Unió
   *[other] Premio, conversión o traspaso
} { $shares } { $outcome } a { $price } · { $usd } · { $when }

smart-title = <b>Billeteras listas</b>
smart-how = Las eligen nuestros operadores. Cuando al menos tres tienen el mismo lado de un mercado, es una señal: /consensus
smart-none = No hay ninguna en la lista.
signals-title = <b>Las billeteras listas coinciden</b>
signals-how = Señales de los últimos siete días, primero la más fuerte de cada día.
signals-hits = De las { $decided } decididas hasta ahora, acertaron { $right }: { $percent } %.
signals-hits-none = Ninguna está decidida todavía.
signals-none = Ninguna señal en los últimos siete días.
signals-scanned = Última revisión: { $when }
signals-told = Te aviso de las nuevas.
signals-muted = No te aviso de las nuevas.
signal-title = 🎯 <b>Las billeteras listas coinciden</b>
signal-line = { $end ->
    [right] ✅
    [wrong] ❌
    [split] 🟰
   *[open] ⏳
} <b>{ $outcome }</b> · { $wallets } billeteras · { $usd } · puntos { $score } ({ $level ->
    [very-high] muy alta
    [high] alta
    [medium] media
   *[low] baja
})
signal-holder = 👛 { $name }: { $usd }, el { $percent } % de lo que tiene

wallet-alert = { $kind ->
    [opened] 👛 <b>{ $name }</b> abrió una posición: { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
    [increased] 👛 <b>{ $name }</b> compró más: { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
    [reduced] 👛 <b>{ $name }</b> vendió una parte: { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
    [closed] 👛 <b>{ $name }</b> cerró su posición: { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
    [bought] 👛 <b>{ $name }</b> compró { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
    [sold] 👛 <b>{ $name }</b> vendió { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
    [redeemed] 👛 <b>{ $name }</b> cobró { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
   *[resolved] 👛 Se decidió un mercado de <b>{ $name }</b>: { $shares } { $outcome } pagan { $price } cada una, <b>{ $usd }</b>
}
wallet-alert-after = Ahora tiene { $shares }
wallet-alert-part = Es el { $percent } % de sus posiciones ({ $portfolio })
alert-delay = En la cadena { $at }, contado { $delay } después
large-trade = { $kind ->
    [sold] 🐋 <b>{ $name }</b> vendió { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
   *[bought] 🐋 <b>{ $name }</b> compró { $shares } { $outcome } a { $price } por <b>{ $usd }</b>
}

toast-tracker = En ello…
requesting-tracker = En ello…

button-tracked = Billeteras
button-track-more = Seguir otra
button-track = Seguir
button-untrack = Dejar de seguir
button-rename = Renombrar
button-worth = Valor
button-positions = Posiciones
button-activity = Historial
button-activity-all = Todo
button-activity-trades = Compraventas
button-activity-redeemed = Cobros
button-activity-other = Lo demás
button-smart = Billeteras listas
button-consensus = Coincidencias
button-mute = 🔕 Silenciar
button-unmute = 🔔 Avisar
button-polymarket = En Polymarket ↗
button-page-before = ‹ Antes
button-page-after = Más ›
