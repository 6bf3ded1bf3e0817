//! What wallet-svc is configured with.

use crate::{domain::limit, hints::HintSettings, keys::KeySettings, limits, workers::ChainSettings};
use chassis::settings::{Invalid, Reader};

/// Settings of the service.
pub struct WalletSettings {
    /// Chain, withdrawals, pace.
    pub chain: ChainSettings,
    /// What may tell of deposits before they are polled.
    pub hints: HintSettings,
    /// Rules of users' own limits.
    pub limits: limit::Rules,
    /// Who has the keys, and what secrets are sealed under.
    pub keys: KeySettings,
}

impl WalletSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// A value is missing or wrong; all problems are reported together.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let chain = ChainSettings::declare(r);
        let hints = HintSettings::declare(r);
        let limits = limits::declare(r);
        let keys = KeySettings::declare(r);
        let chain = chain?;
        chain.check(r)?;
        Ok(Self { chain, hints: hints?, limits: limits?, keys: keys? })
    }
}
