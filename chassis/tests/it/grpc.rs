//! Who may call what, over real gRPC: every method of the contracts with every kind of token, and with none.

use crate::counter::{Counter, Ground};
use chassis::{
    Clock,
    grpc::{Guard, Identity, Services, methods},
    service,
    settings::{self, Common, Endpoint, Problems, Value, Variables},
};
use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use proto::{
    AccountId, Service,
    common::{ListAuditRequest, audit_service_client::AuditServiceClient},
    room::{ListBetsRequest, ListRoomsRequest, room_service_client::RoomServiceClient},
    token::{self, Claims, Role},
};
use sqlx::postgres::PgPoolOptions;
use std::{collections::BTreeMap, path::Path};
use time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    transport::{Channel, server::TcpIncoming},
};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// What each role may, one method a line. A method is added here when it is added to the contracts.
const MATRIX: &str = include_str!("grpc/matrix.txt");

/// No text in any method that takes one: what is let in is refused there at once.
const ACCOUNT: Uuid = Uuid::from_bytes([0xfe; 16]);
const OTHER: Uuid = Uuid::from_bytes([0xfd; 16]);

/// Keys of an issuer, and of services, by number.
fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn public(key: &SigningKey) -> String {
    bs58::encode(key.verifying_key().as_bytes()).into_string()
}

fn secret(key: &SigningKey) -> String {
    hex::encode(key.to_bytes())
}

/// The keys of most tests: 1 may vouch for admins, 2 for readers, 7 is the services'.
fn variables() -> Variables {
    let keys = format!("desk:admin={}, tools:reader={}", public(&key(1)), public(&key(2)));
    Variables::from([
        ("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing".to_owned()),
        ("NATS_URLS", "nats://127.0.0.1:1".to_owned()),
        ("GRPC_SERVICE_KEY", secret(&key(7))),
        ("GRPC_KEYS", keys),
        ("GRPC_CALLS_PER_SECOND", "100000".to_owned()),
    ])
}

fn read(variables: Variables) -> Result<Common, Problems> {
    settings::read(variables, Common::declare)
}

/// One that has heard no database and says this machine's time.
fn clock() -> Clock {
    Clock::new(PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/nothing").unwrap())
}

/// A server of no service but gRPC's own, so that whatever is let in is not implemented.
struct Door {
    endpoint: Endpoint,
    channel: Channel,
    _guard: DropGuard,
}

impl Door {
    async fn open(variables: Variables) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let common = read(variables).unwrap();
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = incoming.local_addr().unwrap().port();
        let scheme = if common.grpc_tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://127.0.0.1:{port}");
        let guard = Guard::new(common.grpc_trust.clone(), common.grpc_rates, clock());
        let stop = CancellationToken::new();
        let services = Services::guarded(guard, common.grpc_tls.clone());
        let (_, server) = services.serve(incoming, stop.clone()).await.unwrap();
        tokio::spawn(server);
        let channel = Channel::from_shared(format!("http://127.0.0.1:{port}")).unwrap().connect_lazy();
        Self { endpoint: Endpoint::parse(&url).unwrap(), channel, _guard: stop.drop_guard() }
    }

    /// Calls any method with an account in field 1.
    async fn call(&self, path: &str, token: Option<&str>, account: Uuid) -> Status {
        let mut request =
            Request::new(ListBetsRequest { account_id: account.as_bytes().to_vec(), ..Default::default() });
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let mut client = Grpc::new(self.channel.clone());
        if let Err(error) = client.ready().await {
            return Status::unavailable(error.to_string());
        }
        let codec = tonic_prost::ProstCodec::<ListBetsRequest, ()>::default();
        let answer = client.unary(request, path.parse().unwrap(), codec).await;
        answer.err().unwrap_or_else(|| Status::ok(""))
    }

    /// A question that a reader may ask.
    async fn ask(&self, token: &str) -> Code {
        self.call("/rooms.room.v1.RoomService/ListRooms", Some(token), ACCOUNT).await.code()
    }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

fn let_in(status: &Status) -> bool {
    !matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied)
}

/// A token of `desk` for ten minutes from `minutes` on.
fn claims(role: Role, minutes: i64) -> Claims {
    let iat = (clock().now() + Duration::minutes(minutes)).unix_timestamp();
    Claims {
        iss: "desk".to_owned(),
        sub: "alice".to_owned(),
        aud: "rooms".to_owned(),
        role,
        iat,
        nbf: None,
        exp: iat + 600,
    }
}

fn sealed(signer: &SigningKey, claims: &Claims) -> String {
    token::seal(&public(signer), claims, |bytes| signer.sign(bytes).to_bytes())
}

fn desk(role: Role) -> String {
    sealed(&key(1), &claims(role, 0))
}

fn services(role: Role, sub: &str) -> Claims {
    Claims { iss: token::SERVICES.to_owned(), sub: sub.to_owned(), ..claims(role, 0) }
}

fn every_method() -> Vec<String> {
    let mut paths = Vec::new();
    for bytes in [proto::DESCRIPTORS, tonic_health::pb::FILE_DESCRIPTOR_SET] {
        for file in FileDescriptorSet::decode(bytes).unwrap().file {
            for service in &file.service {
                let name = format!("{}.{}", file.package(), service.name());
                paths.extend(service.method.iter().map(|method| format!("/{name}/{}", method.name())));
            }
        }
    }
    paths.push("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo".to_owned());
    paths.sort();
    paths
}

#[tokio::test]
async fn every_method_lets_in_whom_it_should_and_nobody_else() {
    let door = Door::open(variables()).await;
    let forged =
        token::seal(&public(&key(1)), &claims(Role::Admin, 0), |bytes| key(9).sign(bytes).to_bytes());
    let useless = [
        (None, "TOKEN_MISSING"),
        (Some("nonsense".to_owned()), "TOKEN_INVALID"),
        (Some(forged), "TOKEN_INVALID"),
        (Some(sealed(&key(9), &claims(Role::Admin, 0))), "TOKEN_INVALID"),
        (Some(sealed(&key(1), &claims(Role::Admin, -60))), "TOKEN_EXPIRED"),
        (Some(sealed(&key(1), &claims(Role::Admin, 60))), "TOKEN_NOT_YET_VALID"),
    ];
    let player = sealed(&key(7), &services(Role::Player, &ACCOUNT.to_string()));
    let bearers = [
        ("public", player.clone(), OTHER),
        ("own", player, ACCOUNT),
        ("reader", desk(Role::Reader), OTHER),
        ("service", sealed(&key(7), &services(Role::Service, "room")), OTHER),
        ("operator", desk(Role::Operator), OTHER),
        ("admin", desk(Role::Admin), OTHER),
    ];
    let mut found = BTreeMap::new();
    for path in every_method() {
        let mut may = Vec::new();
        for (token, why) in &useless {
            let status = door.call(&path, token.as_deref(), ACCOUNT).await;
            if let_in(&status) {
                may.push("anybody");
            } else {
                assert_eq!(
                    (status.code(), reason(&status).as_str()),
                    (Code::Unauthenticated, *why),
                    "{path}"
                );
            }
        }
        assert!(
            may.is_empty() || may.len() == useless.len(),
            "{path}: open to some without a token: {may:?}"
        );
        may.dedup();
        for (who, token, account) in &bearers {
            let status = door.call(&path, Some(token), *account).await;
            if let_in(&status) {
                may.push(*who);
            } else {
                let why = if *who == "public" && methods::rule(&path).unwrap().2.lets(Role::Player) {
                    "NOT_YOURS"
                } else {
                    "ROLE_TOO_LOW"
                };
                assert_eq!(
                    (status.code(), reason(&status).as_str()),
                    (Code::PermissionDenied, why),
                    "{path} {who}"
                );
            }
        }
        found.insert(path, may.join(" "));
    }
    let found: String = found.iter().map(|(path, may)| format!("{path}: {may}\n")).collect();
    assert!(found == MATRIX, "grpc/matrix.txt says otherwise:\n{found}");
}

#[tokio::test]
async fn what_is_not_declared_is_refused_to_everybody() {
    let door = Door::open(variables()).await;
    for path in ["/rooms.wallet.v1.WalletService/Steal", "/rooms.room.v1.RoomService/", "/x/y"] {
        let status = door.call(path, Some(&desk(Role::Admin)), ACCOUNT).await;
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::PermissionDenied, "METHOD_UNKNOWN"),
            "{path}"
        );
        let status = door.call(path, None, ACCOUNT).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{path}");
    }
}

/// Each key vouches for its own issuer, up to its role, for this installation, and not for long.
#[tokio::test]
async fn a_key_vouches_for_what_it_was_given_for_and_for_nothing_else() {
    let door = Door::open(variables()).await;
    let reader = Claims { iss: "tools".to_owned(), ..claims(Role::Reader, 0) };
    assert_eq!(door.ask(&sealed(&key(2), &reader)).await, Code::Unimplemented);
    let refused = [
        ("a higher role", sealed(&key(2), &Claims { role: Role::Operator, ..reader.clone() })),
        ("another issuer", sealed(&key(2), &claims(Role::Reader, 0))),
        ("the services", sealed(&key(2), &Claims { iss: token::SERVICES.to_owned(), ..reader.clone() })),
        ("a service", sealed(&key(1), &claims(Role::Service, 0))),
        ("a player", sealed(&key(1), &claims(Role::Player, 0))),
        ("people by the services' key", sealed(&key(7), &services(Role::Admin, "room"))),
        ("another installation", sealed(&key(2), &Claims { aud: "staging".to_owned(), ..reader.clone() })),
        ("longer than a day", sealed(&key(2), &Claims { exp: reader.iat + 86_401, ..reader.clone() })),
        ("no time at all", sealed(&key(2), &Claims { exp: reader.iat, ..reader })),
    ];
    for (what, token) in refused {
        assert_eq!(door.ask(&token).await, Code::Unauthenticated, "{what}");
    }
    let later = (clock().now() + Duration::hours(1)).unix_timestamp();
    let early = Claims { nbf: Some(later), ..claims(Role::Reader, 0) };
    assert_eq!(door.ask(&sealed(&key(1), &early)).await, Code::Unauthenticated, "not before");
}

#[tokio::test]
async fn keys_rotate_without_a_moment_in_which_nobody_may_call() {
    let with = |issuers: &[u8], shared: &[u8]| {
        let issuers: Vec<_> =
            issuers.iter().map(|one| format!("desk:admin={}", public(&key(*one)))).collect();
        let shared: Vec<_> = shared.iter().map(|one| secret(&key(*one))).collect();
        Door::open(
            variables().with("GRPC_KEYS", &issuers.join(",")).with("GRPC_SERVICE_KEY", &shared.join(",")),
        )
    };
    let by = |number| sealed(&key(number), &claims(Role::Reader, 0));
    let of = |number| sealed(&key(number), &services(Role::Service, "room"));
    let (before, during, after) =
        (with(&[1], &[7]).await, with(&[1, 3], &[8, 7]).await, with(&[3], &[8]).await);
    let (fine, refused) = (Code::Unimplemented, Code::Unauthenticated);
    for (door, old, new) in [(before, fine, refused), (during, fine, fine), (after, refused, fine)] {
        assert_eq!([door.ask(&by(1)).await, door.ask(&by(3)).await], [old, new]);
        assert_eq!([door.ask(&of(7)).await, door.ask(&of(8)).await], [old, new]);
    }
}

#[tokio::test]
async fn who_calls_too_often_is_told_how_long_to_wait() {
    let door = Door::open(variables().with("GRPC_CALLS_PER_SECOND", "1")).await;
    let path = "/rooms.room.v1.RoomService/ReadFrozenBets";
    let alice = desk(Role::Reader);
    // Once: it takes ten seconds' budget. A machine that stands still for as long gives another.
    let status = loop {
        let status = door.call(path, Some(&alice), ACCOUNT).await;
        if status.code() != Code::Unimplemented {
            break status;
        }
    };
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "TOO_MANY_CALLS"));
    let wait = status.get_details_retry_info().and_then(|info| info.retry_delay).unwrap();
    assert!(!wait.is_zero() && wait <= std::time::Duration::from_secs(10), "{wait:?}");
    let bob = sealed(&key(1), &Claims { sub: "bob".to_owned(), ..claims(Role::Reader, 0) });
    assert_eq!(door.call(path, Some(&bob), ACCOUNT).await.code(), Code::Unimplemented, "another caller");
    assert_eq!(door.ask(&alice).await, Code::Unimplemented, "another method");
    let service = sealed(&key(7), &services(Role::Service, "settlement"));
    for _ in 0..20 {
        assert_eq!(door.call(path, Some(&service), ACCOUNT).await.code(), Code::Unimplemented, "a service");
    }
}

async fn asks(identity: &Identity, door: &Door) -> Code {
    let mut client = RoomServiceClient::new(identity.channel(&door.endpoint).unwrap());
    client.list_rooms(ListRoomsRequest::default()).await.unwrap_err().code()
}

#[tokio::test]
async fn services_ask_each_other_with_tokens_of_their_own() {
    let door = Door::open(variables()).await;
    let trust = read(variables()).unwrap().grpc_trust;
    let room = Identity::new(Service::Settlement, trust, None, clock());
    assert_eq!(asks(&room, &door).await, Code::Unimplemented);
    assert_eq!(asks(&Identity::default(), &door).await, Code::Unauthenticated);
    let (token, until) = room.player(AccountId::new(ACCOUNT), Duration::minutes(10)).unwrap();
    assert!(until > clock().now());
    let own = "/rooms.wallet.v1.WalletService/GetAccount";
    assert_eq!(door.call(own, Some(&token), ACCOUNT).await.code(), Code::Unimplemented);
    assert_eq!(reason(&door.call(own, Some(&token), OTHER).await), "NOT_YOURS");
    assert_eq!(Identity::default().player(AccountId::new(ACCOUNT), Duration::minutes(10)), None);
}

/// The guard stands before a service as it runs, and follows the clock of its database.
#[tokio::test]
async fn a_running_service_asks_for_a_token() {
    let ground = Ground::prepare("none").await;
    let variables = ground.variables().with("GRPC_SERVICE_KEY", &secret(&key(7)));
    let counter = service::start::<Counter>(variables).await.unwrap();
    let to = Endpoint::parse(&format!("http://{}", counter.grpc())).unwrap();
    let ask = async |identity: Identity| {
        let mut client = AuditServiceClient::new(identity.channel(&to).unwrap());
        client.list_audit(ListAuditRequest::default()).await.map(drop).map_err(|status| status.code())
    };
    assert_eq!(ask(Identity::default()).await, Err(Code::Unauthenticated));
    let trust = read(self::variables()).unwrap().grpc_trust;
    let room = || Identity::new(Service::Room, trust.clone(), None, clock());
    crate::eventually("answered", || async { ask(room()).await == Ok(()) }).await;
    ground.db.advance(std::time::Duration::from_secs(3_600)).await.unwrap();
    crate::eventually("expired", || async { ask(room()).await == Err(Code::Unauthenticated) }).await;
    counter.stop().await.unwrap();
}

/// Without keys nobody is asked for a token, so nobody else may reach the port.
#[test]
fn without_keys_only_this_machine_is_served() {
    let keyless = || {
        let variables =
            [("POSTGRES_URL", "postgres://room@localhost/rooms"), ("NATS_URLS", "nats://localhost")];
        Variables::from(variables)
    };
    let names = |variables: Variables| -> Vec<_> {
        read(variables).err().into_iter().flat_map(|problems| problems.to_vec()).map(|one| one.name).collect()
    };
    assert!(read(keyless()).unwrap().grpc_trust.is_none());
    assert_eq!(names(keyless().with("GRPC_ADDR", "0.0.0.0:8081")), ["GRPC_SERVICE_KEY"]);
    assert_eq!(names(keyless().with("NETWORK", "mainnet")), ["GRPC_SERVICE_KEY"]);
    let reader = format!("tools:reader={}", public(&key(2)));
    assert_eq!(names(keyless().with("GRPC_KEYS", &reader)), ["GRPC_SERVICE_KEY"]);
    for wrong in [
        "tools",
        "tools:reader",
        "tools:player=",
        &reader.replace("reader", "service"),
        &reader[1..].replace("ools", ""),
    ] {
        let problems = names(variables().with("GRPC_KEYS", wrong));
        assert_eq!(problems, ["GRPC_KEYS"], "{wrong}");
    }
    assert_eq!(names(variables().with("GRPC_SERVICE_KEY", "short")), ["GRPC_SERVICE_KEY"]);
    assert_eq!(names(variables().with("GRPC_CERT_FILE", "/dev/null")), ["GRPC_CERT_FILE"]);
}

fn certified(variables: Variables, name: &str, authority: &str) -> Variables {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls/grpc");
    let file = |name: String| folder.join(name).display().to_string();
    variables
        .with("GRPC_CERT_FILE", &file(format!("{name}.pem")))
        .with("GRPC_KEY_FILE", &file(format!("{name}.key")))
        .with("GRPC_CA_FILE", &file(format!("{authority}.pem")))
}

/// The certificates were made for this test and are worth nothing.
#[tokio::test]
async fn over_tls_both_sides_show_a_certificate_of_one_authority() {
    let door = Door::open(certified(variables(), "service", "ca")).await;
    let identity = |variables: Variables| {
        let common = read(variables).unwrap();
        Identity::new(Service::Settlement, common.grpc_trust, common.grpc_tls, clock())
    };
    assert_eq!(asks(&identity(certified(variables(), "service", "ca")), &door).await, Code::Unimplemented);
    // Whom the server does not know, who does not know the server, and who comes in plain text.
    let refused = [
        certified(variables(), "stranger", "ca"),
        certified(variables(), "service", "stranger-ca"),
        variables(),
    ];
    for (at, variables) in refused.into_iter().enumerate() {
        let code = asks(&identity(variables), &door).await;
        assert!(matches!(code, Code::Unavailable | Code::Unknown | Code::Internal), "{at}: {code:?}");
    }
    let path = "/rooms.room.v1.RoomService/ListRooms";
    let plain = door.call(path, Some(&desk(Role::Reader)), ACCOUNT).await.code();
    assert!(matches!(plain, Code::Unavailable | Code::Unknown | Code::Internal), "{plain:?}");
}
