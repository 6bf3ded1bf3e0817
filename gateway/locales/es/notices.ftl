# Lo que llega sin pedirlo.

notice-deposit-seen = <b>Depósito visto</b> · { $amount } SOL
notice-deposit-seen-next = Se abona en cuanto sea definitivo, normalmente en menos de medio minuto.
notice-deposit-credited = <b>Depósito abonado</b> · { $amount } SOL
notice-deposit-balance = Saldo { $balance } SOL
notice-signature = <code>{ $signature }</code>

notice-won = <b>Ganaste { $payout } SOL</b> · sala #{ $number }
notice-lost = <b>Perdiste</b> · sala #{ $number }
notice-room-void = <b>Apuesta devuelta</b> · sala #{ $number }
notice-question = { $question }
notice-stake = Apuesta de { $stake } SOL a { $outcome }
notice-payout = Abonados { $payout } SOL, de ellos { $profit } SOL de ganancia
notice-loss = Perdidos { $stake } SOL
notice-fee = Comisión { $fee } SOL, tomada de las apuestas perdedoras
notice-returned = Abonados { $payout } SOL
notice-void-reason = La sala queda anulada: { $reason }. No se cobró comisión.
notice-past-post = Tu apuesta llegó tan tarde que el resultado ya se veía. No cuenta y se te ha devuelto.
notice-min-odds = No se alcanzó tu cuota mínima. La apuesta no cuenta y se te ha devuelto.
