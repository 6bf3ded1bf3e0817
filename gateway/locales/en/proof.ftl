# The proof of liabilities.

proof-title = <b>Proof of what we owe you</b>
proof-mine = On { $when } we owed you <b>{ $owed } SOL</b>. The file holds this number and the way from it to one sum over everybody.
proof-all = That sum was { $liabilities } SOL; { $chain } SOL lay on the blockchain.
proof-short = <b>Less lay there than we owed.</b> We have been told.
proof-anchor = The sum is written on the blockchain, where we cannot change it or show somebody else another one: { $transaction }
proof-check = To check it without us: <code>roomsctl proof verify FILE --rpc URL</code>. How the file is made, for a program of your own, is in docs/proofs.md of our source code.
proof-file-name = rooms-proof-{ $day }.json
proof-none = There is no proof with your account in it yet.
proof-next = The next one is taken { $when }.
proof-now = It is being taken now.
button-proof = Proof
