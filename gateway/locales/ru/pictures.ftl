# Картинки: подпись называет все числа, которые на них показаны.

chart-since = График с { $since }
chart-extremes = График с { $since }: минимум ${ $low }, максимум ${ $high }
chart-returns = С { $since }: { $asset } { $change } %, { $rival } { $other } %
