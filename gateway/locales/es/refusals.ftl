# Un texto por código de rechazo, con los números que nombra la regla.

refusal-unspecified = Una regla lo impide.
refusal-expired = Se tardó demasiado en llegar al servicio, así que no se hizo nada. Inténtalo de nuevo, por favor.
refusal-malformed = La solicitud no estaba completa (<code>{ $field }</code>). Empieza de nuevo, por favor.
refusal-not-found = Ya no existe.

refusal-room-no-price = Ahora mismo no hay un precio fiable de { $asset }, así que no se puede abrir ninguna sala sobre él. Inténtalo dentro de poco.
refusal-room-target-met = El precio es ${ $price } y ya está en el objetivo de ${ $target }. Elige uno que aún no se haya alcanzado.
refusal-room-target-too-near = ${ $target } está demasiado cerca: el precio es ${ $price }, y para este vencimiento el objetivo debe estar al menos a un { $min_percent } %. Elige uno más lejano o un vencimiento más próximo.
refusal-room-horizon = El vencimiento tiene que estar entre { $min } y { $max } a partir de ahora.
refusal-room-too-many-live = { $max ->
    [one] Ya tienes una sala en juego. Espera a que termine.
   *[other] Ya tienes { $max } salas en juego. Espera a que termine una.
}
refusal-room-duplicate = La sala #{ $number } ya hace la misma pregunta.
refusal-room-target-invalid = Ese objetivo no sirve. Escribe un precio mayor que cero con pocos decimales.
refusal-room-rival = Un duelo necesita dos activos distintos; { $asset } no puede competir consigo mismo.
refusal-room-bounds = Los rangos necesitan precios en orden ascendente, y en una sala hay de { $min } a { $max } rangos.
refusal-room-players = Una sala puede esperar a entre { $min } y { $max } jugadores.
refusal-room-token-mintable = Todavía se puede acuñar más del token <code>{ $mint }</code>, así que su capitalización se podría mover a voluntad. Las salas necesitan un suministro fijo.
refusal-room-token-young = Ese token es demasiado nuevo: su mercado debe tener al menos { $min_hours } horas.
refusal-room-token-illiquid = Ese token se negocia demasiado poco: su mercado tiene ${ $liquidity_usd }, y una sala necesita al menos ${ $min_usd }.
refusal-room-operators-only = Las salas de este tipo solo las abren los operadores.
refusal-room-not-cancellable = No se puede retirar: alguien más ha apostado, o ya es tarde.

refusal-bet-too-small = La apuesta mínima aquí es de { $min } SOL; elegiste { $stake } SOL.
refusal-bet-too-large = La apuesta máxima aquí es de { $max } SOL; elegiste { $stake } SOL.
refusal-bet-not-enough = Tienes { $available } SOL y la apuesta es de { $stake } SOL.
refusal-bet-already-placed = Ya tienes una apuesta en esta sala. Una apuesta por sala.
refusal-bet-room-full = { $max_players ->
    [one] El único asiento está ocupado.
   *[other] Los { $max_players } asientos están ocupados.
}
refusal-bet-locked = Cierre de apuestas: { $lock_at }.
refusal-bet-seats-reserved = Los últimos asientos se guardan para las demás respuestas, para que haya contra quién apostar. Todavía puedes dar una de ellas.
refusal-bet-no-such-outcome = Esta sala no tiene esa respuesta.
refusal-bet-pool-overflow = El bote de esta sala no puede crecer más.
refusal-bet-hold-late = El importe no se pudo reservar a tiempo y ha vuelto a tu saldo.
refusal-bet-min-odds = Pagaría menos que tu mínimo del { $percent } %.
refusal-bet-pool-full = Todas las apuestas de esta sala juntas pueden llegar a { $max } SOL; quedan { $left } SOL.
refusal-bet-not-cancellable = Una apuesta se puede deshacer una vez por sala, durante { $seconds ->
    [one] un segundo
   *[other] { $seconds } segundos
}, y no justo antes de que cierren las apuestas.
refusal-bet-operator = Los operadores no apuestan.

refusal-account-unknown = Todavía no tienes cuenta. /start abre una.
refusal-withdraw-address-invalid = <code>{ $address }</code> no puede recibir SOL desde aquí. Usa una dirección de billetera corriente.
refusal-withdraw-address-is-deposit = Esa es una dirección de depósito de ROOMS. Usa una billetera tuya.
refusal-withdraw-too-small = El retiro mínimo es de { $min } SOL; pediste { $amount } SOL.
refusal-withdraw-not-enough = Tienes { $available } SOL y pediste { $amount } SOL.
refusal-withdraw-below-rent = Esa cuenta está vacía y Solana exige que le lleguen al menos { $min } SOL.
refusal-withdraw-cap = El límite para 24 horas es de { $cap } SOL, y ya se han usado { $used } SOL.
refusal-withdraw-paused = Los retiros están en pausa en este momento. Tu saldo está a salvo; inténtalo más tarde, por favor.
refusal-withdraw-needs-approval = A partir de { $threshold } SOL, dos operadores revisan antes el retiro.
refusal-withdraw-needs-totp = Sin un código de tu autenticador pueden salir aquí { $cap } SOL en 24 horas, y ya se han usado { $used } SOL. Elige menos, o añade un autenticador.
refusal-withdraw-state = { $state ->
    [CANCELLED] Ya está cancelado.
    [REJECTED] Ya está rechazado.
    [FINALIZED] Ya está pagado.
    [FAILED] Falló, y el importe ha vuelto a tu saldo.
   *[other] Es demasiado tarde: el retiro está en camino.
}
refusal-operator-signature = Esa no es una firma válida de un operador, o es demasiado antigua.
refusal-operator-twice = Este operador ya lo aprobó; tiene que hacerlo otro.
refusal-withdraw-fresh-deposit = Los depósitos recientes se pueden retirar unos minutos después de abonarse. Ahora se pueden retirar { $withdrawable } SOL de los { $amount } SOL que pediste.

refusal-settlement-already-decided = El resultado ya está decidido.
refusal-settlement-paid = Los pagos están en curso, así que el resultado se mantiene.
refusal-settlement-ruling = Los operadores no pueden decidir eso sobre esta sala.
refusal-settlement-interest = Quien ha apostado en una sala no la juzga.
refusal-dispute-late = Los resultados solo se pueden disputar durante un tiempo; para este se acabó: { $until }.
refusal-dispute-not-a-player = Un resultado lo pueden disputar quienes perdieron en su sala.
refusal-dispute-twice = Ya disputaste este resultado. Una vez por sala.
refusal-dispute-closed = La disputa sobre esta sala está cerrada.

refusal-referral-unknown = Nadie tiene ese código.
refusal-referral-self = Ese es tu propio código.
refusal-referral-loop = A esa persona la trajiste tú.
refusal-referral-late = Demasiado tarde: ya habías apostado, o llegaste por otro enlace.

refusal-limit-stake-day = Tu propio límite es de { $limit } SOL apostados en 24 horas. Ya has usado { $used } SOL, así que { $stake } SOL no caben. Apuesta menos, o espera a que tus apuestas anteriores tengan un día.
refusal-limit-loss-week = Tu propio límite es de { $limit } SOL de pérdidas en 7 días. Con lo que perdiste y tienes en juego se han usado { $used } SOL, así que { $stake } SOL no caben. Apuesta menos, o espera.
refusal-limit-cool-off = Estás tomándote un descanso hasta { $until }. Puedes retirar, pero no jugar.
refusal-limit-excluded = Te has autoexcluido hasta { $until }. Puedes retirar, pero no jugar.
refusal-limit-withdraw-only = Ahora puedes apostar { $stakable } SOL, no { $stake } SOL: el resto de tu saldo superó tu límite de depósito y solo se puede retirar hasta que pasen 24 horas.
refusal-limit-invalid = Elige entre { $min } y { $max }.

refusal-account-busy = No mientras haya algo pendiente: apuestas en juego: { $live_bets }; retiros en camino: { $withdrawals }. Vuelve cuando terminen.
refusal-account-has-balance = Todavía hay { $available } SOL en tu cuenta. Retíralos antes, o renuncia a ellos.
refusal-account-closed = Esta cuenta está cerrada.
refusal-account-banned = Esta cuenta no puede jugar. Puedes retirar tu dinero.

refusal-arena-state = Ese grupo ya está en la reserva, o todavía lo tiene una sala.
refusal-arena-rights = Ese no es un grupo en el que yo pueda cambiar el nombre, restringir, invitar y expulsar.

refusal-tracked-too-many = Ya sigues { $max } billeteras, que es lo máximo. Deja antes de seguir una.
refusal-price-alerts-too-many = Ya esperas { $max } precios, que es lo máximo. Quita antes uno.
refusal-preference-invalid = Esa opción no existe ({ $field }).
refusal-webhook-invalid = Esa no es una dirección https que yo pueda llamar desde fuera.
refusal-broadcast-state = Ha terminado, o no existe.
