//! Everything in a bundle before its arrays: what was promised, decided, frozen and paid.

use super::check;
use super::fields::Fields;
use super::finding::Findings;
use super::terms::{Ruling, Terms, void_from_word, void_word};
use proto::room::VoidReason;
use serde_json::{Map, Value};

/// The format that this verifier knows.
const FORMAT: &str = "rooms-evidence/2";

/// Members of the head.
const MEMBERS: [&str; 13] = [
    "format",
    "room_id",
    "room_number",
    "terms_hash",
    "terms_bytes",
    "terms",
    "verdict",
    "frozen",
    "book",
    "root",
    "decided_at",
    "settled_at",
    "check",
];

/// What was decided, as the bundle says it. Times in microseconds, windows' ends in seconds since 1970.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) ruling: Ruling,
    pub(super) price: String,
    pub(super) observed_at: Option<i64>,
    /// First and last second of the deciding series.
    pub(super) series: Option<(i64, i64)>,
    pub(super) suspicions: Vec<String>,
    pub(super) window_end: Option<i64>,
    pub(super) start_price: String,
    pub(super) start_window_end: Option<i64>,
    pub(super) rival_price: String,
    pub(super) rival_start_price: String,
}

/// What was paid, as the bundle says it.
#[derive(Debug)]
pub(super) struct Paid {
    pub(super) ruling: Ruling,
    pub(super) cut_off: Option<i64>,
    pub(super) pools: Vec<i64>,
    pub(super) protocol_fee: i64,
    pub(super) host_fee: i64,
    pub(super) referrals: i64,
}

/// The head of a bundle.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) number: i64,
    pub(super) terms: Terms,
    pub(super) verdict: Verdict,
    /// Bets that the room froze.
    pub(super) frozen_bets: u64,
    /// Their stakes per outcome.
    pub(super) frozen_pools: Vec<i64>,
    pub(super) paid: Paid,
    pub(super) root: [u8; 32],
    pub(super) settled_at: String,
}

impl Head {
    /// Reads it. Nothing where the rest of the bundle cannot be judged by it.
    pub(super) fn read(members: &Map<String, Value>, findings: &mut Findings) -> Option<Self> {
        let fields = Fields::new("", members);
        let format = fields.text("format", findings)?;
        if format != FORMAT {
            findings.compare("format", format, "this verifier knows", FORMAT);
            return None;
        }
        check::verify("", members, findings);
        fields.only(&MEMBERS, findings);
        let bytes = fields.bytes("terms_bytes", findings)?;
        let terms = Terms::read(&bytes, findings)?;
        let follow = [
            ("room_id", "terms_bytes say", terms.room().to_string()),
            ("terms_hash", "terms_bytes hash to", hex::encode(terms.hash)),
        ];
        for (name, source, should) in follow {
            let is = fields.text(name, findings).unwrap_or_default();
            findings.compare(name, is, source, &should);
        }
        if let Some(readable) = fields.object("terms", findings) {
            terms.compare(readable, findings);
        }
        let verdict = fields.object("verdict", findings)?;
        let verdict = Verdict::read(&Fields::new("verdict", verdict), &terms, findings);
        let frozen = Fields::new("frozen", fields.object("frozen", findings)?);
        frozen.only(&["bets", "pools_lamports"], findings);
        let frozen_pools = frozen.amounts("pools_lamports", findings);
        let paid = Paid::read(&Fields::new("book", fields.object("book", findings)?), &terms, findings);
        let decided_at = fields.moment("decided_at", findings);
        let settled_at = fields.moment("settled_at", findings);
        if decided_at > settled_at {
            findings.add("settled_at", "is before decided_at");
        }
        Some(Self {
            number: fields.number("room_number", findings).unwrap_or_default(),
            verdict: verdict?,
            frozen_bets: frozen.number("bets", findings).unwrap_or_default(),
            frozen_pools,
            paid: paid?,
            root: fields.hash("root", findings)?,
            settled_at: fields.optional_text("settled_at", findings).to_owned(),
            terms,
        })
    }
}

/// Reads outcome, reason and label of a result.
fn ruling(fields: &Fields<'_, '_>, terms: &Terms, findings: &mut Findings) -> Option<Ruling> {
    let outcome = fields.optional_number::<u32>("outcome", findings);
    let reason = fields.optional_text("void_reason", findings);
    let ruling = match (outcome, reason) {
        (Some(outcome), "") => Ruling::Outcome(outcome),
        (None, "") => {
            findings.add(fields.path("outcome"), "is missing, and so is a void_reason");
            return None;
        }
        (None, reason) => Ruling::Void(void_from_word(reason).or_else(|| {
            findings.add(fields.path("void_reason"), "is no reason for which a room is void");
            None
        })?),
        (Some(_), reason) => {
            findings.add(fields.path("outcome"), format!("stands beside the void_reason {reason}"));
            return None;
        }
    };
    if let Ruling::Outcome(outcome) = ruling
        && usize::try_from(outcome).is_ok_and(|outcome| outcome >= terms.told.outcomes.len())
    {
        findings.add(fields.path("outcome"), "is no outcome of this room");
    }
    let label = fields.text("label", findings).unwrap_or_default();
    findings.compare(fields.path("label"), label, "the outcome is called", &terms.label(ruling));
    Some(ruling)
}

impl Verdict {
    fn read(fields: &Fields<'_, '_>, terms: &Terms, findings: &mut Findings) -> Option<Self> {
        const KNOWN: [&str; 13] = [
            "outcome",
            "void_reason",
            "label",
            "price",
            "observed_at",
            "series",
            "suspicions",
            "window_end",
            "start_price",
            "start_window_end",
            "rival_price",
            "rival_start_price",
            "ruled_at",
        ];
        fields.only(&KNOWN, findings);
        let text = |name, findings: &mut Findings| fields.optional_text(name, findings).to_owned();
        let series: Vec<Option<i64>> =
            fields.optional_array("series", findings).iter().map(Value::as_i64).collect();
        let series = match series.as_slice() {
            [] => None,
            [Some(first), Some(last)] if first <= last => Some((*first, *last)),
            _ => {
                findings.add(fields.path("series"), "should be the first and the last second");
                None
            }
        };
        let suspicions = fields.array("suspicions", findings).iter();
        fields.optional_moment("ruled_at", findings);
        Some(Self {
            price: text("price", findings),
            observed_at: fields.optional_moment("observed_at", findings),
            series,
            suspicions: suspicions.map(|word| word.as_str().unwrap_or_default().to_owned()).collect(),
            window_end: fields.optional_number("window_end", findings),
            start_price: text("start_price", findings),
            start_window_end: fields.optional_number("start_window_end", findings),
            rival_price: text("rival_price", findings),
            rival_start_price: text("rival_start_price", findings),
            ruling: ruling(fields, terms, findings)?,
        })
    }

    /// Whether it is void for a reason that no price tells.
    pub(super) const fn is_void_without_prices(&self) -> bool {
        use VoidReason::{
            HostCancel, ManipulationSuspected, MinPlayers, NoOpposition, OperatorVoid, Unresolved,
        };
        let Ruling::Void(reason) = self.ruling else { return false };
        matches!(
            reason,
            HostCancel | ManipulationSuspected | MinPlayers | NoOpposition | OperatorVoid | Unresolved
        )
    }

    /// The void reason's word, empty for an outcome.
    pub(super) fn reason(&self) -> &'static str {
        match self.ruling {
            Ruling::Outcome(_) => "",
            Ruling::Void(reason) => void_word(reason),
        }
    }
}

impl Paid {
    fn read(fields: &Fields<'_, '_>, terms: &Terms, findings: &mut Findings) -> Option<Self> {
        const KNOWN: [&str; 8] = [
            "outcome",
            "void_reason",
            "label",
            "cut_off",
            "pools_lamports",
            "protocol_fee_lamports",
            "host_fee_lamports",
            "referral_lamports",
        ];
        fields.only(&KNOWN, findings);
        let amount = |name, findings: &mut Findings| fields.lamports(name, findings).unwrap_or_default();
        Some(Self {
            cut_off: fields.optional_moment("cut_off", findings),
            pools: fields.amounts("pools_lamports", findings),
            protocol_fee: amount("protocol_fee_lamports", findings),
            host_fee: amount("host_fee_lamports", findings),
            referrals: amount("referral_lamports", findings),
            ruling: ruling(fields, terms, findings)?,
        })
    }
}
