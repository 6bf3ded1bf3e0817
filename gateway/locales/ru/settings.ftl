# Настройки на одном экране и язык.

command-language = На каком языке я пишу
button-settings = Настройки
button-language = 🌐 Язык
settings-title = <b>Настройки</b>
settings-language = Язык: { $name }
settings-authenticator-none = Аутентификатор: нет
settings-authenticator-young = Аутентификатор: добавлен; вывести больше можно будет с { $at }
settings-authenticator = Аутентификатор: включён
settings-authenticator-why = С приложением-аутентификатором каждый вывод требует его код, а через сутки после добавления можно вывести больше. Тот, кто завладеет вашим аккаунтом Telegram, всё равно не сможет ничего вывести.

language-name = Русский
language-title = <b>Язык</b>
language-set = ✓ Теперь я пишу по-русски.
language-how = На этом языке всё, что я вам здесь пишу, и уведомления тоже. Меню команд следует языку вашего приложения Telegram.
