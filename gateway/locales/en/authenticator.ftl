# The authenticator: adding, confirming, removing, and being asked for a code.

button-authenticator-add = Add an authenticator
button-authenticator-remove = Remove the authenticator

authenticator-scan =
    <b>Add an authenticator</b>

    Scan the picture with your authenticator app, or type this key into it:
    <code>{ $secret }</code>

    On this phone, copy this link into the app:
    <code>{ $uri }</code>

    Then send me the six digits that it shows. This message disappears once it is done. Show it to nobody.
authenticator-ask-remove = Send me the six digits that your authenticator shows, to remove it. What you may withdraw goes down at once.
authenticator-not-a-code = That is not a code. It has six digits.
authenticator-confirm-add = Add the authenticator with this code?
authenticator-confirm-remove = Remove the authenticator with this code?
button-use-code = Yes, use the code
toast-authenticator = Checking the code…
checking-code = Checking the code…
authenticator-added = ✓ Your authenticator is added. From now on every withdrawal asks for its code; it raises what you may withdraw from { $at }.
authenticator-removed = ✓ Your authenticator is removed.
authenticator-refused = <b>Not done</b>

withdraw-ask-code = Send me the six digits that your authenticator shows.
withdraw-code-taken = ✓ I have your code. It is good for this withdrawal alone and for about a minute.

notice-authenticator-added = <b>An authenticator was added to your account.</b>
notice-authenticator-removed = <b>The authenticator was removed from your account.</b>
notice-authenticator-locked = <b>Five wrong codes</b>: codes are refused for a quarter of an hour.
notice-not-you = If that was not you, somebody has access to your Telegram account: end its other sessions in Telegram's settings, under Devices.

refusal-totp-wrong = { $left ->
    [one] That code is wrong or was used before. One more wrong code, and codes are refused for a quarter of an hour.
   *[other] That code is wrong or was used before. { $left } tries are left.
}
refusal-totp-locked = Too many wrong codes. Try again { $until }.
refusal-totp-not-begun = There is no authenticator to use a code of. Add one in /settings.
refusal-totp-already = You have an authenticator already. Remove it first.
