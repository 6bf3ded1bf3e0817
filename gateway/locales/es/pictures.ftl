# Imágenes: el pie dice todos los números que muestra la imagen.

chart-since = Gráfico desde { $since }
chart-extremes = Gráfico desde { $since }: mínimo ${ $low }, máximo ${ $high }
chart-returns = Desde { $since }: { $asset } { $change } %, { $rival } { $other } %
