# Qué se cuenta a alguien, y cuándo.

command-alerts = Precios que esperas, y desde qué tamaño aviso

alerts-title = <b>Alertas</b>
alerts-none = No esperas ningún precio. Abre un mercado y toca una campana.
alerts-prices = Precios que esperas: { $count } de { $max }
alert-above = 🔔 { $outcome } a <b>{ $price }</b> o más · { $question }
alert-below = 🔔 { $outcome } a <b>{ $price }</b> o menos · { $question }
alert-set-above = ✓ Te aviso una vez cuando { $outcome } se negocie a <b>{ $price }</b> o más · { $question }
alert-set-below = ✓ Te aviso una vez cuando { $outcome } se negocie a <b>{ $price }</b> o menos · { $question }
alert-removed = ✓ Ya no lo espero.
alerts-wallets = 👛 Billeteras que sigues: desde { $usd }, o desde el { $percent } % de lo que tienen
alerts-whales = 🐋 Operaciones de cualquiera: desde { $usd }
threshold-value-ask = ¿Desde qué valor te cuento lo que hace una billetera que sigues? Elige o escribe uno en dólares.
threshold-share-ask = ¿Desde qué parte de lo que tiene te cuento lo que hace una billetera que sigues? Elige o escribe una en porcentaje.
threshold-whale-ask = ¿Desde qué valor te cuento las operaciones de cualquiera? Elige o escribe uno en dólares.
threshold-not-usd = Eso no es un número entero de dólares.
threshold-not-percent = Eso no es una parte entre el 0.01 y el 100 por ciento.

notifications-title = <b>Lo que te cuento</b>
notifications-how = El dinero y la seguridad se cuentan siempre. Toca lo demás para activarlo o no.
notifications-set = ✓ Anotado.
category-room = Salas
category-tracker = Billeteras
category-whale = Grandes compras
category-consensus = Coincidencias
category-price = Precios
category-system = Novedades
quiet-on = 🌙 Silencio de { $from } a { $until } ({ $zone })
quiet-off = 🌙 Sin horas de silencio
quiet-ask = Elige las horas, o escríbelas con tu zona horaria: <code>22:00-08:00 Europe/Madrid</code>. Entonces el dinero llega sin sonido y lo demás espera.
quiet-not-hours = No lo he podido leer. Las horas son como 22:00-08:00, las zonas como Europe/Madrid.
digest-on = 📮 Un mensaje al día, a las { $at } ({ $zone })
digest-off = 📮 Un mensaje por cada cosa
digest-ask = Elige una hora, o escríbela como 18:30. Lo que no es dinero llega entonces en un solo mensaje. Tu zona horaria es la de las horas de silencio.
digest-not-a-time = Eso no es una hora del día.
digest-title = 📮 <b>Lo que pasó desde { $since }</b>
digest-more = { $count ->
    [one] y una cosa más
   *[other] y { $count } más
}
broadcast = 📣 { $text }

webhook-title = <b>Tu webhook</b>
webhook-none = No llamo a ninguna dirección tuya.
webhook-url = Llamo a <code>{ $url }</code>
webhook-key = Clave de las firmas: <code>{ $key }</code>
webhook-success = Última llamada que funcionó: { $when }
webhook-error = La última llamada falló: { $why }
webhook-ask = Envíame una dirección https y la llamo también con cada notificación. Cada llamada va firmada con HMAC-SHA256 en la cabecera X-Rooms-Signature; quien tenga la clave puede comprobar que viene de mí.

button-alerts = Alertas
button-alert-remove = ✕ { $outcome } { $price }
button-threshold-value = 👛 Desde valor
button-threshold-share = 👛 Desde parte
button-threshold-whale = 🐋 Desde valor
button-notifications = Notificaciones
button-category-on = ✅ { $name }
button-category-off = ⬜ { $name }
button-quiet = Horas de silencio
button-quiet-on = Activar
button-quiet-off = Desactivar
button-digest = Una vez al día
button-digest-off = De nuevo uno por uno
button-webhook = Mi webhook
button-webhook-remove = Quitar
