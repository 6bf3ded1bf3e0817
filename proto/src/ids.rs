//! Identities. Each is its own type, so that a bet is never looked up as a room; what carries
//! idempotency from one to another is a declared conversion.

use crate::Malformed;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Names what exists already.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID for the database.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The bytes for a message.
            #[must_use]
            pub fn bytes(self) -> Vec<u8> {
                self.0.as_bytes().to_vec()
            }

            /// Reads the field of a message.
            ///
            /// # Errors
            /// Not 16 bytes, or the nil UUID.
            pub fn try_from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
                Uuid::from_slice(bytes)
                    .ok()
                    .filter(|uuid| !uuid.is_nil())
                    .map(Self)
                    .ok_or(Malformed(concat!("not a ", stringify!($name))))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A user, opaquely: the Telegram id is known to the gateway and the notifier alone.
    AccountId;
    /// A bet. It is the id of the command that placed it.
    BetId;
    /// A command: its idempotency key.
    CommandId;
    /// One credited transfer on chain.
    DepositId;
    /// One notice to one user.
    NotificationId;
    /// A market.
    RoomId;
    /// A withdrawal. It is the id of the command that requested it.
    WithdrawalId;
}

impl From<CommandId> for BetId {
    fn from(command: CommandId) -> Self {
        Self(command.0)
    }
}

impl From<CommandId> for WithdrawalId {
    fn from(command: CommandId) -> Self {
        Self(command.0)
    }
}
