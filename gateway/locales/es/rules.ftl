# Las reglas del producto en breve: `/rules`.

command-rules = Las reglas en breve
button-rules = Reglas

rules-title = <b>Las reglas en breve</b>
rules-betting = <b>Apostar.</b> Una apuesta por sala, hasta que cierren las apuestas. Se puede deshacer una vez, en los primeros { $within }, pero no en los últimos { $before } antes del cierre; después es definitiva. Las cantidades, los asientos y los horarios son los de la sala y quedan fijados al abrirse.
rules-result = <b>El resultado.</b> Un precio es la mediana de varios mercados independientes que coinciden; uno solo no decide nada. Cómo se decide una sala está en su ficha y no se puede cambiar. Lo apostado cuando un toque ya se veía se devuelve.
rules-winning = <b>Ganar.</b> Los ganadores recuperan su apuesta y se reparten las apuestas perdedoras en proporción a la suya, menos la comisión: el { $fee } % de las apuestas perdedoras, una parte para quien abrió la sala. Nadie que haya acertado recibe menos de lo que apostó. Las ganancias se abonan al instante; no hay que reclamar nada. Quien falla pierde toda la apuesta.
rules-void = <b>Anulación.</b> Todas las apuestas vuelven enteras y sin comisión si todos estaban del mismo lado, si hay empate exacto, si no hay un precio fiable, si faltan jugadores, o si la cancelan el anfitrión o dos operadores.
rules-dispute = <b>Disputas.</b> Si perdiste y el resultado es incorrecto, dilo debajo de él mientras esté el botón. Deciden dos operadores que no han apostado en la sala. Si te dan la razón, se reembolsan todas las apuestas perdedoras y los ganadores conservan lo suyo.
rules-money = <b>Tu dinero.</b> Las billeteras son custodiadas: las claves las guardamos nosotros y nunca las mostramos ni las enviamos. Ten aquí solo lo que vayas a jugar. Solo se abona SOL, con aviso a partir de { $minimum } SOL. Un depósito reciente se puede apostar al instante y retirar unos minutos después. Los retiros muestran su tarifa antes de que confirmes; una dirección nueva espera primero, y las cantidades grandes las revisan operadores. /proof demuestra que tenemos lo que te debemos.
rules-referrals = <b>Amigos.</b> De la comisión sobre la ganancia de un amigo es tuyo el { $first } %, un paso más allá el { $second } %, dos pasos más allá el { $third } %. A ellos no les cuesta nada.
rules-limits = <b>Límites.</b> Tienes 18 años o más. Ponte límites, tómate un descanso o autoexclúyete con /limits: más estricto al instante, más amplio pasado un día, y retirar siempre es posible. /privacy te da tus datos o los borra.
