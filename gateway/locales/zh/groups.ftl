# 群里看到的，以及分享到其他聊天的。

group-command-room = 本群的房间
group-command-bet = 在本群的房间下注
group-command-odds = 奖池和赔率
group-command-oracle = 现价及其时间
group-command-time = 何时停止下注、何时截止
group-command-players = 多少人在玩，各押什么
group-command-create = 为本群开一个房间
group-command-help = 我在这里回答什么

group-welcome =
    <b>大家好。</b>我主持房间：有人问某个价格会不会到某处，大家各押一个答案，由多家交易所的价格判定。
    这里任何人都可以用 /create 为本群开房间。我还会回答什么：/help。余额和注额只在您各自和我之间。
group-help-title = <b>在本群</b>
group-help-line = /{ $command } · { $what }
group-help-number = 带上编号，如 <code>/odds 12</code>，我只回答那一个房间。
group-help-private = 您的钱包、下注和其他一切都在我们的私聊里。
group-create = 请点下面：我们在私聊里把问题拟好。房间开了，卡片会发到这里，只有本群成员能看到并下注。
button-create-here = 为本群开一个房间
group-rooms-title = <b>本群的房间</b>
group-rooms-none = 本群没有进行中的房间。
group-rooms-more = { $more ->
   *[other] 还有 { $more } 个进行中。请用编号指定：<code>/room 12</code>
}
group-room-unknown = 本群没有这个房间。
group-bet = 点一个答案来下注。您押多少，别人看不到。
group-room = <b>#{ $number }</b> { $question }
group-players = { $players ->
    [0] 还没有人下注
   *[other] { $players } 名玩家
} · 共 { $seats } 个座位
group-players-on = { $outcome }：{ $players ->
    [0] 还没有人
   *[other] { $players } 名玩家
}
group-players-host = 开房的人也下了注。
group-players-secret = 他们是谁、各押多少，我谁也不告诉。
group-oracle-target = 目标 <b>${ $target }</b>，距此 { $percent }%
group-oracle-quorum = 至少 { $quorum ->
   *[other] { $quorum } 家交易所
}的中位数。
group-whisper = 只有您能看到。
group-whisper-placing = 您的 <b>{ $stake } SOL</b> 下注正在处理。结果我会在我们的私聊里告诉您。
group-not-in = 那个房间要开给一个群，而我在群里没有找到您。请在那里写 /create，再用那里的按钮。
create-for-group = 仅限 <b>{ $title }</b> 的成员
button-create-public = 改为对所有人开放
toast-room-gone = 本群没有这个房间。
toast-refreshed-lately = 这是刚刚的内容。请过几秒再试。

notice-group-settled = <b>房间 #{ $number } 已结算</b>
notice-group-void = <b>房间 #{ $number } 已作废</b>
notice-group-pool = { $outcome } { $pool } SOL
notice-group-players = 所有下注的人都已收到私聊通知。

inline-closes = 停止下注 { $at }
inline-as-of = <i>截至 { $at }。点按钮查看当前赔率。</i>
inline-title = #{ $number } · { $short }
inline-open = { $players ->
    [0] 还没有人下注
   *[other] { $players } 名玩家
} · { $pool } SOL · { $closes }停止下注
inline-closed = 已停止下注 · { $pool } SOL
button-inline = 在这个房间下注
