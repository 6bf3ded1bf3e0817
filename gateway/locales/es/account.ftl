# Inicio, panel, billetera, depósitos, movimientos, estado, ayuda.

terms =
    <b>Bienvenido a ROOMS</b>

    Alguien abre una sala con una pregunta, por ejemplo «¿Subirá SOL a $165 antes de las 18:00 UTC?». Todos apuestan SOL a una respuesta. Cuando se conoce, los ganadores se reparten al instante lo apostado por los perdedores, y cualquiera puede comprobar el resultado.
terms-custody = Antes de empezar, tres cosas claras:
terms-points =
    • Tu billetera aquí es custodiada: la clave la guardamos nosotros. Ten en ella solo lo que vayas a jugar.
    • Puedes perder todo lo apostado. Pasados unos segundos, una apuesta ya no se puede deshacer.
    • La comisión es del { $fee } % de las apuestas perdedoras, nada más.
terms-network = { $network ->
    [mainnet] Aquí se juega con dinero real.
    [devnet] Estás en devnet: el dinero es de prueba.
   *[local] Estás en una red local: el dinero es de prueba.
}
terms-confirm = Al continuar aceptas estas condiciones y confirmas que tienes 18 años o más.
button-agree = Tengo 18 años o más y acepto

opening-account = Abriendo tu billetera…

desk-title = <b>Tu panel</b>
desk-balance = Saldo <b>{ $balance } SOL</b> · { $usd }
desk-balance-unknown = Saldo <i>no disponible en este momento</i>
desk-held = En camino hacia fuera: { $held } SOL
desk-live-bets = { $count ->
    [0] Ninguna apuesta en juego
    [one] <b>1</b> apuesta en juego
   *[other] <b>{ $count }</b> apuestas en juego
}
desk-live-bets-unknown = Apuestas en juego: <i>no disponible en este momento</i>
desk-address = Dirección de depósito
address = <code>{ $address }</code>
desk-welcome = Tu billetera está lista. Deposita algo de SOL para hacer tu primera apuesta, o echa un vistazo antes.

wallet-title = <b>Billetera</b>
wallet-available = Disponible <b>{ $balance } SOL</b> · { $usd }
wallet-withdrawable = Se puede retirar ahora: { $amount } SOL
wallet-withdraw-only = De eso, { $amount } SOL superaron tu límite de depósito y por ahora solo se pueden retirar.
wallet-fresh = Un depósito se puede apostar al instante y retirar unos minutos después.
wallet-held = En camino hacia fuera: { $held } SOL
wallet-custody = <i>Custodiada: la clave la guardamos nosotros y nunca la mostramos ni la enviamos.</i>

deposit-title = <b>Depositar SOL</b>
deposit-how = Envía SOL a tu dirección:
deposit-minimum = Como mínimo { $minimum } SOL; las cantidades menores pasan sin aviso.
deposit-tokens = Solo se abona SOL. <b>Los tokens y NFT enviados aquí no se abonan.</b>
deposit-speed = Te aviso cuando veo un depósito y otra vez cuando es definitivo y queda abonado. No tienes que hacer nada más.
button-copy-address = Copiar dirección

transfers-title = <b>Movimientos</b>
transfers-none = Todavía no se ha movido nada.
transfers-page = Página { $page } de { $pages }
transfer-line = { $sign }{ $amount } SOL · { $kind } · { $when }
transfer-line-state = { $sign }{ $amount } SOL · { $kind } ({ $state }) · { $when }
transfer-state = { $state ->
    [REQUESTED] solicitado
    [HELD] en espera
    [APPROVED] aprobado
    [SIGNED] firmado
    [SUBMITTED] enviado
    [FINALIZED] definitivo
    [FAILED] fallido
    [EXPIRED] se firma de nuevo
    [CANCELLED] cancelado
    [REJECTED] rechazado
   *[other] { $state }
}
transfer-signature = <code>{ $signature }</code>
transfer-deposit = depósito
transfer-stake = apuesta
transfer-stake-returned = apuesta devuelta
transfer-payout = pago
transfer-host-fee = comisión de anfitrión
transfer-withdrawal = retiro
transfer-withdrawal-returned = retiro devuelto
transfer-referral = invitación
transfer-refund = apuesta reembolsada
transfer-other = movimiento

status-title = <b>Estado</b>
status-up = ✓ { $name }
status-down = ✗ { $name }: no responde
status-service-room = Salas y apuestas
status-service-wallet = Billeteras
status-service-oracle = Precios
status-service-settlement = Liquidación
status-service-polymarket = Billeteras y mercados de Polymarket
status-price = { $asset } ${ $price } · { $age }
status-no-price = { $asset } no tiene precio en este momento
status-network = Red { $network }
status-time = { $time }

help =
    <b>Cómo funciona</b>

    <b>1.</b> Elige una sala, o abre una con tu propia pregunta.
    <b>2.</b> Apuesta a una respuesta antes de que cierren las apuestas. Una apuesta por sala; se puede deshacer una vez, en los primeros segundos.
    <b>3.</b> El precio es la mediana de varios mercados. Cuando decide la pregunta, la sala se liquida sola y los ganadores cobran al instante.

    Los ganadores recuperan su apuesta y se reparten las apuestas perdedoras en proporción a la suya, menos la comisión. Nadie que haya acertado recibe menos de lo que apostó. Si todos dieron la misma respuesta, si nadie acertó, si hay empate o si los mercados no coinciden en un precio, todas las apuestas se devuelven sin comisión.

    Si perdiste y el resultado es incorrecto, dilo debajo de él: dos operadores lo revisan.
help-command = /{ $name } – { $what }
