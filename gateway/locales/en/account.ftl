# Start, desk, wallet, deposits, transfers, status, help.

terms =
    <b>Welcome to ROOMS</b>

    Somebody opens a room with a question such as “Will SOL rise to $165 before 18:00 UTC?”. Everyone stakes SOL on an answer. When it is known the winners share the losing stakes, at once, and anyone can check the result.
terms-custody = Before you start, three plain facts:
terms-points =
    • Your wallet here is custodial: we hold its key. Keep only what you play with.
    • A stake can be lost whole. After a few seconds a bet cannot be taken back.
    • The fee is { $fee } % of the losing stakes, nothing else.
terms-network = { $network ->
    [mainnet] This is real money.
    [devnet] You are on devnet: this is play money.
   *[local] You are on a local network: this is play money.
}
terms-confirm = By continuing you accept these terms and confirm that you are 18 or older.
button-agree = I am 18+ and I accept

opening-account = Opening your wallet…

desk-title = <b>Your desk</b>
desk-balance = Balance <b>{ $balance } SOL</b> · { $usd }
desk-balance-unknown = Balance <i>unavailable at the moment</i>
desk-held = On its way out { $held } SOL
desk-live-bets = { $count ->
    [0] No live bets
    [one] <b>1</b> live bet
   *[other] <b>{ $count }</b> live bets
}
desk-live-bets-unknown = Live bets <i>unavailable at the moment</i>
desk-address = Deposit address
address = <code>{ $address }</code>
desk-welcome = Your wallet is ready. Put some SOL in to place your first bet, or look around first.

wallet-title = <b>Wallet</b>
wallet-available = Available <b>{ $balance } SOL</b> · { $usd }
wallet-withdrawable = Withdrawable now { $amount } SOL
wallet-withdraw-only = Of it { $amount } SOL came over your deposit limit and can only be withdrawn for now.
wallet-fresh = A deposit can be staked at once and withdrawn some minutes later.
wallet-held = On its way out { $held } SOL
wallet-custody = <i>Custodial: we keep the key, and never show or send it.</i>

deposit-title = <b>Deposit SOL</b>
deposit-how = Send SOL to your address:
deposit-minimum = At least { $minimum } SOL; smaller amounts pass without a message.
deposit-tokens = Only SOL is credited. <b>Tokens and NFTs sent here are not.</b>
deposit-speed = I tell you when a deposit is seen, and again when it is final and credited. Nothing else to do.
button-copy-address = Copy address

transfers-title = <b>Transfers</b>
transfers-none = Nothing has moved yet.
transfers-page = Page { $page } of { $pages }
transfer-line = { $sign }{ $amount } SOL · { $kind } · { $when }
transfer-line-state = { $sign }{ $amount } SOL · { $kind } ({ $state }) · { $when }
transfer-state = { $state ->
    [REQUESTED] requested
    [HELD] waiting
    [APPROVED] approved
    [SIGNED] signed
    [SUBMITTED] submitted
    [FINALIZED] final
    [FAILED] failed
    [EXPIRED] signed again
    [CANCELLED] cancelled
    [REJECTED] rejected
   *[other] { $state }
}
transfer-signature = <code>{ $signature }</code>
transfer-deposit = deposit
transfer-stake = stake
transfer-stake-returned = stake returned
transfer-payout = payout
transfer-host-fee = host fee
transfer-withdrawal = withdrawal
transfer-withdrawal-returned = withdrawal returned
transfer-referral = referral
transfer-refund = stake repaid
transfer-other = movement

status-title = <b>Status</b>
status-up = ✓ { $name }
status-down = ✗ { $name }, not answering
status-service-room = Rooms and bets
status-service-wallet = Wallets
status-service-oracle = Prices
status-service-settlement = Settlement
status-service-polymarket = Wallets and markets of Polymarket
status-price = { $asset } ${ $price } · { $age }
status-no-price = { $asset } has no price at the moment
status-network = Network { $network }
status-time = { $time }

help =
    <b>How it works</b>

    <b>1.</b> Pick a room, or open one with your own question.
    <b>2.</b> Stake on an answer before betting closes. One bet per room; it can be taken back once, within seconds.
    <b>3.</b> The price is the median of several exchanges. When it decides the question, the room settles by itself and winners are credited at once.

    Winners get their stake back and share the losing stakes in proportion to their own, less the fee. Nobody who was right gets less than the stake. If everyone gave the same answer, nobody was right, it is a tie, or the exchanges cannot agree on a price, all stakes are returned without a fee.

    If you lost and the result is wrong, say so below it: two operators look at it.
help-command = /{ $name } – { $what }
