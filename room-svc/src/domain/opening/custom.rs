//! Questions in words, which operators ask and resolve. Players read the texts, so each is one line that says something.

use super::{Rules, malformed, seconds};
use proto::{
    Refusal,
    room::{OpenOperatorRoom, Terms},
};
use std::{collections::BTreeSet, ops::RangeInclusive};

const QUESTION_CHARS: RangeInclusive<usize> = 10..=200;
const OUTCOMES: RangeInclusive<usize> = 2..=10;
const OUTCOME_CHARS: RangeInclusive<usize> = 1..=40;
const CRITERION_CHARS: RangeInclusive<usize> = 1..=500;
const SOURCE_CHARS: RangeInclusive<usize> = 1..=200;

pub(super) fn open(rules: &Rules, open: &OpenOperatorRoom) -> Result<Terms, Refusal> {
    if !says(&open.question, &QUESTION_CHARS) {
        return Err(malformed("question"));
    }
    // Two answers that read the same could not be told apart.
    let different: BTreeSet<String> = open.outcomes.iter().map(|outcome| outcome.to_lowercase()).collect();
    if !OUTCOMES.contains(&different.len())
        || different.len() != open.outcomes.len()
        || !open.outcomes.iter().all(|outcome| says(outcome, &OUTCOME_CHARS))
    {
        return Err(malformed("outcomes"));
    }
    if !says(&open.criterion, &CRITERION_CHARS) {
        return Err(malformed("criterion"));
    }
    if !says(&open.source_url, &SOURCE_CHARS) || !is_https(&open.source_url) {
        return Err(malformed("source_url"));
    }
    Ok(Terms {
        outcomes: open.outcomes.clone(),
        max_stake_lamports: rules.max_stake.get(),
        question: open.question.clone(),
        criterion: open.criterion.clone(),
        source_url: open.source_url.clone(),
        unresolved_seconds: seconds(rules.custom.unresolved),
        ..Terms::default()
    })
}

/// One line of such a length, without blanks around it.
fn says(text: &str, chars: &RangeInclusive<usize>) -> bool {
    chars.contains(&text.chars().count()) && text.trim() == text && !text.chars().any(char::is_control)
}

/// `https` and the name of a host: nobody is sent through somebody else's name (`https://a.example@b.example`).
fn is_https(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let named = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    named
        && host.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':'))
        && !url.contains(char::is_whitespace)
}
