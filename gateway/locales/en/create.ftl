# The wizard that opens a room.

create-title = <b>New room</b>
create-so-far = { $summary }
create-kind = What kind of question?
create-kind-touch-help = <b>Touch</b>: does the price reach a target before the deadline?
create-kind-close-help = <b>Close</b>: where is the price at the deadline?
create-kind-up-down-help = <b>Up or down</b>: from the moment betting closes to the deadline.
create-kind-buckets-help = <b>Ranges</b>: in which of several price ranges is the price at the deadline?
create-kind-head-to-head-help = <b>Head to head</b>: which of two assets gains more until the deadline?
create-kind-cap-help = <b>Market cap</b>: touch or close, for a token by its mint address.
button-kind-touch = Touch
button-kind-close = Close
button-kind-up-down = Up or down
button-kind-buckets = Ranges
button-kind-head-to-head = Head to head
button-kind-cap-touch = Market cap, touch
button-kind-cap-close = Market cap, close
button-chosen = • { $label }
create-asset = Which price?
button-asset = { $asset }
create-rival = Against which one?
create-mint = Send me the token's mint address. Its supply must be fixed, its market a day old and worth at least $50,000.
create-mint-invalid = That is not a mint address. It has 32 to 44 letters and digits.
create-comparator-cap = YES means the market cap at the deadline is…
create-comparator = YES means the price at the deadline is…
button-at-or-above = at or above the target
button-at-or-below = at or below the target
create-target = Type the target price in USD. <code>165</code>, <code>104,500</code>, <code>104.5k</code> and <code>2m</code> all work.
create-cap = Type the target market cap in USD, at least 10 % away. <code>750k</code>, <code>2m</code> and <code>5b</code> all work.
create-bounds = Type the prices between the ranges in USD, lowest first. <code>150 160 170</code> makes four: below $150, $150 to $160, $160 to $170, $170 or more. One to seven prices.
create-bounds-invalid = I cannot read that as ascending prices. Try <code>150 160 170</code>: one to seven, with spaces between them.
create-cap-now = Market cap of { $asset } now ${ $price } · { $age }
create-cap-unavailable = I cannot read the market cap of { $asset } at the moment; a room needs it to open.
create-price-now = { $asset } now ${ $price } · { $age }
create-price-unavailable = { $asset } has no price at the moment; a room needs one to open.
create-target-invalid = I cannot read that as a price. Try <code>165</code>, <code>104,500</code> or <code>104.5k</code>.
button-keep = Keep { $what }
create-horizon = How long until the deadline?
button-horizon-custom = Other
create-horizon-custom = Type how long, for example <code>45m</code>, <code>3h</code> or <code>1h30m</code>.
create-horizon-invalid = I cannot read that as a time span. Try <code>45m</code>, <code>3h</code> or <code>1h30m</code>.
create-players = How many players does it take to begin? Until then everybody can bet; if they do not come before betting closes, every stake is returned. Choose or type a number.
create-players-invalid = That is not a number of players. Type 2 or more.
button-players = { $players ->
    [0] Begin at once
   *[other] { $players }
}
create-subtitle = Type what you want to add below the question: a source, a reason, at most 80 characters. It decides nothing; the question alone does. Send a dash (-) to add nothing.
create-subtitle-long = That has more than 80 characters.
create-review-title = <b>Review your room</b>
create-review-horizon = Deadline { $span } after opening; betting closes about half-way.
create-review-distance = { $asset } now ${ $price }: the target is { $percent } % { $direction ->
    [above] above
   *[below] below
} it.
create-review-distance-cap = Market cap now ${ $price }: the target is { $percent } % { $direction ->
    [above] above
   *[below] below
} it.
create-review-players = It begins once { $players } players have bet.
create-review-rules = Fee { $fee } % of the losing stakes; your host share of it is credited to you. Nothing can be changed once the room is open, but as long as nobody else has bet you can take it back.
button-open-this-room = Open this room
button-edit-kind = Kind
button-edit-asset = Asset
button-edit-mint = Token
button-edit-comparator = Side
button-edit-rival = Rival
button-edit-target = Target
button-edit-bounds = Ranges
button-edit-horizon = Deadline
button-edit-players = Players
button-edit-subtitle = Note
opening-room = Opening your room…
room-opened = <b>Your room is open.</b>
room-refused = <b>Not opened.</b>
button-existing-room = Open room #{ $number }
summary-rival = against { $asset }
summary-at-or-above = at or above ${ $target }
summary-at-or-below = at or below ${ $target }
summary-separator = { " · " }
button-change-room = Change it
