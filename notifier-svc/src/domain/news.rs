//! Which events are worth telling, to whom, and in which thread.

use super::manner::Manner;
use prost::Message as _;
use proto::{
    AccountId, BetId, CommandId, DepositId, Malformed, NotificationId, RoomId, WithdrawalId,
    notifier::{BetRefunded, BetResult, Broadcast, Notice, notice::Kind},
    settlement::{DisputeChanged, DisputeState, Fate, RoomCorrected, RoomSettled},
    wallet::{
        DepositChanged, DepositState, SecurityChange, SecurityChanged, WithdrawalChanged, WithdrawalState,
    },
};
use uuid::Uuid;

/// One event, as one account is told it.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// Follows from account and event: an event told twice is one notification.
    pub id: NotificationId,
    /// Who is told: an account, or a group under the id that [`group`] makes of its chat.
    pub account: AccountId,
    /// The chat of the group that is told, if no account is.
    pub chat: Option<i64>,
    /// Names the event among those of the account.
    pub event_key: String,
    /// How it is told.
    pub manner: Manner,
    /// The encoded [`Notice`].
    pub notice: Vec<u8>,
    /// The thing that it shows, if that goes on changing.
    pub thread: Option<Thread>,
    /// The broadcast that has its words.
    pub broadcast: Option<Uuid>,
}

/// Notices of one thread show one thing, each a newer state of it, in one message of the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Names the thing.
    pub key: String,
    /// Counts its states, from 1.
    pub version: i64,
}

impl News {
    /// What an account is told of an event; the key names the event among those of the account, whoever tells it. How it is
    /// told follows from its kind.
    #[must_use]
    pub fn new(account: AccountId, event_key: String, kind: Kind) -> Self {
        Self {
            id: NotificationId::new(Uuid::new_v5(&account.uuid(), event_key.as_bytes())),
            account,
            chat: None,
            event_key,
            manner: Manner::of(&kind),
            broadcast: match &kind {
                Kind::Broadcast(broadcast) => Uuid::from_slice(&broadcast.broadcast_id).ok(),
                _ => None,
            },
            notice: Notice { kind: Some(kind) }.encode_to_vec(),
            thread: None,
        }
    }

    fn of_group(chat: i64, event_key: String, kind: Kind) -> Self {
        Self { chat: Some(chat), ..Self::new(group(chat), event_key, kind) }
    }

    fn in_thread(account: AccountId, thread: Thread, kind: Kind) -> Self {
        let event_key = format!("{}:{}", thread.key, thread.version);
        Self { thread: Some(thread), ..Self::new(account, event_key, kind) }
    }
}

/// The id under which a group is told: a group has no account, and what is kept of one is kept of it just the same.
#[must_use]
pub fn group(chat: i64) -> AccountId {
    AccountId::new(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("tg://group/{chat}").as_bytes()))
}

/// An account's part of a broadcast; the words are kept with the broadcast.
#[must_use]
pub fn of_broadcast(broadcast: Uuid, account: AccountId) -> News {
    let nameless = Broadcast { broadcast_id: broadcast.as_bytes().to_vec(), texts: Vec::new() };
    News::new(account, format!("broadcast:{broadcast}"), Kind::Broadcast(nameless))
}

/// A deposit is seen, then credited: one message that changes. wallet-svc tells none below the
/// amount from which on it is worth a message.
///
/// # Errors
/// A message that breaks its contract.
pub fn of_deposit(change: &DepositChanged) -> Result<News, Malformed> {
    let account = AccountId::try_from_bytes(&change.account_id)?;
    let version = match change.state() {
        DepositState::Seen => 1,
        DepositState::Credited => 2,
        DepositState::Unspecified => return Err(Malformed("deposit without a state")),
    };
    let key = format!("deposit:{}", DepositId::try_from_bytes(&change.deposit_id)?);
    Ok(News::in_thread(account, Thread { key, version }, Kind::Deposit(change.clone())))
}

/// The steps of a withdrawal that a person wants to know. The first is the answer to the request
/// itself; approval and signature are followed by the submission at once.
///
/// # Errors
/// A message that breaks its contract.
pub fn of_withdrawal(changed: &WithdrawalChanged) -> Result<Option<News>, Malformed> {
    let withdrawal = changed.withdrawal.as_ref().ok_or(Malformed("change of no withdrawal"))?;
    let account = AccountId::try_from_bytes(&withdrawal.account_id)?;
    let id = WithdrawalId::try_from_bytes(&withdrawal.withdrawal_id)?;
    let version = i64::try_from(withdrawal.version)
        .ok()
        .filter(|version| *version > 0)
        .ok_or(Malformed("withdrawal without a version"))?;
    match withdrawal.state() {
        WithdrawalState::Requested | WithdrawalState::Approved | WithdrawalState::Signed => Ok(None),
        WithdrawalState::Held
        | WithdrawalState::Submitted
        | WithdrawalState::Finalized
        | WithdrawalState::Failed
        | WithdrawalState::Expired
        | WithdrawalState::Cancelled
        | WithdrawalState::Rejected => {
            let thread = Thread { key: format!("withdrawal:{id}"), version };
            let kind = Kind::Withdrawal(withdrawal.clone());
            Ok(Some(News::in_thread(account, thread, kind)))
        }
        WithdrawalState::Unspecified => Err(Malformed("withdrawal without a state")),
    }
}

/// What the owner of an account should know even if somebody else did it: each change is told.
///
/// # Errors
/// A message that breaks its contract.
pub fn of_security(change: &SecurityChanged) -> Result<News, Malformed> {
    if change.change() == SecurityChange::Unspecified {
        return Err(Malformed("security change of an unknown kind"));
    }
    let account = AccountId::try_from_bytes(&change.account_id)?;
    let id = CommandId::try_from_bytes(&change.change_id)?;
    let event_key = format!("security:{id}");
    Ok(News::new(account, event_key, Kind::Security(change.clone())))
}

/// Every player of a settled room is told what became of the bet.
///
/// # Errors
/// A message that breaks its contract.
pub fn of_settlement(settled: &RoomSettled) -> Result<Vec<News>, Malformed> {
    let room = RoomSettled { bets: Vec::new(), ..settled.clone() };
    let news = settled.bets.iter().map(|bet| {
        if bet.fate() == Fate::Unspecified {
            return Err(Malformed("bet without a fate"));
        }
        let account = AccountId::try_from_bytes(&bet.account_id)?;
        let event_key = format!("result:{}", BetId::try_from_bytes(&bet.bet_id)?);
        let result = BetResult { room: Some(room.clone()), bet: Some(bet.clone()) };
        Ok(News::new(account, event_key, Kind::BetResult(result)))
    });
    news.collect()
}

/// The group that hosted a room is told its result, once: every part of a large settlement says the same of the room.
///
/// # Errors
/// A message that breaks its contract.
pub fn of_hosted_room(settled: &RoomSettled) -> Result<Option<News>, Malformed> {
    let chat = settled.terms.as_ref().map_or(0, |terms| terms.scope_chat_id);
    if settled.part != 0 || chat >= 0 {
        return Ok(None);
    }
    let event_key = format!("room:{}", RoomId::try_from_bytes(&settled.room_id)?);
    let room = RoomSettled { bets: Vec::new(), ..settled.clone() };
    Ok(Some(News::of_group(chat, event_key, Kind::RoomSettled(room))))
}

/// What became of a dispute: one message that changes. That it is open is the answer to the request itself.
///
/// # Errors
/// A message that breaks its contract.
pub fn of_dispute(changed: &DisputeChanged) -> Result<Option<News>, Malformed> {
    let dispute = changed.dispute.as_ref().ok_or(Malformed("change of no dispute"))?;
    let account = AccountId::try_from_bytes(&dispute.account_id)?;
    let id = CommandId::try_from_bytes(&dispute.dispute_id)?;
    let version = i64::try_from(dispute.version)
        .ok()
        .filter(|version| *version > 0)
        .ok_or(Malformed("dispute without a version"))?;
    match dispute.state() {
        DisputeState::Open => Ok(None),
        DisputeState::Upheld
        | DisputeState::Refunding
        | DisputeState::AwaitingFunds
        | DisputeState::Refunded => {
            let thread = Thread { key: format!("dispute:{id}"), version };
            Ok(Some(News::in_thread(account, thread, Kind::Dispute(dispute.clone()))))
        }
        DisputeState::Unspecified => Err(Malformed("dispute without a state")),
    }
}

/// Everybody whose losing stake is repaid is told, whether or not they said anything.
///
/// # Errors
/// A message that breaks its contract.
pub fn of_correction(corrected: &RoomCorrected) -> Result<Vec<News>, Malformed> {
    let room = RoomCorrected { bets: Vec::new(), ..corrected.clone() };
    let news = corrected.bets.iter().map(|bet| {
        let account = AccountId::try_from_bytes(&bet.account_id)?;
        let event_key = format!("refund:{}", BetId::try_from_bytes(&bet.bet_id)?);
        let refunded = BetRefunded { room: Some(room.clone()), bet: Some(bet.clone()) };
        Ok(News::new(account, event_key, Kind::BetRefunded(refunded)))
    });
    news.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{
        notifier::Lane,
        settlement::{Dispute, RefundedBet, SettledBet},
        wallet::Withdrawal,
    };

    fn deposit(state: DepositState) -> DepositChanged {
        DepositChanged {
            deposit_id: vec![1; 16],
            account_id: vec![2; 16],
            lamports: 5,
            state: state.into(),
            ..Default::default()
        }
    }

    fn withdrawal(state: WithdrawalState, version: u64) -> WithdrawalChanged {
        WithdrawalChanged {
            withdrawal: Some(Withdrawal {
                withdrawal_id: vec![1; 16],
                account_id: vec![2; 16],
                state: state.into(),
                version,
                ..Default::default()
            }),
        }
    }

    #[test]
    fn a_deposit_is_one_thread_of_two_events() {
        let seen = of_deposit(&deposit(DepositState::Seen)).unwrap();
        let credited = of_deposit(&deposit(DepositState::Credited)).unwrap();
        let (first, second) = (seen.thread.clone().unwrap(), credited.thread.clone().unwrap());
        assert_eq!(first.key, format!("deposit:{}", Uuid::from_bytes([1; 16])));
        assert_eq!((&first.key, first.version < second.version), (&second.key, true));
        assert_ne!(seen.id, credited.id);
        assert_ne!(seen.event_key, credited.event_key);
        assert_eq!(seen, of_deposit(&deposit(DepositState::Seen)).unwrap(), "told twice, it is the same");
        assert!(of_deposit(&deposit(DepositState::Unspecified)).is_err());
    }

    #[test]
    fn a_withdrawal_tells_its_steps_but_not_our_own_work() {
        let told = |state| of_withdrawal(&withdrawal(state, 3)).unwrap().is_some();
        for state in [WithdrawalState::Requested, WithdrawalState::Approved, WithdrawalState::Signed] {
            assert!(!told(state), "{state:?}");
        }
        for state in [
            WithdrawalState::Held,
            WithdrawalState::Submitted,
            WithdrawalState::Finalized,
            WithdrawalState::Failed,
            WithdrawalState::Expired,
            WithdrawalState::Cancelled,
            WithdrawalState::Rejected,
        ] {
            assert!(told(state), "{state:?}");
        }
        assert!(of_withdrawal(&withdrawal(WithdrawalState::Unspecified, 3)).is_err());
        assert!(of_withdrawal(&withdrawal(WithdrawalState::Held, 0)).is_err());
        assert!(of_withdrawal(&withdrawal(WithdrawalState::Held, u64::MAX)).is_err());
        let held = of_withdrawal(&withdrawal(WithdrawalState::Held, 2)).unwrap().unwrap();
        assert_eq!((held.manner.lane, held.thread.unwrap().version), (Lane::Security, 2));
    }

    #[test]
    fn a_security_change_is_told_once_and_before_anything_else() {
        let change = SecurityChanged {
            account_id: vec![2; 16],
            change_id: vec![5; 16],
            change: SecurityChange::TotpAdded.into(),
            at: None,
        };
        let news = of_security(&change).unwrap();
        assert_eq!((news.manner.lane, news.thread.is_none()), (Lane::Security, true));
        assert_eq!(news, of_security(&change).unwrap());
        let other = SecurityChanged { change_id: vec![6; 16], ..change.clone() };
        assert_ne!(news.id, of_security(&other).unwrap().id);
        assert!(of_security(&SecurityChanged { change: 0, ..change }).is_err());
    }

    #[test]
    fn each_player_of_a_room_is_told_of_one_bet() {
        let bet = |id: u8| SettledBet {
            bet_id: vec![id; 16],
            account_id: vec![id + 100; 16],
            fate: Fate::Won.into(),
            ..Default::default()
        };
        let mut settled =
            RoomSettled { room_number: 7, bets: vec![bet(1), bet(2)], parts: 1, ..Default::default() };
        let news = of_settlement(&settled).unwrap();
        assert_eq!(news.len(), 2);
        assert_eq!(news[1].account.bytes(), vec![102; 16]);
        let Some(Kind::BetResult(result)) = Notice::decode(news[1].notice.as_slice()).unwrap().kind else {
            panic!("not a result")
        };
        assert_eq!(result.bet, Some(bet(2)));
        assert_eq!(result.room, Some(RoomSettled { bets: vec![], ..settled.clone() }));
        settled.bets[0].fate = 0;
        assert!(of_settlement(&settled).is_err());
    }

    #[test]
    fn the_group_of_a_room_is_told_of_it_once() {
        let terms = proto::room::Terms { scope_chat_id: -1_001, ..Default::default() };
        let bets = vec![SettledBet { bet_id: vec![1; 16], ..Default::default() }];
        let settled =
            RoomSettled { room_id: vec![9; 16], terms: Some(terms), bets, parts: 2, ..Default::default() };
        let news = of_hosted_room(&settled).unwrap().unwrap();
        assert_eq!((news.account, news.chat), (group(-1_001), Some(-1_001)));
        let Some(Kind::RoomSettled(told)) = Notice::decode(news.notice.as_slice()).unwrap().kind else {
            panic!("not a room")
        };
        assert_eq!(told, RoomSettled { bets: vec![], ..settled.clone() }, "nobody's bet is told to a group");
        assert_eq!(of_hosted_room(&RoomSettled { part: 1, ..settled.clone() }).unwrap(), None);
        assert_eq!(of_hosted_room(&RoomSettled { terms: None, ..settled.clone() }).unwrap(), None);
        assert!(of_hosted_room(&RoomSettled { room_id: vec![], ..settled }).is_err());
        assert_ne!(group(-1_001), group(-1_002));
    }

    #[test]
    fn a_dispute_is_one_thread_without_its_beginning() {
        let changed = |state: DisputeState, version| DisputeChanged {
            dispute: Some(Dispute {
                dispute_id: vec![3; 16],
                account_id: vec![2; 16],
                state: state.into(),
                version,
                ..Default::default()
            }),
        };
        assert_eq!(of_dispute(&changed(DisputeState::Open, 1)).unwrap(), None);
        let states = [
            (DisputeState::Refunding, 2),
            (DisputeState::AwaitingFunds, 3),
            (DisputeState::Refunding, 4),
            (DisputeState::Refunded, 5),
        ];
        let news = states.map(|(state, version)| of_dispute(&changed(state, version)).unwrap().unwrap());
        let keys: std::collections::BTreeSet<_> =
            news.iter().map(|news| news.thread.as_ref().unwrap().key.clone()).collect();
        let events: std::collections::BTreeSet<_> = news.iter().map(|news| news.event_key.clone()).collect();
        assert_eq!((keys.len(), events.len()), (1, 4), "one message, four states");
        assert!(news.iter().all(|news| news.manner.lane == Lane::Result));
        assert!(of_dispute(&changed(DisputeState::Upheld, 2)).unwrap().is_some());
        assert!(of_dispute(&changed(DisputeState::Unspecified, 2)).is_err());
        assert!(of_dispute(&changed(DisputeState::Upheld, 0)).is_err());
        assert!(of_dispute(&DisputeChanged::default()).is_err());
    }

    #[test]
    fn each_loser_of_a_corrected_room_is_told_of_one_stake() {
        let bet = |id: u8| RefundedBet { bet_id: vec![id; 16], account_id: vec![id + 100; 16], lamports: 5 };
        let corrected = RoomCorrected {
            room_number: 7,
            bets: vec![bet(1), bet(2)],
            parts: 1,
            reason: "the price was spoofed".into(),
            ..Default::default()
        };
        let news = of_correction(&corrected).unwrap();
        assert_eq!(news.len(), 2);
        assert_eq!((news[1].account.bytes(), news[1].manner.lane), (vec![102; 16], Lane::Result));
        assert_eq!(news, of_correction(&corrected).unwrap(), "told twice, it is the same");
        let Some(Kind::BetRefunded(told)) = Notice::decode(news[0].notice.as_slice()).unwrap().kind else {
            panic!("not a refund")
        };
        assert_eq!(told.bet, Some(bet(1)));
        assert_eq!(told.room, Some(RoomCorrected { bets: vec![], ..corrected }));
        // The result of the same bet is another event.
        let result = RoomSettled {
            bets: vec![SettledBet {
                bet_id: vec![1; 16],
                account_id: vec![101; 16],
                fate: Fate::Lost.into(),
                ..Default::default()
            }],
            ..Default::default()
        };
        assert_ne!(of_settlement(&result).unwrap()[0].id, news[0].id);
    }
}
