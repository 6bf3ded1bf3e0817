//! What every call passes before it reaches a service: who calls, whether they may, and how often.

use super::{
    denied::Denied,
    limits::Limits,
    methods::{self, Need, Players},
    trust::Trust,
};
use crate::{
    Clock,
    clock::monotonic,
    settings::{Invalid, Reader},
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, header::AUTHORIZATION},
    middleware::Next,
    response::Response,
};
use bytes::{Buf as _, Bytes};
use prost::encoding::{self, DecodeContext, WireType, decode_key, skip_field};
use proto::token::{Claims, Role};
use std::sync::Arc;
use tonic::Status;
use uuid::Uuid;

/// A question of a player's is larger than this only by mistake.
const PLAYERS_REQUEST: usize = 16 * 1024;

/// A player's share of what others may call.
const PLAYERS_SHARE: u32 = 10;

/// How often one caller may call one method, in calls per second of one process.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    people: u32,
    services: u32,
}

impl Rates {
    /// Declares and reads them.
    pub(crate) fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let people = r
            .setting(
                "GRPC_CALLS_PER_SECOND",
                "Calls of one method by one bearer of a token, per second and process; a player has a tenth of it.",
            )
            .at_least(1)
            .or(50);
        let services = r
            .setting("GRPC_SERVICE_CALLS_PER_SECOND", "The same for each other service.")
            .at_least(1)
            .or(10_000);
        Ok(Self { people: people?, services: services? })
    }

    fn of(self, role: Role) -> u32 {
        match role {
            Role::Service => self.services,
            Role::Player => self.people / PLAYERS_SHARE,
            Role::Reader | Role::Operator | Role::Admin => self.people,
        }
    }
}

/// Lets calls in. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Guard(Option<Arc<Gate>>);

#[derive(Debug)]
struct Gate {
    trust: Arc<Trust>,
    rates: Rates,
    limits: Limits,
    clock: Clock,
}

impl Guard {
    /// One that trusts these keys; without any it lets everybody in.
    #[must_use]
    pub fn new(trust: Option<Arc<Trust>>, rates: Rates, clock: Clock) -> Self {
        Self(trust.map(|trust| Arc::new(Gate { trust, rates, limits: Limits::default(), clock })))
    }

    /// Lets a call through to the service, or answers it.
    pub(super) async fn watch(State(guard): State<Self>, request: Request, next: Next) -> Response {
        let Some(gate) = guard.0 else { return next.run(request).await };
        match gate.admit(request).await {
            Ok(request) => next.run(request).await,
            Err(denied) => {
                metrics::counter!("rooms_grpc_denied_total", "reason" => denied.reason()).increment(1);
                Status::from(denied).into_http()
            }
        }
    }
}

impl Gate {
    async fn admit(&self, request: Request) -> Result<Request, Denied> {
        let declared = methods::rule(request.uri().path());
        if let Some((_, _, rule)) = declared
            && rule.need == Need::Nothing
        {
            return Ok(request);
        }
        // Who shows no token does not learn which methods there are.
        let claims = self.trust.claims(bearer(request.headers())?, self.clock.now())?;
        let (service, method, rule) = declared.ok_or(Denied::Unknown)?;
        if !rule.lets(claims.role) {
            return Err(Denied::Role(claims.role));
        }
        let caller = format!("{}:{}", claims.iss, claims.sub);
        if matches!(rule.need, Need::Operator | Need::Admin) {
            tracing::info!(caller, role = %claims.role, method, "an operator's call");
        }
        let key = (caller, service, method);
        let taken = self.limits.take(key, self.rates.of(claims.role), rule.cost, monotonic());
        taken.map_err(Denied::TooMany)?;
        if claims.role == Role::Player && rule.players == Players::Own {
            return own(request, &claims).await;
        }
        Ok(request)
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Denied> {
    let header = headers.get(AUTHORIZATION).ok_or(Denied::Missing)?;
    let text = header.to_str().map_err(|_| Denied::Invalid)?;
    let (scheme, token) = text.split_once(' ').ok_or(Denied::Invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(Denied::Invalid) }
}

/// Lets a question through whose account is the bearer's. It is looked at here, for all methods alike, so that none of them
/// can forget to.
async fn own(request: Request, claims: &Claims) -> Result<Request, Denied> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, PLAYERS_REQUEST).await.map_err(|_| Denied::NotYours)?;
    let account = Uuid::try_parse(&claims.sub).map_err(|_| Denied::NotYours)?;
    if asked_account(body.clone()).as_deref() != Some(account.as_bytes().as_slice()) {
        return Err(Denied::NotYours);
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// Field 1 of the only message in a body, as the service will read it: of several the last counts. Nothing for what is
/// compressed, incomplete, followed by another message, or has no such field.
fn asked_account(mut body: Bytes) -> Option<Vec<u8>> {
    // Whether it is compressed, and its length: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
    if body.len() < 5 || body.get_u8() != 0 || usize::try_from(body.get_u32()).ok()? != body.len() {
        return None;
    }
    let mut account = None;
    while body.has_remaining() {
        let (tag, wire) = decode_key(&mut body).ok()?;
        if tag == 1 && wire == WireType::LengthDelimited {
            let mut value = Vec::new();
            encoding::bytes::merge(wire, &mut value, &mut body, DecodeContext::default()).ok()?;
            account = Some(value);
        } else {
            skip_field(wire, tag, &mut body, DecodeContext::default()).ok()?;
        }
    }
    account
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use proto::{common::Page, room::ListBetsRequest};

    fn framed(message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [&[0], length.as_slice(), message].concat()
    }

    fn asked(message: &[u8]) -> Option<Vec<u8>> {
        asked_account(framed(message).into())
    }

    #[test]
    fn the_account_is_read_as_the_service_reads_it() {
        let page = Some(Page { size: 5, token: "next".to_owned() });
        let request =
            ListBetsRequest { account_id: vec![7; 16], live_only: true, page, room_id: vec![8; 16] };
        let bytes = request.encode_to_vec();
        assert_eq!(asked(&bytes), Some(vec![7; 16]));
        // Said twice: what the service takes is what is compared.
        let other = ListBetsRequest { account_id: vec![9; 16], ..Default::default() }.encode_to_vec();
        for twice in [[bytes.clone(), other.clone()].concat(), [other, bytes].concat()] {
            let read = ListBetsRequest::decode(twice.as_slice()).unwrap().account_id;
            assert_eq!(asked(&twice), Some(read));
        }
        assert_eq!(asked(&ListBetsRequest { live_only: true, ..Default::default() }.encode_to_vec()), None);
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn what_cannot_be_read_is_nobodys() {
        let bytes = ListBetsRequest { account_id: vec![7; 16], ..Default::default() }.encode_to_vec();
        let whole = framed(&bytes);
        let mut compressed = whole.clone();
        compressed[0] = 1;
        let two = [whole.clone(), whole.clone()].concat();
        // Field 1 as a number, and as text that ends too early.
        let cases = [
            compressed,
            two,
            whole[..whole.len() - 1].to_vec(),
            Vec::new(),
            framed(&[0x08, 1]),
            framed(&[0x0a, 16, 7]),
        ];
        for case in cases {
            assert_eq!(asked_account(case.clone().into()), None, "{case:?}");
        }
    }

    #[test]
    fn a_token_is_read_from_the_header_alone() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read("Bearer a.b.c"), Ok("a.b.c".to_owned()));
        assert_eq!(read("bearer a.b.c"), Ok("a.b.c".to_owned()));
        for wrong in ["a.b.c", "Basic a.b.c", ""] {
            assert_eq!(read(wrong), Err(Denied::Invalid), "{wrong}");
        }
        assert_eq!(bearer(&HeaderMap::new()), Err(Denied::Missing));
    }
}
