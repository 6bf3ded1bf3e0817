# Imágenes: el pie dice todos los números que muestra la imagen.

chart-since = Gráfico desde { $since }
chart-extremes = Gráfico desde { $since }: mínimo ${ $low }, máximo ${ $high }
chart-returns = Desde { $since }: { $asset } { $change } %, { $rival } { $other } %

button-chart = Gráfico
portfolio-title = <b>Tus apuestas liquidadas</b>
portfolio-course = Las últimas { $bets } sumaron <b>{ $result } SOL</b>: { $won } ganadas, { $lost } perdidas. Entretanto estuvo en { $low } SOL como mínimo y en { $high } SOL como máximo.
portfolio-none = Con dos apuestas liquidadas ya hay algo que dibujar.
