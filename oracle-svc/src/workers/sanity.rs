//! Asks one aggregator now and then what it thinks, and says so when it contradicts our price. Nothing else comes of it.
//! At most one replica asks: what an aggregator allows is counted by its key and address.

use crate::{
    domain::{Asset, Judgment, Moment, OPINION_WITHIN, Opinion, Sanity},
    settings::Asked,
    tape::Tape,
    venues::{
        Aggregator, WireError,
        http::{self, Host, HttpError, Manners},
    },
};
use chassis::{
    Clock, Fault, Runtime,
    breaker::Breakers,
    health::{Report, Role},
    tasks::with_sources,
};
use secrecy::ExposeSecret as _;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::sleep;

/// A question, from its beginning to the last byte of its answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// Hermes sends a proof along, some kilobytes for each feed.
const BODY: usize = 64 * 1024;

/// How soon a standby asks in the holder's place.
const TERM: Duration = Duration::from_secs(30);

/// Our own price of a moment is the last one before it, if there was one so recently.
const PRICED_WITHIN: i64 = 5 * crate::domain::SECOND;

/// The recent ticks of the assets that aggregators are asked about.
pub(crate) type Tapes = BTreeMap<Asset, Arc<Tape>>;

/// Why an aggregator is of no use at the moment.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("not asked with success")]
    Http(#[from] HttpError),
    #[error("answer not understood")]
    Wire(#[from] WireError),
}

/// One aggregator and what is thought of it.
struct SanityCheck {
    format: Box<dyn Aggregator>,
    asked: Asked,
    host: Host,
    tapes: Tapes,
    clock: Clock,
    report: Report,
}

/// Asks each aggregator that is set, on the replica that holds its lease.
///
/// # Errors
/// The TLS of this machine does not work.
pub(crate) fn spawn(
    runtime: &Runtime,
    breakers: &Breakers,
    aggregators: &[Asked],
    tapes: &Tapes,
) -> Result<(), reqwest::Error> {
    for asked in aggregators {
        let id = asked.id;
        let manners = Manners { every: asked.pace, deadline: DEADLINE, body: BODY };
        let report = runtime.health.report(id.name(), Role::External, None);
        // Until it is this replica's turn, another one asks.
        report.ok();
        let check = Arc::new(SanityCheck {
            format: id.format(),
            host: Host::new(http::client()?, asked.url.expose(), breakers, manners),
            asked: asked.clone(),
            tapes: tapes.clone(),
            clock: runtime.clock.clone(),
            report,
        });
        runtime.lease(id.lease(), TERM, move |_| Arc::clone(&check).serve());
    }
    Ok(())
}

/// Says that all is well when the term ends, however it ends: the next holder knows better.
struct Term(Report);

impl Drop for Term {
    fn drop(&mut self) {
        self.0.ok();
    }
}

impl SanityCheck {
    async fn serve(self: Arc<Self>) -> Result<(), Fault> {
        let _term = Term(self.report.clone());
        let mut sanity = Sanity::new(self.asked.tolerated_for);
        loop {
            let answer = self.ask().await;
            let pause = match &answer {
                Err(Unanswered::Http(
                    HttpError::Later { retry_in }
                    | HttpError::LeftAlone { retry_in }
                    | HttpError::TooMany { retry_in, .. },
                )) => self.asked.pace.max(*retry_in),
                _ => self.asked.pace,
            };
            self.judge(&mut sanity, answer);
            sleep(pause).await;
        }
    }

    async fn ask(&self) -> Result<Vec<Opinion>, Unanswered> {
        let base = self.asked.url.expose();
        let body = self
            .host
            .get(&self.format.url(base), |request| match &self.asked.key {
                Some(key) => {
                    let (header, before) = self.format.key_header(base);
                    request.header(header, format!("{before}{}", key.expose_secret()))
                }
                None => request,
            })
            .await?;
        Ok(self.format.read(&body)?)
    }

    /// A metric, a line in `/health/external` and one in the log: that is all an aggregator's opinion may cause.
    fn judge(&self, sanity: &mut Sanity, answer: Result<Vec<Opinion>, Unanswered>) {
        let name = self.asked.id.name();
        let (result, objection) = match answer {
            Ok(opinions) => {
                let objections: Vec<_> =
                    opinions.iter().filter_map(|opinion| self.object(sanity, opinion)).collect();
                ("answered", (!objections.is_empty()).then(|| objections.join("; ")))
            }
            Err(error) => {
                let result = match &error {
                    Unanswered::Http(error) => error.name(),
                    Unanswered::Wire(_) => "unreadable",
                };
                (result, Some(with_sources(&error)))
            }
        };
        metrics::counter!("rooms_oracle_sanity_questions_total", "aggregator" => name, "result" => result)
            .increment(1);
        match objection {
            None => self.report.ok(),
            Some(objection) => {
                tracing::warn!(aggregator = name, objection, "aggregator objects or is silent");
                self.report.failing(objection);
            }
        }
    }

    /// What is to be said about an opinion, if anything.
    fn object(&self, sanity: &mut Sanity, opinion: &Opinion) -> Option<String> {
        let (asset, name) = (opinion.asset, self.asked.id.name());
        let age = Moment::from_time(self.clock.now()).since(opinion.at);
        if age > OPINION_WITHIN {
            return Some(format!("knows nothing newer of {asset} than {} s", age / crate::domain::SECOND));
        }
        let ours = self.tapes.get(&asset).and_then(|tape| tape.price_at(opinion.at, PRICED_WITHIN));
        let judgment = sanity.judge(opinion, ours);
        let contradicts = judgment == Judgment::Contradicts;
        metrics::gauge!("rooms_oracle_sanity_contradicts", "aggregator" => name, "asset" => asset.label())
            .set(f64::from(u8::from(contradicts)));
        let ours = ours?;
        let apart = ours.deviation_ppm(opinion.price);
        metrics::gauge!("rooms_oracle_sanity_deviation_ratio", "aggregator" => name, "asset" => asset.label())
            .set(f64::from(apart) / 1e6);
        contradicts.then(|| format!("{asset} has been {} for long, not {ours}", opinion.price))
    }
}
