//! Which role each method needs: the one declaration. A method that is missing here is refused to everybody, and fails a test.

use proto::token::Role;

/// The least that a caller has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Anybody, without a token.
    Nothing,
    /// A question about what belongs to nobody or to all: a reader, and everybody above.
    Reader,
    /// A question whose answer is a person's own, or a secret of theirs: the service that has this person in front of it.
    Service,
    /// What operators do; that they decided it their signature says.
    Operator,
    /// What concerns everybody at once.
    Admin,
}

/// What players may ask, by a token that the gateway gave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Players {
    /// Nothing.
    None,
    /// What everybody may know.
    Public,
    /// What belongs to the account in field 1 of the request, which has to be their own.
    Own,
}

/// What is declared of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The least that a caller has to be, players aside.
    pub need: Need,
    /// What players may do with it.
    pub players: Players,
    /// What a call takes from its caller's budget.
    pub cost: u32,
}

impl Rule {
    const fn public(self) -> Self {
        Self { players: Players::Public, ..self }
    }

    const fn own(self) -> Self {
        Self { players: Players::Own, ..self }
    }

    const fn heavy(self) -> Self {
        Self { cost: 10, ..self }
    }

    /// Whether a role is enough; for players, whether it is before the account was looked at.
    #[must_use]
    pub fn lets(&self, role: Role) -> bool {
        match (role, self.need) {
            (_, Need::Nothing) => true,
            (Role::Player, _) => self.players != Players::None,
            (_, Need::Reader) => true,
            (Role::Service, need) => need == Need::Service,
            (Role::Operator, need) => need == Need::Operator,
            (Role::Admin, need) => need == Need::Operator || need == Need::Admin,
            (Role::Reader, _) => false,
        }
    }
}

const fn needs(need: Need) -> Rule {
    Rule { need, players: Players::None, cost: 1 }
}

const OPEN: Rule = needs(Need::Nothing);
const READER: Rule = needs(Need::Reader);
const SERVICE: Rule = needs(Need::Service);
const OPERATOR: Rule = needs(Need::Operator);
const ADMIN: Rule = needs(Need::Admin);

/// The methods of one gRPC service.
type Service = (&'static str, &'static [(&'static str, Rule)]);

const SERVICES: &[Service] = &[
    // Probes of the platform carry no token.
    ("grpc.health.v1.Health", &[("Check", OPEN), ("Watch", OPEN)]),
    ("grpc.reflection.v1.ServerReflection", &[("ServerReflectionInfo", READER)]),
    ("rooms.common.v1.AuditService", &[("ListAudit", READER.heavy())]),
    ("rooms.letters.v1.DeadLetterService", &[("ListDeadLetters", READER), ("ReplayDeadLetter", OPERATOR)]),
    (
        "rooms.notifier.v1.NotifierService",
        &[
            ("ListNotifications", READER.own()),
            ("GetPreferences", READER.own()),
            // With the key by which a receiver knows us.
            ("GetWebhook", SERVICE),
            ("ListTracked", READER.own()),
            ("ListPriceAlerts", READER.own()),
            ("ListSmartWallets", READER),
            ("ListSignals", READER),
            ("GetDeliveries", READER),
            ("PreviewBroadcast", READER.heavy()),
            ("ListBroadcasts", READER),
        ],
    ),
    (
        "rooms.notifier.v1.NotifierOperatorService",
        &[("SetSmartWallet", OPERATOR), ("StartBroadcast", ADMIN), ("SteerBroadcast", OPERATOR)],
    ),
    (
        "rooms.oracle.v1.OracleService",
        &[
            ("GetAggregate", READER.public()),
            ("GetSeries", READER.public()),
            ("GetCandles", READER.public()),
            ("GetToken", READER),
        ],
    ),
    (
        "rooms.oracle.v1.PolymarketService",
        &[
            ("GetMarket", READER.public()),
            ("ListMarkets", READER.public()),
            ("GetPriceHistory", READER.public()),
            ("GetPortfolio", READER.public()),
            ("ListPositions", READER.public()),
            ("ListActivity", READER.public()),
        ],
    ),
    (
        "rooms.room.v1.RoomService",
        &[
            ("GetRoom", READER),
            ("ListRooms", READER),
            ("ListBets", READER.own()),
            ("ReadFrozenBets", READER.heavy()),
            ("PreviewBet", READER),
            ("GetArena", READER),
            ("ListPlayers", READER),
        ],
    ),
    (
        "rooms.room.v1.RoomOperatorService",
        &[
            ("OpenOperatorRoom", OPERATOR),
            ("LockRoom", OPERATOR),
            ("RegisterArena", OPERATOR),
            ("RetireArena", OPERATOR),
            ("ListArenas", READER),
        ],
    ),
    (
        "rooms.settlement.v1.SettlementService",
        &[
            ("GetSettlement", READER),
            ("GetReferrals", READER.own()),
            ("GetEvidence", READER.heavy()),
            ("GetPlayer", READER.own()),
            ("ListResults", READER.own()),
            ("GetLeaderboard", READER),
        ],
    ),
    (
        "rooms.settlement.v1.SettlementOperatorService",
        &[
            ("RuleRoom", OPERATOR),
            ("JudgeDispute", OPERATOR),
            ("ListDisputes", READER),
            ("ListWaiting", READER),
        ],
    ),
    (
        "rooms.wallet.v1.WalletService",
        &[
            ("GetAccount", READER.own()),
            ("ListTransfers", READER.own()),
            ("PreviewWithdrawal", READER),
            ("GetWithdrawal", READER),
            ("ListWithdrawals", READER.own()),
            ("GetLimits", READER.own()),
            // Hands out the secret of an authenticator.
            ("BeginTotp", SERVICE),
            ("GetTotp", READER.own()),
            ("GetProof", READER.own().heavy()),
            ("ExportAccount", SERVICE.heavy()),
            ("GetLedgerSummary", READER),
        ],
    ),
    (
        "rooms.wallet.v1.WalletOperatorService",
        &[
            ("ApproveWithdrawal", OPERATOR),
            ("RejectWithdrawal", OPERATOR),
            ("PauseWithdrawals", OPERATOR),
            ("ResumeWithdrawals", ADMIN),
            ("TakeProof", OPERATOR),
            ("SetBan", OPERATOR),
            ("ListBans", READER),
            ("ListPauses", READER),
            ("ListAnomalies", READER),
        ],
    ),
];

/// A method's path as declared, which lives as long as the process, and its rule.
#[must_use]
pub fn rule(path: &str) -> Option<(&'static str, &'static str, Rule)> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let (service, methods) = SERVICES.iter().find(|(name, _)| *name == service)?;
    let (method, rule) = methods.iter().find(|(name, _)| *name == method)?;
    Some((service, method, *rule))
}

/// Every declared method: its path and its rule.
pub fn all() -> impl Iterator<Item = (String, Rule)> {
    let paths = |(service, methods): &'static Service| {
        methods.iter().map(move |(method, rule)| (format!("/{service}/{method}"), *rule))
    };
    SERVICES.iter().flat_map(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use prost_types::FileDescriptorSet;
    use std::collections::BTreeMap;

    /// Every method of the contracts, with the number of its request's field `account_id`.
    fn contracts() -> BTreeMap<String, Option<i32>> {
        let mut methods = BTreeMap::new();
        for bytes in [proto::DESCRIPTORS, tonic_health::pb::FILE_DESCRIPTOR_SET] {
            let files = FileDescriptorSet::decode(bytes).unwrap().file;
            let fields: BTreeMap<_, _> = files
                .iter()
                .flat_map(|file| file.message_type.iter().map(move |message| (file.package(), message)))
                .map(|(package, message)| {
                    let account = message.field.iter().find(|field| field.name() == "account_id");
                    (format!(".{package}.{}", message.name()), account.map(|field| field.number()))
                })
                .collect();
            for file in &files {
                for service in &file.service {
                    for method in &service.method {
                        let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                        methods.insert(path, fields.get(method.input_type()).copied().flatten());
                    }
                }
            }
        }
        methods.insert("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo".to_owned(), None);
        methods
    }

    #[test]
    fn every_method_of_the_contracts_is_declared_and_no_other() {
        let contracts = contracts();
        assert!(contracts.len() > 60, "{contracts:?}");
        let declared: BTreeMap<_, _> = all().collect();
        assert_eq!(declared.len(), all().count(), "declared twice");
        assert_eq!(declared.keys().collect::<Vec<_>>(), contracts.keys().collect::<Vec<_>>());
        for (path, rule) in declared {
            if rule.players == Players::Own {
                assert_eq!(contracts[&path], Some(1), "{path}: whose rows?");
            }
            // What acts is not for readers: its contracts stand in a service of their own.
            let (service, method) = path.rsplit_once('/').unwrap();
            if service.ends_with("OperatorService") && !method.starts_with("List") {
                assert!(matches!(rule.need, Need::Operator | Need::Admin), "{path}");
                assert_eq!(rule.players, Players::None, "{path}");
            }
        }
    }

    #[test]
    fn roles_let_who_is_above_and_never_who_is_beside() {
        let may = |rule: Rule| Role::ALL.map(|role| rule.lets(role));
        //                                   player reader service operator admin
        assert_eq!(may(OPEN), [true, true, true, true, true]);
        assert_eq!(may(READER), [false, true, true, true, true]);
        assert_eq!(may(READER.own()), [true, true, true, true, true]);
        assert_eq!(may(SERVICE), [false, false, true, false, false]);
        assert_eq!(may(OPERATOR), [false, false, false, true, true]);
        assert_eq!(may(ADMIN), [false, false, false, false, true]);
    }

    #[test]
    fn what_is_not_declared_has_no_rule() {
        assert!(rule("/rooms.wallet.v1.WalletService/GetAccount").is_some());
        for unknown in
            ["", "/", "//", "/rooms.wallet.v1.WalletService", "/rooms.wallet.v1.WalletService/Steal"]
        {
            assert_eq!(rule(unknown), None, "{unknown}");
        }
    }
}
