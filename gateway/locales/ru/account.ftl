# Начало, главная, кошелёк, пополнение, движения, состояние, справка.

terms =
    <b>Добро пожаловать в ROOMS</b>

    Кто-то открывает комнату с вопросом, например «Поднимется ли SOL до $165 до 18:00 UTC?». Каждый ставит SOL на свой ответ. Когда ответ известен, победители сразу делят ставки проигравших, и любой может проверить результат.
terms-custody = Прежде чем начать, три простых факта:
terms-points =
    • Ваш кошелёк здесь кастодиальный: ключ хранится у нас. Держите в нём только то, на что играете.
    • Ставку можно потерять целиком. Через несколько секунд забрать её уже нельзя.
    • Комиссия – { $fee } % от проигравших ставок, и больше ничего.
terms-network = { $network ->
    [mainnet] Здесь настоящие деньги.
    [devnet] Вы в сети devnet: деньги игровые.
   *[local] Вы в локальной сети: деньги игровые.
}
terms-confirm = Продолжая, вы принимаете эти условия и подтверждаете, что вам исполнилось 18 лет.
button-agree = Мне есть 18, условия принимаю

opening-account = Открываю ваш кошелёк…

desk-title = <b>Главная</b>
desk-balance = Баланс <b>{ $balance } SOL</b> · { $usd }
desk-balance-unknown = Баланс <i>сейчас недоступен</i>
desk-held = Выводится { $held } SOL
desk-live-bets = { $count ->
    [0] Активных ставок нет
    [one] <b>{ $count }</b> активная ставка
    [few] <b>{ $count }</b> активные ставки
   *[many] <b>{ $count }</b> активных ставок
}
desk-live-bets-unknown = Активные ставки <i>сейчас недоступны</i>
desk-address = Адрес для пополнения
address = <code>{ $address }</code>
desk-welcome = Ваш кошелёк готов. Пополните его, чтобы сделать первую ставку, или сначала осмотритесь.

wallet-title = <b>Кошелёк</b>
wallet-available = Доступно <b>{ $balance } SOL</b> · { $usd }
wallet-withdrawable = Можно вывести сейчас: { $amount } SOL
wallet-withdraw-only = Из них { $amount } SOL пришли сверх вашего лимита пополнений, и пока их можно только вывести.
wallet-fresh = Пополнение можно ставить сразу, а вывести – через несколько минут.
wallet-held = Выводится { $held } SOL
wallet-custody = <i>Кошелёк кастодиальный: ключ хранится у нас, мы никогда его не показываем и не отправляем.</i>

deposit-title = <b>Пополнить SOL</b>
deposit-how = Отправьте SOL на свой адрес:
deposit-minimum = Не менее { $minimum } SOL; о меньших суммах я не сообщаю.
deposit-tokens = Зачисляется только SOL. <b>Токены и NFT, отправленные сюда, не зачисляются.</b>
deposit-speed = Я сообщу, когда увижу пополнение, и ещё раз, когда оно станет окончательным и будет зачислено. Больше ничего делать не нужно.
button-copy-address = Скопировать адрес

transfers-title = <b>Движения</b>
transfers-none = Пока никаких движений.
transfers-page = Страница { $page } из { $pages }
transfer-line = { $sign }{ $amount } SOL · { $kind } · { $when }
transfer-line-state = { $sign }{ $amount } SOL · { $kind } ({ $state }) · { $when }
transfer-state = { $state ->
    [REQUESTED] запрошен
    [HELD] ждёт
    [APPROVED] одобрен
    [SIGNED] подписан
    [SUBMITTED] отправлен
    [FINALIZED] окончателен
    [FAILED] не удался
    [EXPIRED] подписывается заново
    [CANCELLED] отменён
    [REJECTED] отклонён
   *[other] { $state }
}
transfer-signature = <code>{ $signature }</code>
transfer-deposit = пополнение
transfer-stake = ставка
transfer-stake-returned = возврат ставки
transfer-payout = выплата
transfer-host-fee = доля создателя комнаты
transfer-withdrawal = вывод
transfer-withdrawal-returned = возврат вывода
transfer-referral = за приглашённого
transfer-refund = возмещение ставки
transfer-other = движение

status-title = <b>Состояние</b>
status-up = ✓ { $name }
status-down = ✗ { $name }: нет ответа
status-service-room = Комнаты и ставки
status-service-wallet = Кошельки
status-service-oracle = Цены
status-service-settlement = Расчёты
status-service-polymarket = Кошельки и рынки Polymarket
status-price = { $asset } ${ $price } · { $age }
status-no-price = { $asset }: сейчас цены нет
status-network = Сеть { $network }
status-time = { $time }

help =
    <b>Как это работает</b>

    <b>1.</b> Выберите комнату или откройте свою со своим вопросом.
    <b>2.</b> Поставьте на ответ, пока принимаются ставки. Одна ставка на комнату; её можно забрать один раз, в первые секунды.
    <b>3.</b> Цена – медиана нескольких бирж. Когда она отвечает на вопрос, комната рассчитывается сама, и победители сразу получают деньги.

    Победители получают свою ставку назад и делят проигравшие ставки пропорционально своим, за вычетом комиссии. Кто угадал, никогда не получает меньше своей ставки. Если все дали один ответ, если никто не угадал, если вышла ничья или биржи не сходятся в цене, все ставки возвращаются без комиссии.

    Если вы проиграли, а результат неверен, скажите об этом под ним: его проверят два оператора.
help-command = /{ $name } – { $what }
