# What groups read, and what is shared into other chats.

group-command-room = Rooms of this group
group-command-bet = Bet in a room of this group
group-command-odds = Pools and odds
group-command-oracle = The price now, and how old it is
group-command-time = When betting and the room end
group-command-players = How many play, and on what
group-command-create = Open a room for this group
group-command-help = What I answer here

group-welcome =
    <b>Hello.</b> I run rooms: somebody asks whether a price gets somewhere, everybody stakes on an answer, and prices of several exchanges decide.
    Anyone here can open a room for this group with /create. What else I answer here: /help. Balances and stakes stay between each of you and me.
group-help-title = <b>In this group</b>
group-help-line = /{ $command } · { $what }
group-help-number = With a number, like <code>/odds 12</code>, I answer about one room alone.
group-help-private = Your wallet, your bets and everything else are in our private chat.
group-create = Tap below: we put the question together in private. The card comes here when the room is open, and only members of this group see it and bet.
button-create-here = Open a room for this group
group-rooms-title = <b>Rooms of this group</b>
group-rooms-none = No room is live in this group.
group-rooms-more = { $more ->
    [one] One more is live. Name it by its number: <code>/room 12</code>
   *[other] { $more } more are live. Name one by its number: <code>/room 12</code>
}
group-room-unknown = There is no such room in this group.
group-bet = Tap an answer to bet. What you stake is shown to nobody else.
group-room = <b>#{ $number }</b> { $question }
group-players = { $players ->
    [0] Nobody has bet yet
    [one] 1 player
   *[other] { $players } players
} · { $seats } seats
group-players-on = { $outcome }: { $players ->
    [0] nobody yet
    [one] 1 player
   *[other] { $players } players
}
group-players-host = Whoever opened the room has bet, too.
group-players-secret = Who they are and what each has staked, I tell nobody.
group-oracle-target = Target <b>${ $target }</b>, { $percent } % from here
group-oracle-quorum = The median of at least { $quorum ->
    [one] one exchange
   *[other] { $quorum } exchanges
}.
group-whisper = Only you see this.
group-whisper-placing = Your bet of <b>{ $stake } SOL</b> is on its way. How it went, I tell you in our private chat.
group-not-in = That room would be for a group in which I do not find you. Write /create there and take the button from it.
create-for-group = For members of <b>{ $title }</b> alone
button-create-public = For everybody instead
toast-room-gone = There is no such room in this group.
toast-refreshed-lately = That is from a moment ago. Try again in a few seconds.

notice-group-settled = <b>Room #{ $number } is settled</b>
notice-group-void = <b>Room #{ $number } is void</b>
notice-group-pool = { $outcome } { $pool } SOL
notice-group-players = Everybody who bet has been told in private.

inline-closes = Betting closes { $at }
inline-as-of = <i>As of { $at }. The button leads to the odds of the moment.</i>
inline-title = #{ $number } · { $short }
inline-open = { $players ->
    [0] Nobody has bet yet
    [one] 1 player
   *[other] { $players } players
} · { $pool } SOL · closes { $closes }
inline-closed = Betting is closed · { $pool } SOL
button-inline = Bet in this room
