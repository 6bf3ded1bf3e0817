# El autenticador: añadirlo, confirmarlo, quitarlo y pedir su código.

button-authenticator-add = Añadir un autenticador
button-authenticator-remove = Quitar el autenticador

authenticator-scan =
    <b>Añadir un autenticador</b>

    Escanea la imagen con tu aplicación de autenticación, o escribe en ella esta clave:
    <code>{ $secret }</code>

    En este mismo teléfono, copia este enlace en la aplicación:
    <code>{ $uri }</code>

    Después envíame los seis dígitos que muestra. Este mensaje desaparece en cuanto esté hecho. No se lo enseñes a nadie.
authenticator-ask-remove = Para quitar el autenticador, envíame los seis dígitos que muestra. Lo que puedes retirar se reduce al instante.
authenticator-not-a-code = Eso no es un código. Tiene seis dígitos.
authenticator-confirm-add = ¿Añadir el autenticador con este código?
authenticator-confirm-remove = ¿Quitar el autenticador con este código?
button-use-code = Sí, usar el código
toast-authenticator = Comprobando el código…
checking-code = Comprobando el código…
authenticator-added = ✓ Tu autenticador está añadido. Desde ahora cada retiro pide su código; a partir de { $at } podrás retirar más.
authenticator-removed = ✓ Tu autenticador está quitado.
authenticator-refused = <b>No se hizo</b>

withdraw-ask-code = Envíame los seis dígitos que muestra tu autenticador.
withdraw-code-taken = ✓ Tengo tu código. Sirve solo para este retiro y durante cerca de un minuto.

notice-authenticator-added = <b>Se añadió un autenticador a tu cuenta.</b>
notice-authenticator-removed = <b>Se quitó el autenticador de tu cuenta.</b>
notice-authenticator-locked = <b>Cinco códigos incorrectos</b>: no se aceptan códigos durante un cuarto de hora.
notice-not-you = Si no fuiste tú, alguien tiene acceso a tu cuenta de Telegram: cierra sus otras sesiones en los ajustes de Telegram, en Dispositivos.

refusal-totp-wrong = { $left ->
    [one] Ese código es incorrecto o ya se usó. Con un código incorrecto más, no se aceptarán códigos durante un cuarto de hora.
   *[other] Ese código es incorrecto o ya se usó. Quedan { $left } intentos.
}
refusal-totp-locked = Demasiados códigos incorrectos. Vuelve a intentarlo: { $until }.
refusal-totp-not-begun = No hay ningún autenticador cuyo código se pueda usar. Añade uno en /settings.
refusal-totp-already = Ya tienes un autenticador. Quítalo primero.
