# 运营人员总览。

admin-title = <b>运营总览</b>
admin-unavailable = <i>暂时无法显示</i>
admin-rooms = <b>公开房间</b>
admin-rooms-line = { $state }：{ $count }
admin-waiting = <b>等待裁决</b>：{ $count }
admin-waiting-line = { $room } · { $until } 按现结果派彩 · { $rulings ->
    [0] 尚无裁决
   *[other] { $rulings } 个裁决
}
admin-waiting-line-open = { $room } · 尚无裁定 · { $rulings ->
    [0] 尚无裁决
   *[other] { $rulings } 个裁决
}
admin-disputes = <b>未决异议</b>：{ $count }
admin-dispute-line = { $room } · 提交于 { $when }
admin-more = …还有 { $count } 个
admin-held = <b>等待中的提现</b>：{ $count }
admin-running = 提现未暂停。
admin-pause = ⏸ 提现自 { $since } 起暂停（<code>{ $cause }</code>）：{ $reason }
admin-act = 这里不能作任何决定：需要运营人员的密钥，而 Telegram 没有。请在命令行操作：
admin-commands =
    <code>roomsctl rooms waiting
    roomsctl rooms rule ROOM --outcome ANSWER --reason TEXT
    roomsctl rooms rule ROOM --void operator-void --reason TEXT
    roomsctl dispute list --state open
    roomsctl dispute judge ROOM uphold --reason TEXT
    roomsctl withdrawals list --state held
    roomsctl pauses</code>
