# 保存了哪些个人数据，以及如何删除。

privacy-title = <b>您的数据</b>
privacy-kept =
    我知道您的 Telegram ID、这个聊天和您的语言。它们密封保存，与其他一切分开；您的下注和资金变动保存在一个编号之下，只有我能把它和您联系起来。

    您可以把它们全部作为文件取走，也可以让我忘记您是谁。
privacy-export = 关于您保存的一切，JSON 格式。
privacy-file-name = rooms-export.json

leave-title = <b>删除我的账户</b>
leave-means =
    我会立即销毁用来打开您个人数据的密钥。备份中的副本在备份更替后无法再读取。资金变动按会计法规要求保留，所用编号从此不属于任何人。

    此后到达您充值地址的钱，您将无法取回。
leave-excluded = 您已自我禁入，直到 { $until }。即使您回来它也继续有效：为此只保留一个带密钥的哈希。
leave-balance = 您还有 <b>{ $balance } SOL</b>。请先提现，或放弃它。
leave-last = <b>现在删除我的账户？</b>这不能撤销。
leave-gives-up = 您永久放弃 <b>{ $balance } SOL</b>。
leave-done = 您的账户已删除，我已忘记您是谁。/start 可以重新开始。
leave-refused = <b>未删除。</b>

requesting-erasure = 正在删除您的账户…
toast-erasure = 正在删除您的账户…

button-privacy = 隐私
button-export = 导出我的数据
button-leave = 删除我的账户…
button-erase = 继续
button-give-up = 放弃 { $balance } SOL
button-erase-confirm = 永久删除我的账户
