# La prueba de lo que debemos.

proof-title = <b>Prueba de lo que te debemos</b>
proof-mine = { $when }: te debíamos <b>{ $owed } SOL</b>. El archivo contiene este número y el camino desde él hasta una suma sobre todos.
proof-all = Esa suma era de { $liabilities } SOL; en la cadena de bloques había { $chain } SOL.
proof-short = <b>Había menos de lo que debíamos.</b> Ya nos han avisado.
proof-anchor = La suma está escrita en la cadena de bloques, donde no podemos cambiarla ni enseñar otra a otra persona: { $transaction }
proof-check = Para comprobarla sin nosotros: <code>roomsctl proof verify FILE --rpc URL</code>. Cómo está hecho el archivo, por si quieres tu propio programa, se explica en docs/proofs.md de nuestro código fuente.
proof-file-name = rooms-proof-{ $day }.json
proof-none = Todavía no hay ninguna prueba en la que esté tu cuenta.
proof-next = La próxima se hace { $when }.
proof-now = Se está haciendo ahora.
button-proof = Prueba
