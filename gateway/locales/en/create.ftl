# The wizard that opens a room.

create-title = <b>New room</b>
create-so-far = { $summary }
create-kind = What kind of question?
create-kind-touch-help = <b>Touch</b>: does the price reach a target before the deadline?
create-kind-close-help = <b>Close</b>: where is the price at the deadline?
button-kind-touch = Touch
button-kind-close = Close
button-chosen = • { $label }
create-asset = Which price?
button-asset = { $asset }
create-comparator = YES means the price at the deadline is…
button-at-or-above = at or above the target
button-at-or-below = at or below the target
create-target = Type the target price in USD. <code>165</code>, <code>104,500</code>, <code>104.5k</code> and <code>2m</code> all work.
create-price-now = { $asset } now ${ $price } · { $age }
create-price-unavailable = { $asset } has no price at the moment; a room needs one to open.
create-target-invalid = I cannot read that as a price. Try <code>165</code>, <code>104,500</code> or <code>104.5k</code>.
button-keep-target = Keep ${ $target }
create-horizon = How long until the deadline?
button-horizon-custom = Other
create-horizon-custom = Type how long, for example <code>45m</code>, <code>3h</code> or <code>1h30m</code>.
create-horizon-invalid = I cannot read that as a time span. Try <code>45m</code>, <code>3h</code> or <code>1h30m</code>.
create-review-title = <b>Review your room</b>
create-review-horizon = Deadline { $span } after opening; betting closes about half-way.
create-review-distance = { $asset } now ${ $price }: the target is { $percent } % { $direction ->
    [above] above
   *[below] below
} it.
create-review-rules = Fee { $fee } % of the losing pool; your host share of it is credited to you. Nothing can be changed once the room is open.
button-open-this-room = Open this room
button-edit-kind = Kind
button-edit-asset = Asset
button-edit-target = Target
button-edit-horizon = Deadline
opening-room = Opening your room…
room-opened = <b>Your room is open.</b>
room-refused = <b>Not opened.</b>
button-existing-room = Open room #{ $number }
summary-at-or-above = at or above ${ $target }
summary-at-or-below = at or below ${ $target }
summary-separator = { " · " }
button-change-room = Change it
