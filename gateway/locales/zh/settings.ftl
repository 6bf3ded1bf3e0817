# 一个画面上的全部设置，以及语言。

command-language = 我用哪种语言
button-settings = 设置
button-language = 🌐 语言
settings-title = <b>设置</b>
settings-language = 语言：{ $name }
settings-authenticator-none = 身份验证器：无
settings-authenticator-young = 身份验证器：已添加；可提现额度从 { $at } 起提高
settings-authenticator = 身份验证器：已启用
settings-authenticator-why = 有了身份验证器应用，每次提现都需要它的验证码；添加一天后，您可以提现更多。即使有人控制了您的 Telegram 账号，也无法提现。

language-name = 中文
language-title = <b>语言</b>
language-set = ✓ 从现在起我用中文。
language-how = 我在这里写给您的一切都用这种语言，通知也是。命令菜单跟随您 Telegram 应用的语言。
