use super::*;
use crate::domain::hold::State;

const ROOM: RoomId = RoomId::new(Uuid::from_u128(100));
const HOST: AccountId = AccountId::new(Uuid::from_u128(50));
const REFERRER: AccountId = AccountId::new(Uuid::from_u128(51));

fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

fn holds() -> BTreeMap<BetId, Hold> {
    let hold = |number: u128| Hold {
        bet: BetId::new(Uuid::from_u128(1_000 + number)),
        account: account(number),
        room: ROOM,
        amount: Lamports::new(100),
        state: State::Held,
        refusal: None,
        watched: false,
    };
    (1..=3).map(hold).map(|hold| (hold.bet, hold)).collect()
}

/// The last of two chunks: two bets, one of which lost, fees, and somebody who brought the winner.
fn chunk() -> PostPayouts {
    let line = |number: u128, credit_lamports| proto::wallet::PayoutLine {
        bet_id: Uuid::from_u128(1_000 + number).as_bytes().to_vec(),
        credit_lamports,
    };
    PostPayouts {
        room_id: ROOM.bytes(),
        chunk: 1,
        chunks: 2,
        lines: vec![line(1, 190), line(2, 0)],
        protocol_fee_lamports: 4,
        host_fee_lamports: 2,
        host_account_id: HOST.bytes(),
        referrals: vec![ReferralCredit { account_id: REFERRER.bytes(), level: 1, lamports: 3 }],
    }
}

fn changed(change: fn(&mut PostPayouts)) -> Result<Asked, Malformed> {
    let mut chunk = chunk();
    change(&mut chunk);
    Asked::try_from(&chunk)
}

fn gains(movement: &Movement) -> Vec<(Account, i64)> {
    movement.entries.iter().map(|entry| (entry.account, entry.lamports.get())).collect()
}

#[test]
fn pays_lines_fees_and_referrals_out_of_the_escrow() {
    let asked = Asked::try_from(&chunk()).unwrap();
    let credits = asked.credits(&holds()).unwrap();
    let players = [1, 2].map(account).into_iter().chain([HOST, REFERRER]).map(Account::available);
    assert_eq!(asked.players(&credits), players.collect(), "losers are locked, too");
    let movements = asked.movements(credits, &BTreeSet::from([HOST, REFERRER])).unwrap();
    let [payouts, referrals] = movements.as_slice() else { panic!("{movements:?}") };
    let winner = (Account::available(account(1)), 190);
    let escrow = |lamports| (Account::escrow(ROOM), lamports);
    let host = (Account::available(HOST), 2);
    assert_eq!(gains(payouts), [winner, (PROTOCOL, 4), host, escrow(-196)]);
    assert_eq!(gains(referrals), [(Account::available(REFERRER), 3), escrow(-3)]);
    assert_eq!((payouts.kind, referrals.kind), (MovementKind::Payout, MovementKind::Referral));
    assert_ne!(payouts.key, referrals.key);
}

#[test]
fn who_is_no_earner_leaves_it_to_the_protocol_and_a_repeat_is_known_all_the_same() {
    let asked = Asked::try_from(&chunk()).unwrap();
    let credits = asked.credits(&holds()).unwrap();
    let known = asked.as_asked(&credits).unwrap().request_hash();
    let movements = asked.movements(credits, &BTreeSet::new()).unwrap();
    assert_eq!(gains(&movements[0])[1..3], [(PROTOCOL, 4), (PROTOCOL, 2)]);
    assert_eq!(gains(&movements[1])[0], (PROTOCOL, 3));
    assert_eq!(movements[0].request_hash(), known);
}

#[test]
fn fees_and_the_host_come_with_the_last_chunk_alone() {
    let first = changed(|chunk| {
        chunk.chunk = 0;
        chunk.referrals.clear();
    });
    let first = first.unwrap();
    assert_eq!((first.last, first.named().count()), (false, 0));
    let movements = first.movements(first.credits(&holds()).unwrap(), &BTreeSet::from([HOST])).unwrap();
    assert_eq!(movements.len(), 1);
    assert_eq!(gains(&movements[0]), [(Account::available(account(1)), 190), (Account::escrow(ROOM), -190)]);
    let last = Asked::try_from(&chunk()).unwrap();
    assert_ne!((first.key(), first.referrals_key()), (last.key(), last.referrals_key()));
    assert_eq!(last.named().collect::<Vec<_>>(), [REFERRER, HOST]);
}

#[test]
fn a_line_needs_a_hold_in_this_room() {
    let asked = Asked::try_from(&chunk()).unwrap();
    let missing = |holds| asked.credits(&holds).unwrap_err();
    let mut none = holds();
    let (bet, _) = none.pop_first().unwrap();
    assert_eq!(missing(none), PayoutError::NoHold { bet, room: ROOM });
    let mut elsewhere = holds();
    elsewhere.get_mut(&bet).unwrap().room = RoomId::new(Uuid::from_u128(101));
    assert_eq!(missing(elsewhere), PayoutError::NoHold { bet, room: ROOM });
}

#[test]
fn what_breaks_the_contract_is_refused() {
    assert!(changed(|chunk| chunk.chunk = 2).is_err());
    assert!(changed(|chunk| chunk.lines[1].bet_id = chunk.lines[0].bet_id.clone()).is_err());
    assert!(changed(|chunk| chunk.lines[1].credit_lamports = -1).is_err());
    assert!(changed(|chunk| chunk.protocol_fee_lamports = -1).is_err());
    assert!(changed(|chunk| chunk.host_fee_lamports = -1).is_err());
    assert!(changed(|chunk| chunk.referrals[0].lamports = -1).is_err());
    assert!(changed(|chunk| chunk.host_account_id.truncate(3)).is_err());
    assert_eq!(changed(|chunk| chunk.host_account_id.clear()).unwrap().named().count(), 1);
}

/// What has a key is posted once: two parts with one key would be one payment.
#[test]
fn every_part_of_every_room_has_a_key_of_its_own() {
    let asked = [
        changed(|_| {}),
        changed(|chunk| chunk.chunk = 0),
        changed(|chunk| chunk.room_id = RoomId::new(Uuid::from_u128(101)).bytes()),
    ]
    .map(Result::unwrap);
    let keys = asked.iter().flat_map(|part| [part.key(), part.referrals_key()]).collect::<BTreeSet<_>>();
    assert_eq!(keys.len(), 2 * asked.len());
    assert_eq!(asked[0].key(), changed(|chunk| chunk.lines.clear()).unwrap().key(), "whatever it pays");
}
