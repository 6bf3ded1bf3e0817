# Сделать ставку и посмотреть свои ставки.

stake-title = <b>{ $outcome }</b> в комнате #{ $number }
stake-ask = Сколько ставите? От { $min } до { $max } SOL.
stake-balance = У вас { $balance } SOL.
button-stake = { $stake } SOL
button-stake-custom = Другая сумма
stake-type = Напишите ставку в SOL, например <code>0.25</code>. От { $min } до { $max } SOL.
stake-not-a-number = Это не сумма в SOL. Цифры и одна точка, не более девяти знаков после неё: <code>0.25</code>

preview-title = <b>Ваша ставка</b> · комната #{ $number }
preview-stake = Ставите <b>{ $stake } SOL на { $outcome }</b>
preview-pays = Если выиграет { $outcome }, вы получите <b>{ $payout } SOL</b> (×{ $odds }) при нынешних пулах вместе с вашей ставкой.
preview-alone = Против { $outcome } ещё никто не поставил: если так и останется, ставка вернётся. Возможный выигрыш растёт со ставками против вас.
preview-moves = Следующие ставки меняют это число. Комиссия уже вычтена.
preview-loses = Если { $outcome } не выиграет, ставка потеряна. Забрать её можно один раз, в течение { $seconds ->
    [one] { $seconds } секунды
   *[many] { $seconds } секунд
}, но не перед самым закрытием ставок.
button-confirm-bet = Поставить { $stake } SOL на { $outcome }
button-change-stake = Изменить сумму

placing-bet = Делаю вашу ставку { $stake } SOL…
still-working = Ещё в работе. Я продолжаю спрашивать и отвечу здесь.

bet-placed = <b>Ставка принята</b> · комната #{ $number }
bet-placed-line = { $stake } SOL на <b>{ $outcome }</b>
bet-placed-next = Я сообщу результат здесь, как только он станет известен.
bet-placed-cancel = Передумали? Забрать ставку можно в течение { $seconds ->
    [one] { $seconds } секунды
   *[many] { $seconds } секунд
}.
button-cancel-bet = Забрать ставку
toast-cancelling-bet = Возвращаю вашу ставку…
toast-already-taken-back = Ставка уже возвращается.
cancelling-bet = Возвращаю вашу ставку…
bet-cancelled = <b>Ставка возвращена</b> · комната #{ $number }
bet-cancelled-line = { $stake } SOL на { $outcome }: ставка снова на вашем балансе.
bet-cancelled-again = Вы можете поставить в этой комнате ещё раз. Ту ставку забрать уже нельзя.
bet-not-cancelled = <b>Не возвращена.</b> Ваша ставка остаётся в силе.
bet-refused = <b>Ставка не сделана.</b>
button-open-room = Открыть комнату

bets-title = <b>Мои ставки</b>
bets-none = Ставок пока нет. Три нажатия – и вы в игре.
bets-page = Страница { $page } из { $pages }
bet-line-question = <b>#{ $number }</b> { $question }
bet-by-host = { " · ставка создателя" }
bet-line-pending = { $stake } SOL на { $outcome } · принимается
bet-line-accepted = { $stake } SOL на { $outcome } · в игре
bet-line-refused = { $stake } SOL на { $outcome } · не принята
bet-line-won = { $stake } SOL на { $outcome } · <b>выигрыш { $payout } SOL</b>
bet-line-lost = { $stake } SOL на { $outcome } · проиграна
bet-line-cancelled = { $stake } SOL на { $outcome } · забрана
bet-line-voided = { $stake } SOL на { $outcome } · возвращена
