# 战绩：结果、合计、排行榜。

command-won = 您赢的下注和派彩
command-recent = 您最近的结果
command-leaderboard = 最佳收益率和您的名次

button-won = 赢的下注
button-recent = 结果
button-leaderboard = 排行榜

desk-day = 最近 24 小时 <b>{ $net } SOL</b> · 赢 { $won }，输 { $lost } · 胜率 { $rate }%
desk-day-none = 最近 24 小时：没有结算
desk-day-unknown = 最近 24 小时 <i>暂时无法显示</i>

won-title = <b>赢的下注</b>
won-none = 您还没有赢过。
won-totals = 累计：{ $won ->
   *[other] 赢 <b>{ $won }</b> 笔
}，押 { $staked } SOL 得 { $paid } SOL，<b>{ $net } SOL</b>
recent-title = <b>您的结果</b>
recent-none = 您还没有结算的下注。
recent-totals = 累计：赢 { $won }，输 { $lost }，退回 { $returned } · <b>{ $net } SOL</b> · 胜率 { $rate }%
recent-totals-returned = 累计：退回 { $returned }，没有输赢
settled-won = { $stake } SOL 押“{ $outcome }” · 得 { $payout } SOL · <b>{ $net } SOL</b>
settled-lost = { $stake } SOL 押“{ $outcome }” · 输 · <b>{ $net } SOL</b>
settled-void = { $stake } SOL 押“{ $outcome }” · 已退回，房间作废
settled-late = { $stake } SOL 押“{ $outcome }” · 已退回，下注时结果已可见
settled-odds = { $stake } SOL 押“{ $outcome }” · 已退回，未达到您的最低赔率
settled-when = <i>{ $when }</i>
settled-page = 第 { $page } 页，共 { $pages } 页

leaderboard-title = <b>排行榜</b> · { $period ->
    [day] 最近 24 小时
    [week] 最近 7 天
   *[all] 累计
}
leaderboard-how = 按已结算下注的收益率排名。上榜需要 { $bets } 笔有输赢的下注，合计注额 { $staked } SOL。
leaderboard-line = { $rank }. { $name } · <b>{ $return }%</b> · 赢 { $won }，输 { $lost }
leaderboard-line-own = <b>{ $rank }. { $name }（您）</b> · <b>{ $return }%</b> · 赢 { $won }，输 { $lost }
leaderboard-none = 这里还没有人上榜。
leaderboard-page = 第 { $page } 页，共 { $pages } 页
leaderboard-own = 您的名次：<b>{ $rank }</b> / { $total } · <b>{ $return }%</b>
leaderboard-own-none = 您还没有上榜。
leaderboard-own-hidden = 按您的意愿，这里不显示您。
leaderboard-name = 玩家 { $code }
leaderboard-shown-as = 别人看到的您是 { $name }。姓名和 Telegram 账号从不显示。
button-period-day = 24 小时
button-period-week = 7 天
button-period-all = 累计
button-higher = ‹ 靠前
button-lower = 靠后 ›
button-leaderboard-hide = 不要显示我
button-leaderboard-show = 重新显示我
toast-leaderboard = 请稍等…
requesting-leaderboard = 正在更改是否显示您…
leaderboard-hidden = 完成：您不再出现在排行榜上。
leaderboard-listed = 完成：下注达到要求后，您就会上榜。

rooms-title-here = <b>本聊天的房间</b>
rooms-none-here = 本聊天没有进行中的房间。
button-filter-here = 本聊天
