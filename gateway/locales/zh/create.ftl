# 开房向导。

create-title = <b>新房间</b>
create-so-far = { $summary }
create-kind = 哪一类问题？
create-kind-touch-help = <b>触及</b>：价格会在截止前到达目标吗？
create-kind-close-help = <b>收盘</b>：截止时价格在哪里？
create-kind-up-down-help = <b>涨跌</b>：从停止下注到截止。
create-kind-buckets-help = <b>区间</b>：截止时价格落在哪个区间？
create-kind-head-to-head-help = <b>对决</b>：到截止时，两种资产哪个涨得更多？
create-kind-cap-help = <b>市值</b>：触及或收盘，按代币的 mint 地址。
button-kind-touch = 触及
button-kind-close = 收盘
button-kind-up-down = 涨跌
button-kind-buckets = 区间
button-kind-head-to-head = 对决
button-kind-cap-touch = 市值触及
button-kind-cap-close = 市值收盘
button-chosen = • { $label }
create-asset = 哪个价格？
button-asset = { $asset }
create-rival = 和哪个对决？
create-mint = 请发来代币的 mint 地址。它的供应量必须固定，市场须存在满一天，且规模至少 $50,000。
create-mint-invalid = 这不是 mint 地址。它有 32 到 44 个字母和数字。
create-comparator-cap = “是”表示截止时的市值…
create-comparator = “是”表示截止时的价格…
button-at-or-above = 不低于目标
button-at-or-below = 不高于目标
create-target = 请输入以美元计的目标价。<code>165</code>、<code>104,500</code>、<code>104.5k</code>、<code>2m</code> 都可以。
create-cap = 请输入以美元计的目标市值，至少相差 10%。<code>750k</code>、<code>2m</code>、<code>5b</code> 都可以。
create-bounds = 请输入各区间之间的美元价格，从低到高。<code>150 160 170</code> 得到四个区间：低于 $150、$150 到 $160、$160 到 $170、$170 及以上。一到七个价格。
create-bounds-invalid = 我无法把它读成从低到高的价格。试试 <code>150 160 170</code>：一到七个，用空格隔开。
create-cap-now = { $asset } 现在市值 ${ $price } · { $age }
create-cap-unavailable = 我暂时读不到 { $asset } 的市值；没有它就不能开房。
create-price-now = { $asset } 现价 ${ $price } · { $age }
create-price-unavailable = { $asset } 暂时没有价格；没有价格就不能开房。
create-target-invalid = 我无法把它读成价格。试试 <code>165</code>、<code>104,500</code> 或 <code>104.5k</code>。
button-keep = 保留 { $what }
create-horizon = 离截止多长时间？
button-horizon-custom = 其他
create-horizon-custom = 请输入时长，例如 <code>45m</code>、<code>3h</code> 或 <code>1h30m</code>。
create-horizon-invalid = 我无法把它读成时长。试试 <code>45m</code>、<code>3h</code> 或 <code>1h30m</code>。
create-players = 要几名玩家才开始？在那之前人人都可以下注；如果停止下注前人数不够，全部注额退回。请选择或输入一个数字。
create-players-invalid = 这不是玩家人数。请输入 2 或更大的数字。
button-players = { $players ->
    [0] 立即开始
   *[other] { $players }
}
create-subtitle = 请输入要加在问题下方的说明：来源或缘由，最多 80 个字符。它不影响结果，只有问题本身才算数。发送短横（-）则不加说明。
create-subtitle-long = 这超过 80 个字符。
create-review-title = <b>检查您的房间</b>
create-review-horizon = 开房后 { $span }截止；大约一半时停止下注。
create-review-distance = { $asset } 现价 ${ $price }：目标比它{ $direction ->
    [above] 高
   *[below] 低
} { $percent }%。
create-review-distance-cap = 现在市值 ${ $price }：目标比它{ $direction ->
    [above] 高
   *[below] 低
} { $percent }%。
create-review-players = 有 { $players } 名玩家下注后开始。
create-review-rules = 手续费为输方注额的 { $fee }%；其中房主的份额归您。房间开了就不能修改，但只要还没有别人下注，您可以收回。
button-open-this-room = 开这个房间
button-edit-kind = 类型
button-edit-asset = 资产
button-edit-mint = 代币
button-edit-comparator = 方向
button-edit-rival = 对手
button-edit-target = 目标
button-edit-bounds = 区间
button-edit-horizon = 截止
button-edit-players = 人数
button-edit-subtitle = 说明
opening-room = 正在开您的房间…
room-opened = <b>您的房间已开。</b>
room-refused = <b>未开房。</b>
button-existing-room = 打开房间 #{ $number }
summary-rival = 对 { $asset }
summary-at-or-above = 不低于 ${ $target }
summary-at-or-below = 不高于 ${ $target }
summary-separator = { " · " }
button-change-room = 修改
