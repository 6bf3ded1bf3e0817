# Mercados de Polymarket, y salas que preguntan lo mismo.

command-markets = Mercados de Polymarket, o una búsqueda
command-market = Un mercado con su libro

markets-title = <b>Mercados de Polymarket</b>
markets-how = Primero los más negociados de las últimas 24 horas.
markets-found = <b>Mercados con las palabras</b> { $words }
markets-none = No hay ninguno.
market-line = { $prices } · en 24 h { $volume } · { $ends }
market-ends = termina { $when }
market-open = abierto
market-closed = ya no se negocia
market-decided = decidido: { $outcome }
market-search-ask = Envíame unas palabras de la pregunta.
market-unknown = No encuentro ese mercado. Envía /market con el enlace a su página, o con palabras de su pregunta.
market-outcome = { $outcome } <b>{ $price }</b>
market-outcome-book = { $outcome } <b>{ $price }</b> · compra { $bid } · venta { $ask } · diferencia { $spread }
market-book-line = <code>{ $row }</code>
market-more-outcomes = { $count ->
    [one] y otra respuesta
   *[other] y otras { $count } respuestas
}
market-volume = Negociado { $all }, en 24 h { $day } · liquidez { $liquidity }
market-course = Últimos 7 días, { $outcome }: de { $low } a { $high }

price-alert-ask = { $outcome } se negocia a <b>{ $price }</b>. ¿A qué precio te aviso? Elige o escribe uno, como 65¢ o 0.65.
price-alert-not-a-price = Eso no es un precio entre 0 y 100¢.
price-reached-above = 🔔 <b>{ $outcome }</b> se negocia a <b>{ $price }</b>: esperabas { $wanted } o más
price-reached-below = 🔔 <b>{ $outcome }</b> se negocia a <b>{ $price }</b>: esperabas { $wanted } o menos
price-reached-at = Negociado { $at }

room-from-market = 🎲 Tu sala pregunta lo que pregunta este mercado: { $question }
room-from-market-day = 🎲 Tu sala pregunta lo que pregunta este mercado: { $question } El mercado dura hasta { $until }; una sala, un día como máximo.
room-from-market-not = Esto no puede ser una sala tuya. Las salas que abre cualquiera las deciden los precios de SOL, BTC y ETH, medidos en varias bolsas, y este mercado no trata de que uno de ellos alcance un precio. Las salas que tienen que juzgar personas las abren solo nuestros operadores.
room-from-market-over = Este mercado ha terminado; ya no queda nada que apostar.
room-custom = Como operador la abres como sala CUSTOM, con tu clave. Antes mira el criterio y las respuestas:
room-custom-command = <code>{ $command }</code>

button-markets = Mercados
button-market-search = Buscar
button-bell = 🔔 { $outcome }
button-room-from-market = 🎲 Hacer una sala de esto
