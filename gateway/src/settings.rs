//! The gateway's own settings.

use crate::{
    domain::CancelRule,
    vault::{self, Vault},
};
use chassis::settings::{Endpoint, Invalid, Network, Reader};
use proto::Lamports;
use secrecy::{ExposeSecret, SecretString};
use std::{sync::Arc, time::Duration};

/// What the gateway is configured with, beside what every service has.
#[derive(Clone)]
pub struct Settings {
    /// Where the money is.
    pub network: Network,
    /// The bot.
    pub telegram: Telegram,
    /// Flood control of ours, and Telegram's.
    pub limits: Limits,
    /// Who answers questions.
    pub services: Services,
    /// Seals who people are.
    pub vault: Arc<Vault>,
    /// How long a request may wait for its service before it is refused as expired.
    pub patience: Duration,
    /// How long a preview may be agreed to.
    pub slip_life: Duration,
    /// What the deposit screen says.
    pub minimum_deposit: Lamports,
    /// What the terms say, in percent.
    pub fee_percent: String,
    /// The same command of the same user is answered again in a group after this.
    pub group_pause: Duration,
    /// How long a screen waits for its picture.
    pub picture_patience: Duration,
    /// Offered by the wizard, in seconds.
    pub horizons: Vec<u32>,
    /// When the button that takes a bet back is offered.
    pub cancel: CancelRule,
    /// What those get who brought a winner, first to third level, in percent of the fee on the win.
    pub referral_percents: [String; 3],
    /// Where evidence is served to everybody.
    pub evidence: Option<Endpoint>,
    /// Telegram users who see the operators' overview.
    pub admins: Vec<i64>,
    /// How old a login by Telegram may be.
    pub login_age: Duration,
}

/// How to reach Telegram and be reached by it.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// Given by @BotFather.
    pub token: SecretString,
    /// The Bot API server.
    pub api_url: Endpoint,
    /// How long one poll waits for updates.
    pub poll: Duration,
    /// Where Telegram delivers updates; without it they are polled.
    pub webhook: Option<Webhook>,
}

/// Delivery of updates by HTTPS.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Public address of `/telegram`.
    pub url: Endpoint,
    /// Proves that a request comes from Telegram.
    pub secret: SecretString,
}

/// Numbers of the flood control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages of one user in a minute.
    pub messages: u32,
    /// Presses of one user in a minute.
    pub presses: u32,
    /// Messages and presses of all users together in a minute.
    pub updates: u32,
    /// Calls to Telegram in any second.
    pub overall_per_second: u32,
    /// Between two messages to one chat; edits are spaced apart from new messages.
    pub chat_gap: Duration,
    /// Messages to one group in any minute.
    pub group_per_minute: u32,
}

/// gRPC addresses of the services that are asked.
#[derive(Clone, Debug)]
pub struct Services {
    /// Rooms and bets.
    pub room: Endpoint,
    /// Balances.
    pub wallet: Endpoint,
    /// Prices.
    pub oracle: Endpoint,
    /// Verdicts.
    pub settlement: Endpoint,
    /// Notifications.
    pub notifier: Endpoint,
    /// Markets and wallets of Polymarket, where there is a process of that role.
    pub polymarket: Option<Endpoint>,
}

impl Settings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// At least one cannot be used; the reader knows which.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let network = r.network();
        let telegram = Telegram::declare(r);
        let limits = Limits::declare(r);
        let services = Services::declare(r);
        let vault = vault::declare(r);
        let patience = r
            .setting("REQUEST_PATIENCE", "How long a bet, a room or a withdrawal may wait for its service before it is refused as expired.")
            .between(Duration::from_secs(1), Duration::from_secs(300))
            .or(Duration::from_secs(30));
        let slip_life = r
            .setting("SLIP_LIFE", "How long a preview may be confirmed.")
            .between(Duration::from_secs(10), Duration::from_secs(24 * 3600))
            .or(Duration::from_secs(15 * 60));
        let group_pause = r
            .setting(
                "GROUP_COMMAND_PAUSE",
                "Time before the same command of the same user is answered again in a group.",
            )
            .between(Duration::ZERO, Duration::from_secs(60))
            .or(Duration::from_secs(5));
        let picture_patience = r
            .setting("PICTURE_PATIENCE", "How long a screen waits for its picture; 0s sends words alone.")
            .between(Duration::ZERO, Duration::from_secs(10))
            .or(Duration::from_secs(2));
        let minimum_deposit = r
            .setting("DEPOSIT_NOTICE_MIN", "As at wallet-svc, for the deposit screen: in lamports.")
            .between(0_i64, proto::LAMPORTS_PER_SOL)
            .or(1_000_000);
        let protocol_fee = r
            .setting("ROOM_PROTOCOL_FEE_BPS", "As at room-svc, for the terms.")
            .between(0_u32, 2_000)
            .or(200);
        let host_fee =
            r.setting("ROOM_HOST_FEE_BPS", "As at room-svc, for the terms.").between(0_u32, 2_000).or(100);
        let horizons = r
            .setting("ROOM_HORIZONS", "Horizons offered by the wizard.")
            .check("1 to 9", |list: &Vec<Duration>| {
                if (1..=9).contains(&list.len()) { Ok(()) } else { Err("is not a list of 1 to 9".to_owned()) }
            })
            .or([15, 30, 60, 120, 240].map(|minutes| Duration::from_secs(minutes * 60)).to_vec());
        let cancel = cancel_rule(r);
        let referral_percents = referral_percents(r);
        let evidence = r
            .setting::<Endpoint>(
                "EVIDENCE_URL",
                "Public address of settlement-svc's `/evidence`; settlement cards of public rooms link to it.",
            )
            .optional("https://rooms.example.org/evidence");
        let admins: Result<Option<Vec<i64>>, Invalid> = r
            .setting(
                "TELEGRAM_ADMINS",
                "Telegram users, by their numbers, whom `/admin` shows what waits for operators.",
            )
            .optional("5000000001,5000000002");
        let login_age = r
            .setting("LOGIN_AGE", "How old a login by Telegram may be when it is exchanged for a token.")
            .between(Duration::from_secs(60), Duration::from_secs(24 * 3600))
            .mainnet_no_more()
            .or(Duration::from_secs(3_600));
        Ok(Self {
            network,
            telegram: telegram?,
            limits: limits?,
            services: services?,
            vault: Arc::new(vault?),
            patience: patience?,
            slip_life: slip_life?,
            group_pause: group_pause?,
            picture_patience: picture_patience?,
            minimum_deposit: Lamports::new(minimum_deposit?),
            fee_percent: crate::screens::format::exact_percent(protocol_fee?.saturating_add(host_fee?)),
            horizons: horizons?.iter().filter_map(|span| u32::try_from(span.as_secs()).ok()).collect(),
            cancel: cancel?,
            referral_percents: referral_percents?,
            evidence: evidence?,
            admins: admins?.unwrap_or_default(),
            login_age: login_age?,
        })
    }
}

fn referral_percents(r: &mut Reader) -> Result<[String; 3], Invalid> {
    let mut percent = |name, default: u32| {
        let points = r.setting(name, "As at settlement-svc, for the referral screen.").between(0_u32, 10_000);
        points.or(default).map(crate::screens::format::exact_percent)
    };
    let levels =
        [percent("REFERRAL_BPS_1", 1_500), percent("REFERRAL_BPS_2", 500), percent("REFERRAL_BPS_3", 200)];
    let [first, second, third] = levels;
    Ok([first?, second?, third?])
}

fn cancel_rule(r: &mut Reader) -> Result<CancelRule, Invalid> {
    let within = r
        .setting(
            "ROOM_CANCEL_WITHIN",
            "As at room-svc: a bet may be taken back so long after its acceptance.",
        )
        .between(Duration::ZERO, Duration::from_secs(60))
        .or(Duration::from_secs(5));
    let before_lock = r
        .setting("ROOM_CANCEL_UNTIL", "As at room-svc: but not in so long before the lock.")
        .between(Duration::ZERO, Duration::from_secs(3600))
        .or(Duration::from_secs(60));
    let span = |span: Duration| time::Duration::try_from(span).unwrap_or(time::Duration::ZERO);
    Ok(CancelRule { within: span(within?), before_lock: span(before_lock?) })
}

impl Telegram {
    fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let token = r
            .setting("TELEGRAM_BOT_TOKEN", "The bot's token, from @BotFather.")
            .check("NUMBER:TEXT", |token: &SecretString| match token.expose_secret().split_once(':') {
                Some((id, rest)) if id.parse::<u64>().is_ok() && !rest.is_empty() => Ok(()),
                _ => Err("is not the token of a bot".to_owned()),
            })
            .required("123456:ABC-DEF");
        let telegram = <Endpoint as chassis::settings::Value>::parse("https://api.telegram.org");
        let api_url = r
            .setting::<Endpoint>("TELEGRAM_API_URL", "The Bot API server; without it, Telegram's own.")
            .optional("https://api.telegram.org");
        let poll = r
            .setting("TELEGRAM_POLL", "How long one request for updates waits for them.")
            .between(Duration::from_secs(1), Duration::from_secs(10))
            .or(Duration::from_secs(10));
        let url = r
            .setting::<Endpoint>(
                "TELEGRAM_WEBHOOK_URL",
                "Public HTTPS address of this service's `/telegram`; without it updates are polled.",
            )
            .optional("https://bot.example.org/telegram");
        let secret = r
            .setting::<SecretString>(
                "TELEGRAM_WEBHOOK_SECRET",
                "Sent by Telegram with each update; needed with TELEGRAM_WEBHOOK_URL.",
            )
            .check("1 to 256 of A-Z, a-z, 0-9, _ and -", |secret: &SecretString| {
                let secret = secret.expose_secret();
                let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                match (1..=256).contains(&secret.len()) && secret.chars().all(allowed) {
                    true => Ok(()),
                    false => Err("is too long or has other characters".to_owned()),
                }
            })
            .optional("a-long-random-text");
        let (url, secret) = (url?, secret?);
        let webhook = match (url, secret) {
            (Some(url), Some(secret)) => Some(Webhook { url, secret }),
            (None, _) => None,
            (Some(_), None) => {
                return Err(r.refuse("TELEGRAM_WEBHOOK_SECRET", "is required with TELEGRAM_WEBHOOK_URL"));
            }
        };
        let api_url = match (api_url?, telegram) {
            (Some(url), _) | (None, Ok(url)) => url,
            (None, Err(why)) => return Err(r.refuse("TELEGRAM_API_URL", why)),
        };
        Ok(Self { token: token?, api_url, poll: poll?, webhook })
    }
}

impl Limits {
    fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let messages = r
            .setting("LIMIT_MESSAGES_PER_MINUTE", "Messages taken from one user in a minute.")
            .at_least(1)
            .or(10);
        let presses = r
            .setting("LIMIT_PRESSES_PER_MINUTE", "Presses taken from one user in a minute.")
            .at_least(1)
            .or(60);
        let updates = r
            .setting(
                "LIMIT_UPDATES_PER_MINUTE",
                "Messages and presses taken from all users together in a minute.",
            )
            .at_least(1)
            .or(1_000);
        let overall_per_second = r
            .setting("TELEGRAM_CALLS_PER_SECOND", "Messages and edits to all chats in any second.")
            .between(1, 1_000)
            .or(30);
        let chat_gap = r
            .setting(
                "TELEGRAM_CHAT_GAP",
                "Time between two messages to one chat; edits are spaced likewise, apart from new messages.",
            )
            .between(Duration::ZERO, Duration::from_secs(60))
            .or(Duration::from_secs(1));
        let group_per_minute = r
            .setting("TELEGRAM_GROUP_PER_MINUTE", "Messages to one group in any minute.")
            .between(1, 1_000)
            .or(20);
        Ok(Self {
            messages: messages?,
            presses: presses?,
            updates: updates?,
            overall_per_second: overall_per_second?,
            chat_gap: chat_gap?,
            group_per_minute: group_per_minute?,
        })
    }
}

impl Services {
    fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let room =
            r.setting("ROOM_GRPC_URL", "room-svc, for rooms and bets.").required("http://room-svc:8081");
        let wallet = r
            .setting("WALLET_GRPC_URL", "wallet-svc, for balances and transfers.")
            .required("http://wallet-svc:8081");
        let oracle =
            r.setting("ORACLE_GRPC_URL", "oracle-svc, for prices.").required("http://oracle-svc:8081");
        let settlement = r
            .setting("SETTLEMENT_GRPC_URL", "settlement-svc, for verdicts and receipts.")
            .required("http://settlement-svc:8081");
        let notifier = r
            .setting("NOTIFIER_GRPC_URL", "notifier-svc, for what it keeps of somebody who asks.")
            .required("http://notifier-svc:8081");
        let polymarket = r
            .setting::<Endpoint>(
                "POLYMARKET_URL",
                "oracle-svc `--role polymarket`, by gRPC, for markets and wallets; without it the tracker says that Polymarket does not answer.",
            )
            .optional("http://oracle-svc-polymarket:8081");
        Ok(Self {
            room: room?,
            wallet: wallet?,
            oracle: oracle?,
            settlement: settlement?,
            notifier: notifier?,
            polymarket: polymarket?,
        })
    }
}
