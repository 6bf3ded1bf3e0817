# Decir que un resultado es incorrecto, y qué se decidió.

button-dispute = Algo está mal
dispute-title = <b>Disputar el resultado</b> · sala #{ $number }
dispute-ask = Cuéntame con tus palabras qué está mal y dónde se puede ver. Lo leerán dos operadores. Puedes hacerlo una vez por sala.
dispute-too-long = Es demasiado largo: como mucho { $max } caracteres, por favor.
dispute-words = <blockquote>{ $text }</blockquote>
dispute-means = Lo revisarán dos operadores que no han apostado en esta sala. Si te dan la razón, se reembolsan todas las apuestas perdedoras y los ganadores conservan lo suyo; si no, el resultado se mantiene. En cualquier caso te diré por qué.
button-dispute-confirm = Presentarla
button-dispute-change = Otras palabras
toast-dispute = Presentándola…
requesting-dispute = Presentando tu disputa…
dispute-opened = <b>Tu disputa está presentada.</b> Te diré aquí lo que decidan los operadores.
dispute-refused = <b>No se presentó.</b>

notice-dispute-open = <b>Tu disputa está abierta.</b> Te diré lo que decidan los operadores.
notice-dispute-upheld = <b>Se revisó tu disputa: el resultado se mantiene.</b>
notice-dispute-refunding = <b>Tenías razón en tu disputa.</b> Se están reembolsando las apuestas perdedoras de la sala.
notice-dispute-awaiting-funds = <b>Tenías razón en tu disputa.</b> El reembolso espera hasta que alcance el dinero propio de los operadores; llegará por sí solo.
notice-dispute-refunded = <b>Tenías razón en tu disputa.</b> Las apuestas perdedoras de la sala están reembolsadas.
notice-reason = Los operadores dicen: { $reason }
notice-refunded = <b>Apuesta reembolsada</b> · { $amount } SOL · sala #{ $number }
notice-refunded-why = Una disputa sobre esta sala se resolvió a favor de quienes perdieron. Tu apuesta ha vuelto a tu saldo.
