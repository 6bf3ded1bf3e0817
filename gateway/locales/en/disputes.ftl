# Saying that a result is wrong, and what came of it.

button-dispute = Something is wrong
dispute-title = <b>Dispute the result</b> · room #{ $number }
dispute-ask = Tell me in your own words what is wrong, and where one can see it. Two operators will read it. You can do this once per room.
dispute-too-long = That is too long: at most { $max } characters, please.
dispute-words = <blockquote>{ $text }</blockquote>
dispute-means = Two operators who have not bet in this room will look at it. If they agree with you, every losing stake is repaid and winners keep theirs; otherwise the result stands. Either way I tell you why.
button-dispute-confirm = Hand it in
button-dispute-change = Other words
toast-dispute = Handing it in…
requesting-dispute = Handing your dispute in…
dispute-opened = <b>Your dispute is handed in.</b> I will tell you here what the operators decide.
dispute-refused = <b>Not handed in.</b>

notice-dispute-open = <b>Your dispute is open.</b> I will tell you what the operators decide.
notice-dispute-upheld = <b>Your dispute was looked at: the result stands.</b>
notice-dispute-refunding = <b>Your dispute was right.</b> The losing stakes of the room are being repaid.
notice-dispute-awaiting-funds = <b>Your dispute was right.</b> The repayment waits until the operators' own money suffices; it comes by itself.
notice-dispute-refunded = <b>Your dispute was right.</b> The losing stakes of the room are repaid.
notice-reason = The operators say: { $reason }
notice-refunded = <b>Stake repaid</b> · { $amount } SOL · room #{ $number }
notice-refunded-why = A dispute about this room was judged in favour of those who lost. Your stake is back in your balance.
