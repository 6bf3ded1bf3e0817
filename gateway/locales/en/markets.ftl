# Markets of Polymarket, and rooms that ask the same.

command-markets = Markets at Polymarket, or a search
command-market = One market with its book

markets-title = <b>Markets at Polymarket</b>
markets-how = The most traded of the last 24 hours first.
markets-found = <b>Markets with the words</b> { $words }
markets-none = There is none.
market-line = { $prices } · 24 h { $volume } · { $ends }
market-ends = ends { $when }
market-open = open
market-closed = trading has ended
market-decided = decided: { $outcome }
market-search-ask = Send me a few words of the question.
market-unknown = I find no such market. Send /market with the link to its page, or with words of its question.
market-outcome = { $outcome } <b>{ $price }</b>
market-outcome-book = { $outcome } <b>{ $price }</b> · bid { $bid } · ask { $ask } · spread { $spread }
market-book-line = <code>{ $row }</code>
market-more-outcomes = { $count ->
    [one] and one other answer
   *[other] and { $count } other answers
}
market-volume = Traded { $all }, in 24 h { $day } · liquidity { $liquidity }
market-course = Last 7 days, { $outcome }: { $low } to { $high }

price-alert-ask = { $outcome } trades at <b>{ $price }</b>. At which price shall I tell you? Choose or type one, as in 65¢ or 0.65.
price-alert-not-a-price = That is no price between 0 and 100¢.
price-reached-above = 🔔 <b>{ $outcome }</b> trades at <b>{ $price }</b>: you waited for { $wanted } or more
price-reached-below = 🔔 <b>{ $outcome }</b> trades at <b>{ $price }</b>: you waited for { $wanted } or less
price-reached-at = Traded { $at }

room-from-market = 🎲 Your room asks what this market asks: { $question }
room-from-market-day = 🎲 Your room asks what this market asks: { $question } The market runs until { $until }; a room lasts a day at most.
room-from-market-not = This cannot become a room of yours. Rooms that anybody opens are decided by the prices of SOL, BTC and ETH, measured at several exchanges, and this market is not about one of them reaching a price. Rooms that people have to judge are opened by our operators alone.
room-from-market-over = This market is over, so there is nothing left to bet on.
room-custom = As an operator you open it as a CUSTOM room, with your key. Look at the criterion and the answers first:
room-custom-command = <code>{ $command }</code>

button-markets = Markets
button-market-search = Search
button-bell = 🔔 { $outcome }
button-room-from-market = 🎲 Make a room from this
