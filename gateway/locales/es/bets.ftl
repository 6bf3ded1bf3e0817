# Apostar y ver las propias apuestas.

stake-title = <b>{ $outcome }</b> en la sala #{ $number }
stake-ask = ¿Cuánto apuestas? Entre { $min } y { $max } SOL.
stake-balance = Tienes { $balance } SOL.
button-stake = { $stake } SOL
button-stake-custom = Otra cantidad
stake-type = Escribe tu apuesta en SOL, por ejemplo <code>0.25</code>. Entre { $min } y { $max } SOL.
stake-not-a-number = Eso no es una cantidad en SOL. Dígitos y un punto, como mucho nueve decimales: <code>0.25</code>

preview-title = <b>Tu apuesta</b> · sala #{ $number }
preview-stake = Apuestas <b>{ $stake } SOL a { $outcome }</b>
preview-pays = Si gana { $outcome }, cobras <b>{ $payout } SOL</b> (×{ $odds }), tal como están los botes con tu apuesta incluida.
preview-alone = Todavía nadie ha apostado contra { $outcome }: si sigue así, se te devuelve la apuesta. Lo que puedes ganar crece con las apuestas en contra.
preview-moves = Las apuestas posteriores cambian este número. La comisión ya está descontada.
preview-loses = Si { $outcome } no gana, pierdes la apuesta. Puedes deshacerla una vez, durante { $seconds ->
    [one] un segundo
   *[other] { $seconds } segundos
}, pero no justo antes de que cierren las apuestas.
button-confirm-bet = Confirmar { $stake } SOL a { $outcome }
button-change-stake = Cambiar cantidad

placing-bet = Haciendo tu apuesta de { $stake } SOL…
still-working = Sigo en ello. No dejo de preguntar y te lo diré aquí.

bet-placed = <b>Apuesta aceptada</b> · sala #{ $number }
bet-placed-line = { $stake } SOL a <b>{ $outcome }</b>
bet-placed-next = Te diré aquí el resultado en cuanto se conozca.
bet-placed-cancel = ¿Has cambiado de idea? Puedes deshacerla durante { $seconds ->
    [one] un segundo
   *[other] { $seconds } segundos
}.
button-cancel-bet = Deshacer la apuesta
toast-cancelling-bet = Deshaciendo tu apuesta…
toast-already-taken-back = Ya se está deshaciendo.
cancelling-bet = Deshaciendo tu apuesta…
bet-cancelled = <b>Apuesta deshecha</b> · sala #{ $number }
bet-cancelled-line = { $stake } SOL a { $outcome }: el importe ha vuelto a tu saldo.
bet-cancelled-again = Puedes apostar una vez más en esta sala. Esa apuesta ya será definitiva.
bet-not-cancelled = <b>No se deshizo.</b> Tu apuesta sigue en pie.
bet-refused = <b>No se hizo la apuesta.</b>
button-open-room = Abrir la sala

bets-title = <b>Mis apuestas</b>
bets-none = Aún no hay apuestas. Tres toques y estás dentro.
bets-page = Página { $page } de { $pages }
bet-line-question = <b>#{ $number }</b> { $question }
bet-by-host = { " · apuesta del anfitrión" }
bet-line-pending = { $stake } SOL a { $outcome } · en curso
bet-line-accepted = { $stake } SOL a { $outcome } · en juego
bet-line-refused = { $stake } SOL a { $outcome } · no aceptada
bet-line-won = { $stake } SOL a { $outcome } · <b>ganaste { $payout } SOL</b>
bet-line-lost = { $stake } SOL a { $outcome } · perdida
bet-line-cancelled = { $stake } SOL a { $outcome } · deshecha
bet-line-voided = { $stake } SOL a { $outcome } · devuelta
