# 对结果提出异议，以及处理结果。

button-dispute = 结果有误
dispute-title = <b>对结果提出异议</b> · 房间 #{ $number }
dispute-ask = 请用自己的话说明哪里有误、在哪里可以看到。两名运营人员会阅读。每个房间只能提一次。
dispute-too-long = 太长了：请不要超过 { $max } 个字符。
dispute-words = <blockquote>{ $text }</blockquote>
dispute-means = 两名未在此房间下注的运营人员会复核。如果他们同意您的看法，所有输掉的注额都会补还，赢家保留所得；否则结果不变。无论如何我都会告诉您原因。
button-dispute-confirm = 提交
button-dispute-change = 换个说法
toast-dispute = 正在提交…
requesting-dispute = 正在提交您的异议…
dispute-opened = <b>您的异议已提交。</b>运营人员作出决定后，我会在这里告诉您。
dispute-refused = <b>未提交。</b>

notice-dispute-open = <b>您的异议正在处理。</b>运营人员作出决定后我会告诉您。
notice-dispute-upheld = <b>您的异议已复核：结果不变。</b>
notice-dispute-refunding = <b>您的异议成立。</b>正在补还该房间输掉的注额。
notice-dispute-awaiting-funds = <b>您的异议成立。</b>补还要等运营方自有资金足够，届时自动到账。
notice-dispute-refunded = <b>您的异议成立。</b>该房间输掉的注额已经补还。
notice-reason = 运营人员的说明：{ $reason }
notice-refunded = <b>注额已补还</b> · { $amount } SOL · 房间 #{ $number }
notice-refunded-why = 关于该房间的异议判定输家一方有理。您的注额已回到余额。
