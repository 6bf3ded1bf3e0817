//! Faults that a test puts between the bot and this server.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429 with the seconds that the fault still lasts.
    TooManyRequests,
    /// 502.
    ServerError,
    /// The connection breaks before anything is done.
    Drop,
    /// It is done, but the connection breaks before the answer is there.
    LoseAnswer,
}

/// A fault to be injected: for `seconds`, or `times` calls, whichever ends first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How long; one minute if neither this nor `times` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// For how many calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Only calls of this method; all but getUpdates if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

struct Active {
    kind: FaultKind,
    until: Instant,
    left: u32,
    method: Option<String>,
}

/// The faults now in force.
#[derive(Default)]
pub(crate) struct Faults {
    active: Vec<Active>,
}

/// A fault that hits a call, with the seconds it still lasts.
pub(crate) struct Hit {
    pub(crate) kind: FaultKind,
    pub(crate) seconds: u64,
}

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) {
        let endless = fault.seconds.is_none() && fault.times.is_some();
        let seconds = if endless { 86_400 } else { fault.seconds.unwrap_or(60) };
        self.active.push(Active {
            kind: fault.kind,
            until: Instant::now() + Duration::from_secs(seconds),
            left: fault.times.unwrap_or(u32::MAX),
            method: fault.method.map(|method| method.to_ascii_lowercase()),
        });
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// The fault that a call of `method` (in lower case) runs into.
    pub(crate) fn hit(&mut self, method: &str) -> Option<Hit> {
        let now = Instant::now();
        self.active.retain(|fault| fault.until > now && fault.left > 0);
        let fault = self.active.iter_mut().find(|fault| match &fault.method {
            Some(only) => only == method,
            None => method != "getupdates",
        })?;
        fault.left = fault.left.saturating_sub(1);
        let rest = fault.until.duration_since(now);
        // A fault that is counted says "one second", so that a test need not wait for a day.
        let seconds = if rest > Duration::from_secs(3600) { 1 } else { rest.as_secs() + 1 };
        Some(Hit { kind: fault.kind, seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_its_method_as_often_as_asked() {
        let mut faults = Faults::default();
        faults.inject(Fault {
            kind: FaultKind::Drop,
            seconds: None,
            times: Some(2),
            method: Some("sendMessage".into()),
        });
        assert!(faults.hit("editmessagetext").is_none());
        assert!(faults.hit("sendmessage").is_some());
        assert!(faults.hit("sendmessage").is_some());
        assert!(faults.hit("sendmessage").is_none());
    }

    #[test]
    fn a_fault_without_a_method_leaves_polling_alone() {
        let mut faults = Faults::default();
        faults.inject(Fault {
            kind: FaultKind::TooManyRequests,
            seconds: Some(4),
            times: None,
            method: None,
        });
        assert!(faults.hit("getupdates").is_none());
        assert!(matches!(faults.hit("getme"), Some(Hit { seconds: 4, .. })));
        faults.clear();
        assert!(faults.hit("getme").is_none());
    }
}
