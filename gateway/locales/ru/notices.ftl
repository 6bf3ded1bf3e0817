# То, что приходит само.

notice-deposit-seen = <b>Вижу пополнение</b> · { $amount } SOL
notice-deposit-seen-next = Оно будет зачислено, как только станет окончательным, обычно за полминуты.
notice-deposit-credited = <b>Пополнение зачислено</b> · { $amount } SOL
notice-deposit-balance = Баланс { $balance } SOL
notice-signature = <code>{ $signature }</code>

notice-won = <b>Вы выиграли { $payout } SOL</b> · комната #{ $number }
notice-lost = <b>Вы проиграли</b> · комната #{ $number }
notice-room-void = <b>Ставка возвращена</b> · комната #{ $number }
notice-question = { $question }
notice-stake = Ставка { $stake } SOL на { $outcome }
notice-payout = Зачислено { $payout } SOL, из них { $profit } SOL прибыли
notice-loss = Проиграно { $stake } SOL
notice-fee = Комиссия { $fee } SOL, удержана из проигравших ставок
notice-returned = Зачислено { $payout } SOL
notice-void-reason = Комната аннулирована: { $reason }. Комиссия не взята.
notice-past-post = Ваша ставка пришла так поздно, что результат уже был виден. Она не считается и возвращена.
notice-min-odds = Ваш минимальный коэффициент не выполнен. Ставка не считается и возвращена.
