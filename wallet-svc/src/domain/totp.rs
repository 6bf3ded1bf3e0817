//! Authenticators: six digits that change every 30 seconds (RFC 6238 with SHA-1, which is what authenticator apps know).

use hmac::{Hmac, Mac};
use proto::{Refusal, common::RefusalCode};
use sha1::Sha1;
use std::time::Duration;
use time::OffsetDateTime;

/// Bytes of a secret: the length of the hash, as RFC 4226 recommends.
pub const SECRET_LEN: usize = 20;
/// Seconds of a time step.
const STEP: i64 = 30;
/// Steps that a clock may be off.
const SKEW: i64 = 1;
/// Codes below this: six digits.
const CODES: u32 = 1_000_000;
/// How many wrong codes lock an authenticator.
const WRONG_MAX: i32 = 5;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// How codes are judged. The defaults of the settings are those of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TotpRules {
    /// How long after its confirmation an authenticator begins to raise limits: whoever holds the chat can add one.
    pub counts_after: Duration,
    /// How long codes are refused after too many wrong ones.
    pub lock: Duration,
}

/// What is known about an authenticator besides its secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Authenticator {
    /// When its first code was right; before that it is worth nothing.
    pub confirmed_at: Option<OffsetDateTime>,
    /// Codes of this time step and of all before are used up.
    pub last_step: i64,
    /// Wrong codes since the last right one.
    pub wrong: i32,
    /// Codes are refused until then.
    pub locked_until: Option<OffsetDateTime>,
}

/// What a code turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Right, and of this time step, which is not used up yet.
    Right(i64),
    /// Refused without a look: too many were wrong.
    Locked(Refusal),
    /// Wrong, or used up.
    Wrong(Refusal),
    /// Wrong, and now too many were.
    NowLocked(Refusal),
}

impl Authenticator {
    /// Judges a code and notes it if it is wrong. A right one is used up by [`use_up`](Self::use_up) alone, together
    /// with what it is good for.
    pub fn judge(&mut self, secret: &[u8], code: &str, now: OffsetDateTime, rules: &TotpRules) -> Verdict {
        let locked = |until: OffsetDateTime| {
            Refusal::new(RefusalCode::TotpLocked).with("until", until.unix_timestamp())
        };
        match self.locked_until {
            Some(until) if until > now => return Verdict::Locked(locked(until)),
            _ => self.locked_until = None,
        }
        if let Some(step) = matching_step(secret, code, now).filter(|&step| step > self.last_step) {
            return Verdict::Right(step);
        }
        self.wrong = self.wrong.saturating_add(1);
        if self.wrong < WRONG_MAX {
            return Verdict::Wrong(Refusal::new(RefusalCode::TotpWrong).with("left", WRONG_MAX - self.wrong));
        }
        self.wrong = 0;
        let until = now.checked_add(rules.lock.try_into().unwrap_or(time::Duration::MAX)).unwrap_or(now);
        self.locked_until = Some(until);
        Verdict::NowLocked(locked(until))
    }

    /// Uses up a time step, for ever.
    pub fn use_up(&mut self, step: i64) {
        self.last_step = self.last_step.max(step);
        self.wrong = 0;
    }

    /// From when it raises limits.
    #[must_use]
    pub fn counts_from(&self, rules: &TotpRules) -> Option<OffsetDateTime> {
        let after = rules.counts_after.try_into().unwrap_or(time::Duration::MAX);
        self.confirmed_at.and_then(|at| at.checked_add(after))
    }
}

/// The newest time step within the skew whose code this is.
fn matching_step(secret: &[u8], typed: &str, now: OffsetDateTime) -> Option<i64> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let typed: u32 = digits.parse().ok()?;
    let step = now.unix_timestamp().div_euclid(STEP);
    (step.saturating_sub(SKEW)..=step.saturating_add(SKEW))
        .rev()
        .find(|&step| code(secret, step) == Some(typed))
}

/// The code of a time step: HOTP of RFC 4226, section 5.3.
fn code(secret: &[u8], step: i64) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash.last()? & 0x0f);
    let four: [u8; 4] = hash.get(at..at + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(four) & 0x7fff_ffff) % CODES)
}

/// What an authenticator app with this secret shows at a moment.
#[must_use]
pub fn code_at(secret: &[u8], at: OffsetDateTime) -> Option<String> {
    code(secret, at.unix_timestamp().div_euclid(STEP)).map(|code| format!("{code:06}"))
}

/// A secret as people type it (RFC 4648, without padding: 20 bytes need none).
#[must_use]
pub fn base32(secret: &[u8]) -> String {
    let digit = |bits: u8| BASE32.get(usize::from(bits & 31)).map_or('=', |&digit| char::from(digit));
    let mut text = String::with_capacity(secret.len().div_ceil(5) * 8);
    for group in secret.chunks(5) {
        let mut bytes = [0u8; 8];
        bytes.iter_mut().skip(3).zip(group).for_each(|(to, from)| *to = *from);
        let bits = u64::from_be_bytes(bytes);
        for at in 0..(group.len() * 8).div_ceil(5) {
            text.push(digit(u8::try_from((bits >> (35 - 5 * at)) & 31).unwrap_or_default()));
        }
    }
    text
}

/// The link that an authenticator app scans.
/// <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>
#[must_use]
pub fn uri(secret: &[u8], label: &str) -> String {
    format!(
        "otpauth://totp/ROOMS:{label}?secret={}&issuer=ROOMS&algorithm=SHA1&digits=6&period=30",
        base32(secret)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &[u8] = b"12345678901234567890";
    const RULES: TotpRules =
        TotpRules { counts_after: Duration::from_secs(86_400), lock: Duration::from_secs(900) };

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(second).unwrap()
    }

    fn digits(second: i64) -> String {
        code_at(SECRET, at(second)).unwrap()
    }

    #[test]
    fn the_vectors_of_rfc_6238() {
        // Appendix B, the last six of its eight digits.
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(digits(second), expected);
        }
    }

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("fooba", "MZXW6YTB")]
        {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_counts_one_step_off_and_only_once() {
        let now = 1_700_000_000;
        for (off, right) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let mut fresh = Authenticator::default();
            let verdict = fresh.judge(SECRET, &digits(now + off), at(now), &RULES);
            assert_eq!(matches!(verdict, Verdict::Right(_)), right, "{off}");
        }
        let mut authenticator = Authenticator::default();
        let Verdict::Right(step) = authenticator.judge(SECRET, &digits(now), at(now), &RULES) else {
            panic!()
        };
        authenticator.use_up(step);
        // Neither it nor the one before it, however often somebody comes back.
        for off in [0, -30] {
            let again = authenticator.judge(SECRET, &digits(now + off), at(now), &RULES);
            assert!(matches!(again, Verdict::Wrong(_)), "{again:?}");
        }
        assert!(matches!(authenticator.judge(SECRET, &digits(now + 30), at(now), &RULES), Verdict::Right(_)));
    }

    #[test]
    fn five_wrong_codes_lock_and_time_unlocks() {
        let mut authenticator = Authenticator::default();
        let now = 1_700_000_000;
        let wrong = if digits(now) == "000000" { "000001" } else { "000000" };
        for left in (1..5).rev() {
            let refusal = Refusal::new(RefusalCode::TotpWrong).with("left", left);
            assert_eq!(authenticator.judge(SECRET, wrong, at(now), &RULES), Verdict::Wrong(refusal));
        }
        let refusal = Refusal::new(RefusalCode::TotpLocked).with("until", now + 900);
        assert_eq!(authenticator.judge(SECRET, wrong, at(now), &RULES), Verdict::NowLocked(refusal.clone()));
        // The right code does not help meanwhile.
        assert_eq!(
            authenticator.judge(SECRET, &digits(now + 899), at(now + 899), &RULES),
            Verdict::Locked(refusal)
        );
        let later = authenticator.judge(SECRET, &digits(now + 900), at(now + 900), &RULES);
        assert!(matches!(later, Verdict::Right(_)), "{later:?}");
    }

    #[test]
    fn an_authenticator_counts_a_day_after_it_was_confirmed() {
        let mut authenticator = Authenticator::default();
        assert_eq!(authenticator.counts_from(&RULES), None);
        authenticator.confirmed_at = Some(at(1_700_000_000));
        assert_eq!(authenticator.counts_from(&RULES), Some(at(1_700_086_400)));
    }

    proptest! {
        #[test]
        fn nothing_but_six_digits_is_a_code(typed in ".{0,12}") {
            let found = matching_step(SECRET, &typed, at(1_700_000_000));
            if found.is_some() {
                let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
                prop_assert!(digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()));
            }
        }
    }
}
