//! After each step: the database against the reference, and against itself.

use super::Sides;
use std::collections::BTreeMap;
use wallet_svc::{
    domain::ledger::{Account, Kind},
    store,
};

/// Sums that the database must find equal, each with what it says.
const EQUAL: [(&str, &str); 4] = [
    (
        "the chain account mirrors what lies at the addresses",
        "SELECT (SELECT coalesce(sum(balance), 0) FROM wallet.ledger_account WHERE kind = 9)
              = -(SELECT coalesce(sum(lamports), 0) FROM wallet.address)",
    ),
    (
        "what users hold is what they wait for",
        "SELECT bool_and(a.balance = (SELECT coalesce(sum(w.lamports), 0) FROM wallet.withdrawal w
             WHERE w.account_id = a.owner AND w.chain_tx_id IS NULL AND w.state IN ('REQUESTED', 'HELD', 'APPROVED')))
         FROM wallet.ledger_account a WHERE a.kind = 2",
    ),
    (
        "in flight is what has left and not ended",
        "SELECT (SELECT coalesce(sum(balance), 0) FROM wallet.ledger_account WHERE kind = 5)
              = (SELECT coalesce(sum(lamports), 0) FROM wallet.withdrawal
                 WHERE state IN ('SIGNED', 'SUBMITTED', 'EXPIRED') OR (state = 'APPROVED' AND chain_tx_id IS NOT NULL))",
    ),
    (
        "no account but the chain is negative, and that is not positive",
        "SELECT bool_and(CASE WHEN kind = 9 THEN balance <= 0 ELSE balance >= 0 END) FROM wallet.ledger_account",
    ),
];

impl Sides {
    /// The six invariants but the last, and every account.
    pub(super) async fn compare(&self) {
        self.bank.check().await;
        for (what, query) in EQUAL {
            let equal: Option<bool> =
                sqlx::query_scalar(query).fetch_one(self.bank.db.superuser()).await.unwrap();
            assert!(equal.unwrap_or(true), "{what}");
        }
        let Self { bank, reference, .. } = self;
        let mut expected = BTreeMap::new();
        for (room, id) in self.rooms.iter().enumerate() {
            expected.insert(Account::escrow(*id), reference.escrow[room]);
            if !reference.posted.iter().any(|(posted, _)| *posted == room) {
                let held: i64 = reference.held_in(room).iter().map(|bet| reference.bets[*bet].stake).sum();
                assert_eq!(reference.escrow[room], held, "escrow {room} is its held stakes");
            }
        }
        for (user, account) in self.accounts.iter().enumerate() {
            let user = &reference.users[user];
            expected.insert(Account::available(*account), user.available);
            expected.insert(Account::held(*account), user.held);
        }
        for (kind, balance) in [
            (Kind::ProtocolFees, reference.protocol_fees),
            (Kind::WithdrawalsInFlight, reference.in_flight),
            (Kind::Capital, reference.capital),
            (Kind::NetworkFees, reference.network_fees),
            (Kind::Unclaimed, 0),
            (Kind::Chain, reference.chain()),
        ] {
            expected.insert(Account::house(kind), balance);
        }
        let accounts: Vec<Account> = expected.keys().copied().collect();
        let found = store::ledger::balances(&bank.db.pool().clone().into(), &accounts).await.unwrap();
        for (account, expected) in expected {
            assert_eq!(found.get(&account).map_or(0, |found| found.get()), expected, "{account:?}");
        }
        for (address, user) in self.addresses.iter().zip(&reference.users) {
            let lies = store::address::balance(bank.db.pool(), address).await.unwrap();
            assert_eq!(lies.get(), user.lies, "at {address}");
        }
    }

    /// Digests of the ledger alone, and of everything that is about money.
    pub(super) async fn digests(&self) -> (String, String) {
        let digest = async |tables: &[&str]| {
            let rows = tables
                .iter()
                .map(|table| format!("SELECT t::text AS row FROM (SELECT * FROM wallet.{table}) AS t"));
            let rows = rows.collect::<Vec<_>>().join(" UNION ALL ");
            let query = format!(
                "SELECT md5(coalesce(string_agg(row, '|' ORDER BY row), '')) FROM ({rows}) AS all_rows"
            );
            let digest = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(self.bank.db.superuser());
            digest.await.unwrap()
        };
        // An account that was opened and has nothing is no money.
        let ledger = ["ledger_account WHERE balance <> 0", "entry"];
        let all = [
            ledger[0],
            "ledger_tx",
            "entry",
            "hold",
            "withdrawal",
            "chain_tx",
            "sweep",
            "deposit",
            "address",
        ];
        (digest(&ledger).await, digest(&all).await)
    }
}
