# 图片：说明文字写出图上的每个数字。

chart-since = 走势图自 { $since } 起
chart-extremes = 走势图自 { $since } 起：最低 ${ $low }，最高 ${ $high }
chart-returns = 自 { $since } 起：{ $asset } { $change }%，{ $rival } { $other }%
