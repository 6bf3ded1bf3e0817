# How one has fared: results, sums, leaderboard.

command-won = Bets you won, and what they paid
command-recent = Your latest results
command-leaderboard = The best returns, and your place

button-won = Won
button-recent = Results
button-leaderboard = Leaderboard

desk-day = Last 24 h <b>{ $net } SOL</b> · { $won } won, { $lost } lost · win rate { $rate } %
desk-day-none = Last 24 h: nothing settled
desk-day-unknown = Last 24 h <i>unavailable at the moment</i>

won-title = <b>Bets won</b>
won-none = No bet of yours has won yet.
won-totals = All time: { $won ->
    [one] <b>1</b> bet won
   *[other] <b>{ $won }</b> bets won
}, { $paid } SOL for { $staked } SOL staked, <b>{ $net } SOL</b>
recent-title = <b>Your results</b>
recent-none = No bet of yours is settled yet.
recent-totals = All time: { $won } won, { $lost } lost, { $returned } returned · <b>{ $net } SOL</b> · win rate { $rate } %
recent-totals-returned = All time: { $returned } returned, none won or lost
settled-won = { $stake } SOL on { $outcome } · won { $payout } SOL · <b>{ $net } SOL</b>
settled-lost = { $stake } SOL on { $outcome } · lost · <b>{ $net } SOL</b>
settled-void = { $stake } SOL on { $outcome } · returned, the room is void
settled-late = { $stake } SOL on { $outcome } · returned, placed when the result was in sight
settled-odds = { $stake } SOL on { $outcome } · returned, your minimum odds were not met
settled-when = <i>{ $when }</i>
settled-page = Page { $page } of { $pages }

leaderboard-title = <b>Leaderboard</b> · { $period ->
    [day] last 24 hours
    [week] last 7 days
   *[all] all time
}
leaderboard-how = Ranked by the return on the stakes of settled bets. A place takes { $bets } bets, won or lost, and { $staked } SOL staked in them.
leaderboard-line = { $rank }. { $name } · <b>{ $return } %</b> · { $won } won, { $lost } lost
leaderboard-line-own = <b>{ $rank }. { $name } (you)</b> · <b>{ $return } %</b> · { $won } won, { $lost } lost
leaderboard-none = Nobody has a place here yet.
leaderboard-page = Page { $page } of { $pages }
leaderboard-own = Your place: <b>{ $rank }</b> of { $total } · <b>{ $return } %</b>
leaderboard-own-none = You have no place here yet.
leaderboard-own-hidden = You are not shown, as you wished.
leaderboard-name = Player { $code }
leaderboard-shown-as = Others see you as { $name }. Names and Telegram accounts are never shown.
button-period-day = 24 h
button-period-week = 7 days
button-period-all = All time
button-higher = ‹ Higher
button-lower = Lower ›
button-leaderboard-hide = Do not show me
button-leaderboard-show = Show me again
toast-leaderboard = One moment…
requesting-leaderboard = Changing whether you are shown…
leaderboard-hidden = Done: you are not on the leaderboard any more.
leaderboard-listed = Done: you are on the leaderboard as soon as your bets suffice.

rooms-title-here = <b>Rooms of this chat</b>
rooms-none-here = This chat has no live room.
button-filter-here = This chat
