//! Every alert against the tape: what each person's notifications say, and what came into their chats.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use proto::common::Page;
use proto::notifier::notice::Kind as Told;
use proto::notifier::notifier_service_client::NotifierServiceClient;
use proto::notifier::{ListNotificationsRequest, NotificationState, WalletAlert};
use proto::oracle::{WalletChange, WalletChangeKind};
use rust_decimal::Decimal;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::super::audit::count;
use super::super::person::Person;
use super::plan::Follower;
use super::play::Play;
use super::tape::{Due, Dues, What};
use crate::polymarket::{Exchange, Token};
use crate::report::Report;
use crate::services;
use crate::world::DATABASE;

/// How long alerts may take that are still to come.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Of a published limit, in percent: a tenth, and once more a tenth by the process that follows one that was killed.
const SHARE: usize = 20;

/// What was found of one person.
#[derive(Debug, Default)]
struct Found {
    due: usize,
    missed: Vec<String>,
    /// Told without a reason, or more than once.
    needless: Vec<String>,
    wrong: Vec<String>,
    unsent: usize,
    delays: Vec<f64>,
}

impl Play<'_> {
    /// Waits until everything that is due has come, and then holds everything that came against it.
    ///
    /// # Errors
    /// A service does not answer.
    pub async fn check(&self, dues: &Dues, report: &mut Report) -> Result<()> {
        self.tale.scene("every alert against the tape");
        let mut all = Found::default();
        for (person, follower) in self.people.iter().zip(&self.plan.followers) {
            let due: BTreeMap<_, _> =
                dues.iter().filter(|((wallet, _), _)| follower.wallets.contains_key(wallet)).collect();
            let account = self.account(person).await?;
            let deadline = Instant::now() + PATIENCE;
            let found = loop {
                let told = self.told(account).await?;
                let told: Vec<(WalletAlert, bool)> = told
                    .into_iter()
                    .filter_map(|(kind, sent)| match kind {
                        Told::Wallet(alert) => Some((alert, sent)),
                        _ => None,
                    })
                    .collect();
                let found = judge(&self.world.polymarket().exchange(), follower, &due, &told);
                let complete = found.missed.is_empty() && found.unsent == 0;
                if complete || Instant::now() > deadline {
                    break found;
                }
                sleep(LOOK_EVERY).await;
            };
            let messages = alerts_in_chat(person, follower).await?;
            person.tell(format_args!("{} alerts were due, {messages} came", found.due));
            let name = format!("messages of alerts to {}", person.name);
            report.check(&name, found.due, messages, found.due == messages);
            all.due += found.due;
            all.missed.extend(found.missed);
            all.needless.extend(found.needless);
            all.wrong.extend(found.wrong);
            all.delays.extend(found.delays);
        }
        for (what, lines) in [("missed", &all.missed), ("needless", &all.needless), ("wrong", &all.wrong)] {
            lines.iter().for_each(|line| self.tale.tell("", format_args!("{what}: {line}")));
        }
        report.check("alerts that were due", "at least 30", all.due, all.due >= 30);
        report.check("alerts missed", 0, all.missed.len(), all.missed.is_empty());
        report.check("alerts false or twice", 0, all.needless.len(), all.needless.is_empty());
        report.check("alerts that say something wrong", 0, all.wrong.len(), all.wrong.is_empty());
        let kinds = self.weather.kinds();
        report.check("kinds of faults", "at least 5", kinds, kinds >= 5);
        for (route, most, limit) in Self::busiest(self.world.polymarket()) {
            let allowed = limit * SHARE / 100;
            report.check(&format!("{route}, most in 10 s"), format!("<= {allowed}"), most, most <= allowed);
        }
        report.note("delay_seconds_median", crate::bench::figures::median(&all.delays));
        self.check_letters(report).await
    }

    async fn check_letters(&self, report: &mut Report) -> Result<()> {
        let mut database = self.world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
        for entry in services::ALL {
            let query = format!("SELECT count(*) FROM {}.dead_letter", entry.schema);
            let found = count(&mut database, &query).await?;
            report.check(&format!("dead letters of {}", entry.name), 0, found, found == 0);
        }
        Ok(())
    }

    pub(super) async fn account(&self, person: &Person) -> Result<Uuid> {
        let mut database = self.world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
        let query = "SELECT account_id FROM gateway.person WHERE lookup = $1";
        let lookup = self.world.vault()?.lookup(person.id());
        Ok(sqlx::query_scalar(query).bind(lookup).fetch_one(&mut database).await?)
    }

    /// All that an account was told, and whether each was sent.
    pub(super) async fn told(&self, account: Uuid) -> Result<Vec<(Told, bool)>> {
        let mut client = NotifierServiceClient::new(self.world.channel("notifier-svc")?);
        let (mut told, mut token) = (Vec::new(), String::new());
        loop {
            let page = Some(Page { size: 100, token });
            let request = ListNotificationsRequest { account_id: account.as_bytes().to_vec(), page };
            let answer = client.list_notifications(request).await?.into_inner();
            for notification in answer.notifications {
                let sent = notification.state() == NotificationState::Sent;
                told.extend(notification.notice.and_then(|notice| notice.kind).map(|kind| (kind, sent)));
            }
            if answer.next_page_token.is_empty() {
                return Ok(told);
            }
            token = answer.next_page_token;
        }
    }
}

/// Messages of alerts in a chat: those that call a wallet by the name that the person gave it, and say when it was.
async fn alerts_in_chat(person: &Person, follower: &Follower) -> Result<usize> {
    let named = |text: &str| follower.wallets.values().any(|alias| text.contains(alias.as_str()));
    let messages = person.player().messages().await?;
    let alerts =
        messages.iter().filter(|shown| shown.from_bot && !shown.deleted && shown.text.starts_with("👛"));
    Ok(alerts.filter(|shown| shown.text.contains("On chain") && named(&shown.text)).count())
}

fn judge(
    exchange: &Exchange,
    follower: &Follower,
    dues: &BTreeMap<&(usize, What), &Due>,
    told: &[(WalletAlert, bool)],
) -> Found {
    let mut found = Found { due: dues.len(), ..Found::default() };
    let mut open = dues.clone();
    for (alert, sent) in told {
        let Some(change) = &alert.change else { continue };
        let Some(key) = key(exchange, change) else {
            found.needless.push(format!("{change:?}"));
            continue;
        };
        let Some(due) = open.remove(&key) else {
            found.needless.push(format!(
                "{} to {}: {}",
                words(change),
                follower.name,
                change.transaction_hash
            ));
            continue;
        };
        found.unsent += usize::from(!sent);
        let alias = follower.wallets.get(&key.0);
        if alias != Some(&alert.alias) || !is_right(exchange, change, due) {
            found.wrong.push(format!("{} instead of {due:?} to {}", words(change), follower.name));
        }
        found.delays.extend(delay(change));
    }
    found.missed = open.iter().map(|(key, due)| format!("{key:?} {due:?} to {}", follower.name)).collect();
    found
}

/// What an alert is about.
fn key(exchange: &Exchange, change: &WalletChange) -> Option<(usize, What)> {
    let wallet = exchange.wallet_at(&change.address)?;
    let transaction = change.transaction_hash.clone();
    let token = || exchange.token(&change.token_id);
    let what = match change.kind() {
        WalletChangeKind::Unspecified => return None,
        WalletChangeKind::Redeemed => What::Redemption { transaction },
        WalletChangeKind::Resolved => What::Result { token: token()? },
        kind => {
            use WalletChangeKind::{Closed, Reduced, Sold};
            let sold = matches!(kind, Reduced | Closed | Sold);
            What::Order { transaction, token: token()?, sold }
        }
    };
    Some((wallet, what))
}

/// Kind, amounts and market are those of the tape.
fn is_right(exchange: &Exchange, change: &WalletChange, due: &Due) -> bool {
    let Some(market) = exchange.markets().get(due.market) else { return false };
    let event = exchange.events().get(market.event).map_or("", |event| &event.slug);
    let named = change.market.as_ref().is_some_and(|named| {
        (named.condition_id.as_str(), named.slug.as_str(), named.event_slug.as_str(), named.question.as_str())
            == (market.condition.as_str(), market.slug.as_str(), event, market.question.as_str())
    });
    let amount = |text: &str| text.parse::<Decimal>().ok().map(|amount| amount.normalize());
    let outcome =
        exchange.token(&change.token_id).and_then(|Token { outcome, .. }| market.outcomes.get(outcome));
    // A redemption is of all answers at once.
    let outcome = change.kind() == WalletChangeKind::Redeemed || outcome == Some(&change.outcome);
    let mean = (due.usd / due.shares.max(Decimal::new(1, 6))).round_dp(4);
    named
        && outcome
        && due.kinds.contains(&change.kind())
        && amount(&change.shares) == Some(due.shares.normalize())
        && amount(&change.usd) == Some(due.usd.normalize())
        && amount(&change.price).is_some_and(|price| (price - mean).abs() <= Decimal::new(1, 4))
}

/// Seconds from the block to our seeing it.
fn delay(change: &WalletChange) -> Option<f64> {
    let (filled, seen) = (change.filled_at.as_ref()?, change.seen_at.as_ref()?);
    let millis = (seen.seconds - filled.seconds) * 1_000 + i64::from((seen.nanos - filled.nanos) / 1_000_000);
    i32::try_from(millis).ok().map(|millis| f64::from(millis) / 1_000.0)
}

fn words(change: &WalletChange) -> String {
    format!(
        "{} {} {} at {} for {} of {}",
        change.kind().as_str_name(),
        change.shares,
        change.outcome,
        change.price,
        change.usd,
        change.address,
    )
}
