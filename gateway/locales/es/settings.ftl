# Los ajustes en una pantalla, y el idioma.

command-language = En qué idioma te escribo
button-settings = Ajustes
button-language = 🌐 Idioma
settings-title = <b>Ajustes</b>
settings-language = Idioma: { $name }
settings-authenticator-none = Autenticador: ninguno
settings-authenticator-young = Autenticador: añadido; a partir de { $at } podrás retirar más
settings-authenticator = Autenticador: activo
settings-authenticator-why = Con una aplicación de autenticación cada retiro pide su código, y un día después de añadirla puedes retirar más. Quien se apodere de tu cuenta de Telegram seguirá sin poder retirar.

language-name = Español
language-title = <b>Idioma</b>
language-set = ✓ Desde ahora escribo en español.
language-how = Todo lo que te escribo aquí está en este idioma, también los avisos. El menú de comandos sigue el idioma de tu aplicación de Telegram.
