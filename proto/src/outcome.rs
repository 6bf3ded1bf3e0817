//! Outcomes of commands.

use crate::{
    Malformed,
    common::{Outcome, Param, RefusalCode, outcome},
};
use prost::Message;

/// A rule that the request breaks, with the numbers the rule names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", code.as_str_name(), params.iter().map(|(key, value)| format!(" {key}={value}")).collect::<String>())]
pub struct Refusal {
    /// Which rule.
    pub code: RefusalCode,
    /// Its numbers, by name.
    pub params: Vec<(String, String)>,
}

impl Refusal {
    /// A refusal without numbers.
    #[must_use]
    pub const fn new(code: RefusalCode) -> Self {
        Self { code, params: Vec::new() }
    }

    /// Adds a number that the rule names.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.params.push((key.to_owned(), value.to_string()));
        self
    }
}

impl From<&Refusal> for crate::common::Refusal {
    fn from(refusal: &Refusal) -> Self {
        let params =
            refusal.params.iter().map(|(key, value)| Param { key: key.clone(), value: value.clone() });
        Self { code: refusal.code.into(), params: params.collect() }
    }
}

impl From<&crate::common::Refusal> for Refusal {
    fn from(refusal: &crate::common::Refusal) -> Self {
        let params = refusal.params.iter().map(|param| (param.key.clone(), param.value.clone()));
        Self { code: refusal.code(), params: params.collect() }
    }
}

/// What became of a command: its answer, or the rule against it.
pub type Decided<T> = Result<T, Refusal>;

impl Outcome {
    /// An accepted command with its `<Command>Done`.
    #[must_use]
    pub fn done(command_id: &[u8], done: &impl Message) -> Self {
        Self { command_id: command_id.to_vec(), result: Some(outcome::Result::Done(done.encode_to_vec())) }
    }

    /// A refused command.
    #[must_use]
    pub fn refused(command_id: &[u8], refusal: &Refusal) -> Self {
        Self { command_id: command_id.to_vec(), result: Some(outcome::Result::Refused(refusal.into())) }
    }

    /// Reads the answer of a command whose `<Command>Done` is known.
    ///
    /// # Errors
    /// Without a result, or where the answer does not decode.
    pub fn decided<T: Message + Default>(&self) -> Result<Decided<T>, Malformed> {
        match self.result.as_ref() {
            Some(outcome::Result::Done(done)) => {
                T::decode(done.as_slice()).map(Ok).map_err(|_| Malformed("outcome does not decode"))
            }
            Some(outcome::Result::Refused(refusal)) => Ok(Err(refusal.into())),
            None => Err(Malformed("outcome without a result")),
        }
    }
}
