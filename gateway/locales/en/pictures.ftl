# Pictures: the caption says every number that the picture shows.

chart-since = Chart since { $since }
chart-extremes = Chart since { $since }: low ${ $low }, high ${ $high }
chart-returns = Since { $since }: { $asset } { $change } %, { $rival } { $other } %

button-chart = Chart
portfolio-title = <b>Your settled bets</b>
portfolio-course = The last { $bets } came to <b>{ $result } SOL</b>: { $won } won, { $lost } lost. In between it was { $low } SOL at the lowest and { $high } SOL at the highest.
portfolio-none = With two settled bets there is something to draw.
