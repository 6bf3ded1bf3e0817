# 图片：说明文字写出图上的每个数字。

chart-since = 走势图自 { $since } 起
chart-extremes = 走势图自 { $since } 起：最低 ${ $low }，最高 ${ $high }
chart-returns = 自 { $since } 起：{ $asset } { $change }%，{ $rival } { $other }%

button-chart = 走势
portfolio-title = <b>您已结算的下注</b>
portfolio-course = 最近 { $bets } 笔合计 <b>{ $result } SOL</b>：赢 { $won }，输 { $lost }。其间最低 { $low } SOL，最高 { $high } SOL。
portfolio-none = 结算满两笔下注后才有图可画。
