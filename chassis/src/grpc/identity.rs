//! As whom a service asks others: with a token of its own, and over TLS where there are certificates.

use super::{CONNECT_LIMIT, DEADLINE, Outgoing, tls::Tls, trust::Trust};
use crate::{Clock, settings::Endpoint};
use proto::{AccountId, Malformed, Service, token::Role};
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};
use tonic::{
    metadata::{Ascii, MetadataValue},
    service::interceptor::InterceptedService,
    transport,
};

/// How long a token of a service counts; another one is made when half of it is over.
const LIFE: Duration = Duration::minutes(4);

/// A connection to another service, made when it is first needed and again whenever it is lost. Give it to a generated
/// client: `RoomQueriesClient::new(runtime.identity.channel(&url)?)`.
pub type Channel = InterceptedService<transport::Channel, Outgoing>;

/// As whom this process asks others. The default is nobody, for services that ask for no token. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    bearer: Option<Arc<Bearer>>,
    tls: Option<Arc<Tls>>,
}

/// What is shown with each question.
#[derive(Debug)]
pub(super) enum Bearer {
    /// A service's own tokens.
    Service(Minter),
    /// A token that somebody else made.
    Shown(MetadataValue<Ascii>),
}

/// Makes the tokens of one service.
#[derive(Debug)]
pub(super) struct Minter {
    service: Service,
    trust: Arc<Trust>,
    clock: Clock,
    /// The newest token, and when the next one is due.
    newest: Mutex<Option<(MetadataValue<Ascii>, OffsetDateTime)>>,
}

impl Identity {
    /// Asks as a service: with tokens where these keys are asked for, and a certificate for whoever wants to see one.
    #[must_use]
    pub fn new(service: Service, trust: Option<Arc<Trust>>, tls: Option<Arc<Tls>>, clock: Clock) -> Self {
        let minter = |trust| Minter { service, trust, clock, newest: Mutex::default() };
        let bearer = trust.map(|trust| Arc::new(Bearer::Service(minter(trust))));
        Self { bearer, tls }
    }

    /// Shows a token that somebody else made.
    ///
    /// # Errors
    /// It cannot be sent in a header.
    pub fn bearing(token: &str) -> Result<Self, Malformed> {
        let token = shown(token).ok_or(Malformed("token"))?;
        Ok(Self { bearer: Some(Arc::new(Bearer::Shown(token))), tls: None })
    }

    /// Opens a [`Channel`]. The error says that the address or a certificate is none; that nobody is there shows at the first
    /// question.
    ///
    /// # Errors
    /// The address or a certificate is none.
    pub fn channel(&self, to: &Endpoint) -> Result<Channel, transport::Error> {
        let mut endpoint = transport::Endpoint::from_shared(to.expose().to_owned())?
            .connect_timeout(CONNECT_LIMIT)
            .timeout(DEADLINE)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(std::time::Duration::from_secs(20))
            .keep_alive_timeout(std::time::Duration::from_secs(5));
        if let Some(tls) = self.tls.as_ref().filter(|_| to.expose().starts_with("https:")) {
            endpoint = endpoint.tls_config(tls.client())?;
        }
        Ok(InterceptedService::new(endpoint.connect_lazy(), Outgoing(self.bearer.clone())))
    }

    /// A token for somebody who proved to be the owner of an account, and until when it counts. Nothing where no tokens are
    /// asked for.
    #[must_use]
    pub fn player(&self, account: AccountId, life: Duration) -> Option<(String, OffsetDateTime)> {
        let Bearer::Service(Minter { trust, clock, .. }) = self.bearer.as_deref()? else { return None };
        let now = clock.now();
        Some((trust.issue(&account.uuid().to_string(), Role::Player, now, life)?, now + life))
    }
}

/// A token as the header `authorization` has it.
fn shown(token: &str) -> Option<MetadataValue<Ascii>> {
    let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Bearer {
    /// The token to ask with now.
    pub(super) fn token(&self) -> Option<MetadataValue<Ascii>> {
        match self {
            Self::Service(minter) => minter.token(),
            Self::Shown(token) => Some(token.clone()),
        }
    }
}

impl Minter {
    fn token(&self) -> Option<MetadataValue<Ascii>> {
        let now = self.clock.now();
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, due)) = &*newest
            && now < *due
        {
            return Some(token.clone());
        }
        let token = self.trust.issue(self.service.token(), Role::Service, now, LIFE)?;
        let value = shown(&token)?;
        *newest = Some((value.clone(), now + LIFE / 2));
        Some(value)
    }
}
