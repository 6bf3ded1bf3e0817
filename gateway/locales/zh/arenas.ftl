# 同一房间的玩家聚会的群。

arena-title = ROOMS #{ $number } – { $short }
arena-title-free = ROOMS 竞技场 – 空闲
arena-players-only =
    那个群只供房间 #{ $number } 的玩家使用。请先在房间里下注，再打开群链接。
arena-over = 那个群的房间已经结束，不再放人进入。
button-arena = 玩家群
