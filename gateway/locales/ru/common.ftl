# Слова и единицы, общие для всех экранов. `button-…`, `toast-…` и `command-…` – простой текст,
# всё остальное – HTML Telegram.

command-start = Открыть главную
command-rooms = Комнаты, где можно ставить
command-create = Открыть свою комнату
command-bets = Ваши ставки
command-wallet = Баланс и адрес
command-deposit = Пополнить SOL
command-withdraw = Вывести SOL
command-transfers = Все движения ваших денег
command-proof = Проверить, что у нас есть то, что мы вам должны
command-settings = Язык, аутентификатор, лимиты, данные
command-privacy = Ваши данные: выгрузить или удалить
command-limits = Лимиты, которые вы себе ставите
command-status = Всё ли работает?
command-help = Как это работает

outcome-yes = ДА
outcome-no = НЕТ
outcome-up = ВВЕРХ
outcome-down = ВНИЗ

asset-price = ${ $price }
usd-about = ≈ ${ $usd }
usd-unavailable = стоимость в USD недоступна

list-separator = { ", " }
venue-name = { $venue ->
    [binance] Binance
    [bitstamp] Bitstamp
    [chain-1] Solana
    [chain-2] Solana, другой узел
    [chain-3] Solana, третий узел
    [coinbase] Coinbase
    [coingecko] CoinGecko
    [cryptocompare] CryptoCompare
    [dexscreener] DexScreener
    [kraken] Kraken
    [okx] OKX
    [pyth] Pyth
   *[other] { $venue }
}

month-short = { $month ->
    [1] янв.
    [2] февр.
    [3] марта
    [4] апр.
    [5] мая
    [6] июня
    [7] июля
    [8] авг.
    [9] сент.
    [10] окт.
    [11] нояб.
   *[12] дек.
}
time-today = { $clock } UTC
time-day = { $day } { $month }, { $clock } UTC
span-seconds = { $seconds } с
span-minutes = { $minutes } мин
span-hours = { $hours } ч
span-hours-minutes = { $hours } ч { $minutes } мин
span-days = { $days } д
span-days-hours = { $days } д { $hours } ч
in-span = через { $span }
ago-span = { $span } назад

button-home = Главная
button-back = ‹ Назад
button-cancel = Отмена
button-refresh = Обновить
button-share-room = Поделиться
button-previous = ‹ Новее
button-next = Старше ›
button-rooms = Комнаты
button-create = Новая комната
button-bets = Мои ставки
button-wallet = Кошелёк
button-deposit = Пополнить
button-withdraw = Вывести
button-transfers = Движения
button-help = Справка
button-open-private = Открыть в личном чате

toast-not-yours = Это чужая кнопка.
toast-old-button = Это кнопка из прежней версии. Вот ваша главная страница.
toast-busy = Минуту, это ещё в работе.
toast-placing = Делаю вашу ставку…
toast-opening = Открываю вашу комнату…
toast-requesting = Запрашиваю вывод…
toast-opening-account = Открываю ваш кошелёк…
toast-already-confirmed = Уже подтверждено. Одного нажатия достаточно.
toast-preview-old = Этот расчёт устарел. Посмотрите, пожалуйста, свежий.
toast-preview-gone = Этого расчёта у меня больше нет. Посмотрите, пожалуйста, свежий.
toast-slow-down = Чуть медленнее, пожалуйста. Попробуйте через минуту.

slow-down = Чуть медленнее, пожалуйста: столько от одного человека за минуту я не принимаю. Ничего из подтверждённого вами не потеряно.
fault =
    Что-то не сработало с нашей стороны. Попробуйте, пожалуйста, ещё раз через минуту.
    Номер ошибки <code>{ $reference }</code>
unknown-input =
    Я вас не понял. Вот что я умею: /rooms – найти комнату, /create – открыть свою, /wallet – ваши деньги, /help – остальное.
unknown-command =
    Такой команды я не знаю. В /help есть те, которые знаю.
group-hello =
    Ставки и балансы я не показываю в группах. Нажмите ниже, и продолжим в личном чате.
