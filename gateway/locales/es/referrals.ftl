# El enlace propio, lo que ha dado, y enlaces a salas.

button-referrals = Invitar amigos
command-referrals = Tu enlace, y lo que ha dado
referrals-title = <b>Invitar amigos</b>
referrals-how = Cada vez que gana alguien que llegó por tu enlace, una parte de la comisión es tuya: el { $first } % de la comisión sobre su ganancia, el { $second } % si gana un amigo suyo, el { $third } % un paso más allá. A ellos no les cuesta nada.
referrals-link = Tu enlace
referrals-link-none = Se está creando tu enlace. Vuelve a mirar en un momento.
referrals-level = Nivel { $level }: { $accounts ->
    [one] <b>1</b> jugador
   *[other] <b>{ $accounts }</b> jugadores
} · { $earned } SOL
referrals-earned = Has ganado { $earned } SOL
referrals-referred = Tú también llegaste por el enlace de alguien.
share-title = <b>Compartir la sala #{ $number }</b>
share-text = ROOMS: predice precios, apuesta SOL, comprueba cada resultado.
button-share-send = Enviar a un chat
button-share-copy = Copiar el enlace
