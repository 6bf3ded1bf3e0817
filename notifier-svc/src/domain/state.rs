//! Where a notification stands.

use proto::{Malformed, notifier::NotificationState};

/// Where a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its account has no contact yet.
    Unaddressed,
    /// It waits for its turn.
    Waiting,
    /// The gateway has it.
    Released,
    /// Telegram has it.
    Sent,
    /// The user has blocked the bot.
    Blocked,
    /// It can never be delivered.
    Failed,
    /// A newer notice of its thread made it needless before it was released.
    Superseded,
    /// It was too old when its turn came.
    Expired,
    /// It is told in a digest.
    Digested,
    /// Its category was turned off, or its broadcast ended.
    Unwanted,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Unaddressed,
        Self::Waiting,
        Self::Released,
        Self::Sent,
        Self::Blocked,
        Self::Failed,
        Self::Superseded,
        Self::Expired,
        Self::Digested,
        Self::Unwanted,
    ];

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unaddressed => "UNADDRESSED",
            Self::Waiting => "WAITING",
            Self::Released => "RELEASED",
            Self::Sent => "SENT",
            Self::Blocked => "BLOCKED",
            Self::Failed => "FAILED",
            Self::Superseded => "SUPERSEDED",
            Self::Expired => "EXPIRED",
            Self::Digested => "DIGESTED",
            Self::Unwanted => "UNWANTED",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// As others see it: whatever it waits for, it waits.
    #[must_use]
    pub const fn to_message(self) -> NotificationState {
        match self {
            Self::Unaddressed | Self::Waiting => NotificationState::Waiting,
            Self::Released => NotificationState::Released,
            Self::Sent => NotificationState::Sent,
            Self::Blocked => NotificationState::Blocked,
            Self::Failed => NotificationState::Failed,
            Self::Superseded => NotificationState::Superseded,
            Self::Expired => NotificationState::Expired,
            Self::Digested => NotificationState::Digested,
            Self::Unwanted => NotificationState::Unwanted,
        }
    }

    /// The end that the gateway tells.
    ///
    /// # Errors
    /// No end of a delivery.
    pub const fn delivered(told: NotificationState) -> Result<Self, Malformed> {
        match told {
            NotificationState::Sent => Ok(Self::Sent),
            NotificationState::Blocked => Ok(Self::Blocked),
            NotificationState::Failed => Ok(Self::Failed),
            NotificationState::Unspecified
            | NotificationState::Waiting
            | NotificationState::Released
            | NotificationState::Superseded
            | NotificationState::Expired
            | NotificationState::Digested
            | NotificationState::Unwanted => Err(Malformed("delivered without an end")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for state in State::ALL {
            assert_eq!(State::of_name(state.name()), Some(state));
        }
        assert_eq!(State::of_name("LOST"), None);
    }

    #[test]
    fn only_an_end_ends_a_delivery() {
        let ends = State::ALL.into_iter().filter(|state| State::delivered(state.to_message()).is_ok());
        assert_eq!(ends.collect::<Vec<_>>(), [State::Sent, State::Blocked, State::Failed]);
        assert!(State::delivered(NotificationState::Unspecified).is_err());
    }
}
