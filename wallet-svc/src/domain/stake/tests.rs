use super::*;
use crate::domain::limit::{Kind, Limit};
use proptest::prelude::*;

const ALICE: AccountId = AccountId::new(Uuid::from_u128(1));
const ROOM: RoomId = RoomId::new(Uuid::from_u128(100));

fn bet(number: u128) -> BetId {
    BetId::new(Uuid::from_u128(number))
}

fn wanted(number: u128, lamports: i64) -> Wanted {
    Wanted { bet: bet(number), account: ALICE, room: ROOM, amount: Lamports::new(lamports) }
}

fn unwanted(number: u128) -> Unwanted {
    Unwanted { bet: bet(number), account: ALICE, room: ROOM }
}

/// Holds and balances as the database keeps them between transactions.
struct Bank {
    holds: BTreeMap<BetId, Hold>,
    balances: Balances,
    players: BTreeMap<AccountId, Player>,
}

impl Bank {
    fn with(lamports: i64) -> Self {
        let read =
            [(Account::available(ALICE), Lamports::new(lamports)), (Account::escrow(ROOM), Lamports::ZERO)];
        Self {
            holds: BTreeMap::new(),
            balances: Balances::new(BTreeMap::from(read)),
            players: BTreeMap::new(),
        }
    }

    fn hold(&mut self, key: u128, list: &[Wanted]) -> Result<Taken, StakeError> {
        let lists = [(Uuid::from_u128(key), list.to_vec())];
        hold(&lists, &mut self.holds, &mut self.balances, &mut self.players, OffsetDateTime::UNIX_EPOCH)
    }

    fn release(&mut self, bets: &[u128]) -> Result<Returned, StakeError> {
        let items: Vec<_> = bets.iter().copied().map(unwanted).collect();
        release(&items, &mut self.holds, &mut self.balances)
    }

    fn has(&self) -> [i64; 2] {
        [Account::available(ALICE), Account::escrow(ROOM)]
            .map(|account| self.balances.get(account).unwrap_or_default().get())
    }
}

fn said(decisions: &[StakeDecision]) -> Vec<(StakeState, Option<RefusalCode>)> {
    let code = |one: &StakeDecision| one.refusal.as_ref().map(proto::common::Refusal::code);
    decisions.iter().map(|one| (one.state(), code(one))).collect()
}

const HELD: (StakeState, Option<RefusalCode>) = (StakeState::Held, None);
const RELEASED: (StakeState, Option<RefusalCode>) = (StakeState::Released, None);
const POOR: (StakeState, Option<RefusalCode>) = (StakeState::Refused, Some(RefusalCode::BetNotEnough));
const LATE: (StakeState, Option<RefusalCode>) = (StakeState::Refused, Some(RefusalCode::BetHoldLate));

#[test]
fn each_stake_is_taken_once_while_there_is_money() {
    let mut bank = Bank::with(100);
    let list = [wanted(1, 60), wanted(2, 60), wanted(3, 40)];
    let first = bank.hold(1, &list).unwrap();
    assert_eq!(said(&first.decisions), [HELD, POOR, HELD]);
    let [movement] = first.movements.as_slice() else { panic!("{:?}", first.movements) };
    let moved: Vec<_> = movement.entries.iter().map(|entry| entry.lamports.get()).collect();
    assert_eq!((moved, bank.has()), (vec![-60, -40, 100], [0, 100]));
    assert_eq!(movement.entries[2].reference, ROOM.uuid());
    // A repeat says the same and moves nothing, and neither does a list of nothing new.
    let again = bank.hold(2, &list).unwrap();
    assert_eq!(again, Taken { decisions: first.decisions, ..Taken::default() });
    // A refused stake stays refused when the money is there.
    bank.release(&[1]).unwrap();
    assert_eq!(said(&bank.hold(3, &[wanted(2, 60)]).unwrap().decisions), [POOR]);
    assert_eq!(bank.has(), [60, 40]);
}

#[test]
fn a_stake_goes_back_once_and_is_not_taken_after_that() {
    let mut bank = Bank::with(100);
    bank.hold(1, &[wanted(1, 70)]).unwrap();
    let first = bank.release(&[1]).unwrap();
    assert_eq!((said(&first.decisions), first.given_back), (vec![RELEASED], vec![bet(1)]));
    assert_eq!(bank.has(), [100, 0]);
    let again = bank.release(&[1]).unwrap();
    assert_eq!(again, Returned { decisions: first.decisions, ..Returned::default() });
    // Before its hold came at all: a tombstone.
    let early = bank.release(&[2]).unwrap();
    assert_eq!((early.tombstones.len(), early.movements.len()), (1, 0));
    assert_eq!(early.tombstones[0].amount, Lamports::ZERO);
    assert_eq!(said(&bank.hold(2, &[wanted(1, 70), wanted(2, 30)]).unwrap().decisions), [LATE, LATE]);
    assert_eq!(bank.has(), [100, 0]);
}

#[test]
fn what_cannot_be_is_refused_whole() {
    let mut bank = Bank::with(100);
    bank.hold(1, &[wanted(1, 70)]).unwrap();
    for other in [
        Wanted { amount: Lamports::new(71), ..wanted(1, 70) },
        Wanted { account: AccountId::new(Uuid::from_u128(2)), ..wanted(1, 70) },
        Wanted { room: RoomId::new(Uuid::from_u128(101)), ..wanted(1, 70) },
    ] {
        assert_eq!(bank.hold(2, &[other]), Err(StakeError::OtherBody(bet(1))));
    }
    bank.holds.get_mut(&bet(1)).unwrap().state = State::Spent;
    assert_eq!(bank.release(&[1]), Err(StakeError::Settled(bet(1))));
    assert_eq!(said(&bank.hold(3, &[wanted(1, 70)]).unwrap().decisions), [HELD]);
    bank.holds.get_mut(&bet(1)).unwrap().state = State::Held;
    bank.balances = Balances::new(BTreeMap::from([(Account::available(ALICE), Lamports::ZERO)]));
    let short = Short { account: Account::escrow(ROOM), balance: Lamports::ZERO };
    assert_eq!(bank.release(&[1]), Err(StakeError::Escrow(short)));
}

#[test]
fn an_accounts_own_limit_counts_every_stake_of_a_list() {
    let mut bank = Bank::with(100);
    let limit = Limit { lamports: Some(Lamports::new(50)), next: None };
    let player = Player { limits: BTreeMap::from([(Kind::StakeDay, limit)]), ..Player::default() };
    bank.players.insert(ALICE, player);
    let taken = bank.hold(1, &[wanted(1, 30), wanted(2, 30), wanted(3, 20)]).unwrap();
    let over = (StakeState::Refused, Some(RefusalCode::LimitStakeDay));
    assert_eq!(said(&taken.decisions), [HELD, over, HELD]);
    assert_eq!(taken.fresh.iter().map(|hold| hold.watched).collect::<Vec<_>>(), [true, false, true]);
    let stranger = Wanted { account: AccountId::new(Uuid::from_u128(9)), ..wanted(4, 1) };
    let unknown = (StakeState::Refused, Some(RefusalCode::AccountUnknown));
    assert_eq!(said(&bank.hold(2, &[stranger]).unwrap().decisions), [unknown]);
}

#[test]
fn items_without_a_stake_or_an_id_are_none() {
    let message = |lamports, account_id: Vec<u8>| StakeHold {
        bet_id: bet(1).bytes(),
        account_id,
        room_id: ROOM.bytes(),
        lamports,
    };
    assert_eq!(Wanted::try_from(&message(5, ALICE.bytes())), Ok(wanted(1, 5)));
    for (lamports, account) in [(0, ALICE.bytes()), (-1, ALICE.bytes()), (5, vec![1])] {
        assert!(Wanted::try_from(&message(lamports, account)).is_err(), "{lamports}");
    }
}

proptest! {
    /// In whatever order holds and releases come, and however often: a bet's stake is with its owner or in the room,
    /// and what is in the room is what is HELD.
    #[test]
    fn escrow_is_what_is_held(steps in proptest::collection::vec((any::<bool>(), 1u128..6, 1i64..60), 0..40)) {
        let mut bank = Bank::with(100);
        let stakes: BTreeMap<u128, i64> = steps.iter().map(|(_, bet, stake)| (*bet, *stake)).collect();
        for (key, (take, bet, _)) in (0..).zip(&steps) {
            if *take {
                bank.hold(key, &[wanted(*bet, stakes[bet])]).unwrap();
            } else {
                bank.release(&[*bet]).unwrap();
            }
            let held = bank.holds.values().filter(|hold| hold.state == State::Held);
            let held: i64 = held.map(|hold| hold.amount.get()).sum();
            prop_assert_eq!(bank.has(), [100 - held, held]);
            prop_assert!(held <= 100);
        }
    }
}
