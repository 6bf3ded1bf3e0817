# Límites que cada uno se pone.

limits-title = <b>Tus límites</b>
limits-how = Los pones tú y yo los respeto. Un límite más estricto rige al instante; uno más amplio, solo pasado un día. Retirar siempre es posible.
limits-cool-off = ⏸ Estás tomándote un descanso: hasta { $until }.
limits-excluded = ⛔ Te has autoexcluido: hasta { $until }.

limit-deposit-day = Depósitos en 24 horas
limit-stake-day = Apuestas en 24 horas
limit-loss-week = Pérdidas en 7 días
limit-line = { $name }: <b>{ $used }</b> de <b>{ $amount } SOL</b>
limit-line-none = { $name }: sin límite
limit-next = ⏳ { $next } a partir de { $at }
limit-amount = { $amount } SOL
limit-none = sin límite
limit-deposit-day-means = Lo que envíes de más también llega, pero hasta que pasen las 24 horas solo se puede retirar, no apostar.
limit-stake-day-means = Se rechaza la apuesta con la que superarías lo apostado en las últimas 24 horas. Las apuestas devueltas enteras no cuentan.
limit-loss-week-means = Se rechaza una apuesta si con ella se supera la suma de tus pérdidas de los últimos 7 días y lo que tienes en juego. Las ganancias compensan las pérdidas.
limit-ask = Elige una cantidad o escríbela en SOL.
limit-not-a-number = Eso no es una cantidad en SOL.
limit-review =
    <b>{ $name }</b>
    Ahora: { $before }
    Después: <b>{ $after }</b>
limit-at-once = Rige al instante. Volver a ampliarlo tarda un día.
limit-tomorrow = Es más amplio que el actual, así que empieza dentro de un día. Hasta entonces puedes echarte atrás poniendo un límite que no sea más amplio.
limit-set = ✓ Tu límite está puesto.
limit-waits = ⏳ Anotado. El límite más amplio empieza dentro de un día.
limit-refused = <b>No se hizo</b>

cool-off-title = <b>Tomarte un descanso</b>
cool-off-means = Durante unos días rechazo tus apuestas y las salas que quieras abrir. Las apuestas en juego se liquidan como siempre, y puedes retirar. Un descanso no se puede acortar.
cool-off-review = { $days ->
    [one] Un descanso de <b>un día</b>, desde ahora. No se puede acortar.
   *[other] Un descanso de <b>{ $days } días</b>, desde ahora. No se puede acortar.
}
cool-off-done = ⏸ Tu descanso ha empezado.

exclusion-title = <b>Autoexclusión</b>
exclusion-means = Para quien quiere dejarlo. Durante al menos 6 meses rechazo todas tus apuestas y todas tus salas.
exclusion-first =
    Estás a punto de autoexcluirte durante <b>{ $months } meses</b>.

    • Ni apuestas ni salas hasta que pasen. Tampoco con una cuenta nueva.
    • Las apuestas en juego se liquidan como siempre, y siempre puedes retirar tu saldo.
    • Nadie puede acortarla: ni tú ni nuestro personal.
exclusion-last =
    <b>Esto no se puede deshacer.</b>

    Si sigues, no podrás jugar durante { $months } meses, pase lo que pase. Borrar tu cuenta no le pone fin.
exclusion-done = ⛔ Te has autoexcluido.

requesting-limit = En ello…
toast-limit = En ello…

button-limits = Límites
button-limit-deposit-day = Depósitos
button-limit-stake-day = Apuestas
button-limit-loss-week = Pérdidas
button-limit-none = Sin límite
button-limit-confirm = Confirmar este límite
button-sol = { $amount } SOL
button-cool-off = Descansar
button-days = { $days ->
    [one] 1 día
   *[other] { $days } días
}
button-cool-off-confirm = Empezar el descanso
button-exclude = Autoexcluirme…
button-months = { $months } meses
button-exclude-on = Lo entiendo, continuar
button-exclude-confirm = Excluirme durante { $months } meses
