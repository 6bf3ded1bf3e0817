# Palabras y unidades que comparten todas las pantallas. `button-…`, `toast-…` y `command-…` son texto sin formato;
# todo lo demás es HTML de Telegram.

command-start = Abrir tu panel
command-rooms = Salas en las que apostar
command-create = Abrir una sala propia
command-bets = Tus apuestas
command-wallet = Saldo y dirección
command-deposit = Depositar SOL
command-withdraw = Retirar SOL
command-transfers = Todos los movimientos de tu dinero
command-proof = Comprueba que tenemos lo que te debemos
command-settings = Idioma, autenticador, límites, privacidad
command-privacy = Tus datos: exportarlos o borrarlos
command-limits = Límites que te pones tú
command-status = ¿Funciona todo?
command-help = Cómo funciona

outcome-yes = SÍ
outcome-no = NO
outcome-up = SUBE
outcome-down = BAJA

asset-price = ${ $price }
usd-about = ≈ ${ $usd }
usd-unavailable = valor en USD no disponible

list-separator = { ", " }
venue-name = { $venue ->
    [binance] Binance
    [bitstamp] Bitstamp
    [chain-1] Solana
    [chain-2] Solana, otro nodo
    [chain-3] Solana, un tercer nodo
    [coinbase] Coinbase
    [coingecko] CoinGecko
    [cryptocompare] CryptoCompare
    [dexscreener] DexScreener
    [kraken] Kraken
    [okx] OKX
    [pyth] Pyth
   *[other] { $venue }
}

month-short = { $month ->
    [1] ene
    [2] feb
    [3] mar
    [4] abr
    [5] may
    [6] jun
    [7] jul
    [8] ago
    [9] sep
    [10] oct
    [11] nov
   *[12] dic
}
time-today = { $clock } UTC
time-day = { $day } { $month }, { $clock } UTC
span-seconds = { $seconds } s
span-minutes = { $minutes } min
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
span-days = { $days } d
span-days-hours = { $days } d { $hours } h
in-span = en { $span }
ago-span = hace { $span }

button-home = Panel
button-back = ‹ Atrás
button-cancel = Cancelar
button-refresh = Actualizar
button-share-room = Compartir
button-previous = ‹ Más nuevas
button-next = Más antiguas ›
button-rooms = Salas
button-create = Nueva sala
button-bets = Mis apuestas
button-wallet = Billetera
button-deposit = Depositar
button-withdraw = Retirar
button-transfers = Movimientos
button-help = Ayuda
button-open-private = Abrir en el chat privado

toast-not-yours = Este botón es de otra persona.
toast-old-button = Este botón es de una versión anterior. Aquí tienes tu panel.
toast-busy = Un momento, todavía estoy en ello.
toast-placing = Haciendo tu apuesta…
toast-opening = Abriendo tu sala…
toast-requesting = Solicitando tu retiro…
toast-opening-account = Abriendo tu billetera…
toast-already-confirmed = Ya está confirmado. Basta con un toque.
toast-preview-old = Esta vista previa es demasiado antigua. Mira una nueva, por favor.
toast-preview-gone = Ya no tengo esta vista previa. Mira una nueva, por favor.
toast-slow-down = Un poco más despacio, por favor. Inténtalo dentro de un minuto.

slow-down = Un poco más despacio, por favor: es más de lo que acepto de una persona en un minuto. No se ha perdido nada de lo que habías confirmado.
fault =
    Algo ha fallado por nuestra parte. Vuelve a intentarlo en un momento, por favor.
    Referencia <code>{ $reference }</code>
unknown-input =
    No te he entendido. Esto es lo que sé hacer: /rooms para encontrar una sala, /create para abrir una, /wallet para tu dinero, /help para lo demás.
unknown-command =
    No conozco ese comando. En /help están los que conozco.
group-hello =
    Las apuestas y los saldos no se muestran en grupos. Toca abajo y seguimos en privado.
