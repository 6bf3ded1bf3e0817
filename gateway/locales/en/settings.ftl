# Settings on one screen, and the language.

command-language = In which language I write
button-settings = Settings
button-language = 🌐 Language
settings-title = <b>Settings</b>
settings-language = Language: { $name }
settings-authenticator-none = Authenticator: none
settings-authenticator-young = Authenticator: added; raises what you may withdraw from { $at }
settings-authenticator = Authenticator: on
settings-authenticator-why = With an authenticator app every withdrawal asks for its code, and a day after adding it you may withdraw more. Whoever takes over your Telegram account still cannot withdraw.

language-name = English
language-title = <b>Language</b>
language-set = ✓ From now on I write in English.
language-how = Everything that I write to you here is in this language, what I tell you unasked as well. The menu of commands follows the language of your Telegram app.
