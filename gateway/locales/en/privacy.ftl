# What is kept of somebody, and how they have it erased.

privacy-title = <b>Your data</b>
privacy-kept =
    I know your Telegram ID, this chat and your language. They are kept sealed, apart from everything else; your bets and the movements of your money are kept under a number that only I can connect with you.

    You can have all of it as a file, or have me forget who you are.
privacy-export = Everything that is kept of you, as JSON.
privacy-file-name = rooms-export.json

leave-title = <b>Delete my account</b>
leave-means =
    I destroy the key to what I know about you, at once. Copies in backups become unreadable when those are replaced. The movements of money stay, as the law of book-keeping demands, under a number that then belongs to nobody.

    What arrives later at your deposit address is lost to you.
leave-excluded = You have excluded yourself until { $until }. That goes on if you come back: only a keyed hash is kept for it.
leave-balance = You still have <b>{ $balance } SOL</b>. Withdraw it first, or give it up.
leave-last = <b>Delete my account now?</b> This cannot be undone.
leave-gives-up = You give up <b>{ $balance } SOL</b> for good.
leave-done = Your account is deleted, and I have forgotten who you are. /start begins anew.
leave-refused = <b>Not deleted.</b>

requesting-erasure = Deleting your account…
toast-erasure = Deleting your account…

button-privacy = Privacy
button-export = Export my data
button-leave = Delete my account…
button-erase = Go on
button-give-up = Give up { $balance } SOL
button-erase-confirm = Delete my account for good
