# Картинки: подпись называет все числа, которые на них показаны.

chart-since = График с { $since }
chart-extremes = График с { $since }: минимум ${ $low }, максимум ${ $high }
chart-returns = С { $since }: { $asset } { $change } %, { $rival } { $other } %

button-chart = График
portfolio-title = <b>Ваши рассчитанные ставки</b>
portfolio-course = Последние ставки ({ $bets }) дали <b>{ $result } SOL</b>: выиграно { $won }, проиграно { $lost }. За это время было самое меньшее { $low } SOL и самое большее { $high } SOL.
portfolio-none = Рисовать есть что, когда рассчитаны две ставки.
