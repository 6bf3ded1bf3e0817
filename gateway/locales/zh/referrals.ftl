# 自己的链接、带来的收入，以及房间链接。

button-referrals = 邀请好友
command-referrals = 您的链接和它带来的收入
referrals-title = <b>邀请好友</b>
referrals-how = 每当通过您的链接而来的人赢了，手续费的一部分归您：其所赢手续费的 { $first }%；如果是他们的好友赢了，{ $second }%；再下一级，{ $third }%。他们不用多付一分钱。
referrals-link = 您的链接
referrals-link-none = 正在生成您的链接。请稍后再看。
referrals-level = 第 { $level } 级：{ $accounts ->
   *[other] <b>{ $accounts }</b> 名玩家
} · { $earned } SOL
referrals-earned = 已赚 { $earned } SOL
referrals-referred = 您自己也是通过别人的链接来的。
share-title = <b>分享房间 #{ $number }</b>
share-text = ROOMS：预测价格，用 SOL 下注，结果可以核对。
button-share-send = 发送到聊天
button-share-copy = 复制链接
