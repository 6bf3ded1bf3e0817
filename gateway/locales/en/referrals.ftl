# Own link, what came of it, and links to rooms.

button-referrals = Invite friends
command-referrals = Your link, and what it earned
referrals-title = <b>Invite friends</b>
referrals-how = Whenever somebody who came by your link wins, a part of the fee is yours: { $first } % of the fee on their win, { $second } % if a friend of theirs wins, { $third } % one step further. It costs them nothing.
referrals-link = Your link
referrals-link-none = Your link is being made. Look again in a moment.
referrals-level = Level { $level }: { $accounts ->
    [one] <b>1</b> player
   *[other] <b>{ $accounts }</b> players
} · { $earned } SOL
referrals-earned = Earned { $earned } SOL
referrals-referred = You came by somebody's link yourself.
share-title = <b>Share room #{ $number }</b>
share-text = ROOMS: predict prices, stake SOL, check every result.
button-share-send = Send to a chat
button-share-copy = Copy the link
