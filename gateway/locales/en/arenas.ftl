# Groups in which the players of one room meet.

arena-title = ROOMS #{ $number } – { $short }
arena-title-free = ROOMS arena – free
arena-players-only =
    That group is for the players of room #{ $number }. Bet in the room, then open the link of its group again.
arena-over = The room of that group is over, and nobody is let in any more.
button-arena = Group of the players
