# 身份验证器：添加、确认、移除、要求输入验证码。

button-authenticator-add = 添加身份验证器
button-authenticator-remove = 移除身份验证器

authenticator-scan =
    <b>添加身份验证器</b>

    用身份验证器应用扫描图片，或在其中输入这个密钥：
    <code>{ $secret }</code>

    如果就在这部手机上，请把这个链接复制到应用里：
    <code>{ $uri }</code>

    然后把它显示的六位数字发给我。完成后这条消息会消失。请勿给任何人看。
authenticator-ask-remove = 要移除身份验证器，请把它显示的六位数字发给我。您可提现的额度会立即降低。
authenticator-not-a-code = 这不是验证码。验证码是六位数字。
authenticator-confirm-add = 用这个验证码添加身份验证器？
authenticator-confirm-remove = 用这个验证码移除身份验证器？
button-use-code = 是，使用该验证码
toast-authenticator = 正在核对验证码…
checking-code = 正在核对验证码…
authenticator-added = ✓ 身份验证器已添加。从现在起每次提现都需要它的验证码；可提现额度从 { $at } 起提高。
authenticator-removed = ✓ 身份验证器已移除。
authenticator-refused = <b>未执行</b>

withdraw-ask-code = 请把身份验证器显示的六位数字发给我。
withdraw-code-taken = ✓ 已收到验证码。它只对这次提现有效，约一分钟内有效。

notice-authenticator-added = <b>您的账户已添加身份验证器。</b>
notice-authenticator-removed = <b>您账户的身份验证器已被移除。</b>
notice-authenticator-locked = <b>连续五次验证码错误</b>：一刻钟内不再接受验证码。
notice-not-you = 如果不是您本人操作，说明有人能进入您的 Telegram 账号：请在 Telegram 设置的“设备”中结束其他会话。

refusal-totp-wrong = { $left ->
   *[other] 验证码错误或已被用过。还可以试 { $left } 次，之后一刻钟内不再接受验证码。
}
refusal-totp-locked = 错误次数过多。请在此时间后再试：{ $until }。
refusal-totp-not-begun = 没有可用的身份验证器。请在 /settings 中添加。
refusal-totp-already = 您已经有身份验证器了。请先移除它。
