# Qué se guarda de alguien y cómo hacer que se borre.

privacy-title = <b>Tus datos</b>
privacy-kept =
    Conozco tu ID de Telegram, este chat y tu idioma. Se guardan sellados, aparte de todo lo demás; tus apuestas y los movimientos de tu dinero se guardan bajo un número que solo yo puedo relacionar contigo.

    Puedes recibirlo todo en un archivo, o hacer que olvide quién eres.
privacy-export = Todo lo que se guarda de ti, en JSON.
privacy-file-name = rooms-export.json

leave-title = <b>Borrar mi cuenta</b>
leave-means =
    Destruyo al instante la clave de lo que sé de ti. Las copias de seguridad se vuelven ilegibles cuando se renuevan. Los movimientos de dinero se quedan, como exige la ley contable, bajo un número que entonces ya no es de nadie.

    Lo que llegue después a tu dirección de depósito lo pierdes.
leave-excluded = Te has autoexcluido hasta { $until }. Eso sigue vigente si vuelves: para ello solo se guarda un hash con clave.
leave-balance = Todavía tienes <b>{ $balance } SOL</b>. Retíralos antes, o renuncia a ellos.
leave-last = <b>¿Borrar mi cuenta ahora?</b> No se puede deshacer.
leave-gives-up = Renuncias a <b>{ $balance } SOL</b> para siempre.
leave-done = Tu cuenta está borrada y he olvidado quién eres. Con /start se empieza de nuevo.
leave-refused = <b>No se borró.</b>

requesting-erasure = Borrando tu cuenta…
toast-erasure = Borrando tu cuenta…

button-privacy = Privacidad
button-export = Exportar mis datos
button-leave = Borrar mi cuenta…
button-erase = Continuar
button-give-up = Renunciar a { $balance } SOL
button-erase-confirm = Borrar mi cuenta para siempre
