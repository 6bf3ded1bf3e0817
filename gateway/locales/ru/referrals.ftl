# Своя ссылка, что она принесла, и ссылки на комнаты.

button-referrals = Пригласить друзей
command-referrals = Ваша ссылка и что она принесла
referrals-title = <b>Пригласить друзей</b>
referrals-how = Каждый раз, когда выигрывает тот, кто пришёл по вашей ссылке, часть комиссии ваша: { $first } % комиссии с его выигрыша, { $second } %, если выигрывает его друг, { $third } % – ещё на шаг дальше. Им это ничего не стоит.
referrals-link = Ваша ссылка
referrals-link-none = Ваша ссылка создаётся. Загляните через минуту.
referrals-level = Уровень { $level }: { $accounts ->
    [one] <b>{ $accounts }</b> игрок
    [few] <b>{ $accounts }</b> игрока
   *[many] <b>{ $accounts }</b> игроков
} · { $earned } SOL
referrals-earned = Заработано { $earned } SOL
referrals-referred = Вы сами пришли по чьей-то ссылке.
share-title = <b>Поделиться комнатой #{ $number }</b>
share-text = ROOMS: предсказывайте цены, ставьте SOL, проверяйте каждый результат.
button-share-send = Отправить в чат
button-share-copy = Скопировать ссылку
