# 负债证明。

proof-title = <b>我们欠您多少的证明</b>
proof-mine = { $when }，我们欠您 <b>{ $owed } SOL</b>。文件里有这个数字，以及从它到所有人总和的路径。
proof-all = 总和为 { $liabilities } SOL；链上有 { $chain } SOL。
proof-short = <b>链上的少于我们所欠的。</b>我们已收到通知。
proof-anchor = 总和写在链上，我们无法修改，也无法给别人看另一个数字：{ $transaction }
proof-check = 不经过我们自行核对：<code>roomsctl proof verify FILE --rpc URL</code>。文件的结构见我们源代码中的 docs/proofs.md，您可以自己写程序核对。
proof-file-name = rooms-proof-{ $day }.json
proof-none = 还没有包含您账户的证明。
proof-next = 下一次：{ $when }。
proof-now = 现在正在生成。
button-proof = 证明
