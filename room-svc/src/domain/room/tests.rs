use super::*;
use proptest::prelude::*;
use time::Duration;
use uuid::Uuid;

fn room(max_players: u32) -> Room {
    Room {
        id: RoomId::new(Uuid::from_u128(1)),
        state: RoomState::Open,
        host: None,
        lock_at: OffsetDateTime::UNIX_EPOCH + Duration::HOUR,
        min_stake: Lamports::new(50_000_000),
        max_stake: Lamports::new(5_000_000_000),
        max_players,
        min_players: 0,
        max_pool: None,
        seats: vec![0, 0],
        pools: vec![Lamports::ZERO; 2],
        pending: 0,
        pending_stakes: Lamports::ZERO,
        closed_at: None,
        freeze_asked: false,
        frozen: false,
    }
}

fn wager(outcome: u32, stake: i64) -> Wager {
    Wager {
        id: BetId::new(Uuid::from_u128(7)),
        room_id: RoomId::new(Uuid::from_u128(1)),
        account_id: proto::AccountId::new(Uuid::from_u128(2)),
        outcome,
        stake: Lamports::new(stake),
        min_odds_percent: 0,
    }
}

fn code(result: Result<(), Refusal>) -> Option<RefusalCode> {
    result.err().map(|refusal| refusal.code)
}

#[test]
fn a_millisecond_decides_the_lock() {
    let mut room = room(10);
    let stake = wager(0, 100_000_000);
    let before = room.lock_at - Duration::MILLISECOND;
    assert_eq!(code(room.clone().take_seat(before, &stake, None, None)), None);
    assert_eq!(code(room.clone().take_seat(room.lock_at, &stake, None, None)), Some(RefusalCode::BetLocked));
    room.close(before);
    assert_eq!(code(room.take_seat(before, &stake, None, None)), Some(RefusalCode::BetLocked));
}

#[test]
fn each_rule_names_itself() {
    let now = OffsetDateTime::UNIX_EPOCH;
    let refused = |outcome, stake, own| code(room(10).take_seat(now, &wager(outcome, stake), own, None));
    assert_eq!(refused(0, 49_999_999, None), Some(RefusalCode::BetTooSmall));
    assert_eq!(refused(0, 5_000_000_001, None), Some(RefusalCode::BetTooLarge));
    assert_eq!(refused(2, 50_000_000, None), Some(RefusalCode::BetNoSuchOutcome));
    assert_eq!(
        refused(1, 50_000_000, Some(BetId::new(Uuid::from_u128(9)))),
        Some(RefusalCode::BetAlreadyPlaced)
    );
}

#[test]
fn the_last_quarter_waits_for_opposition() {
    let now = OffsetDateTime::UNIX_EPOCH;
    let mut room = room(4);
    for _ in 0..3 {
        room.take_seat(now, &wager(0, 50_000_000), None, None).unwrap();
    }
    assert_eq!(
        code(room.take_seat(now, &wager(0, 50_000_000), None, None)),
        Some(RefusalCode::BetSeatsReserved)
    );
    room.take_seat(now, &wager(1, 50_000_000), None, None).unwrap();
    assert_eq!(code(room.take_seat(now, &wager(1, 50_000_000), None, None)), Some(RefusalCode::BetRoomFull));
}

#[test]
fn pools_beyond_the_ledger_are_refused() {
    let mut room = room(10);
    room.max_stake = Lamports::MAX;
    room.pools = vec![Lamports::new(i64::MAX - 100), Lamports::ZERO];
    assert_eq!(
        code(room.clone().take_seat(OffsetDateTime::UNIX_EPOCH, &wager(1, 50_000_000), None, None)),
        Some(RefusalCode::BetPoolOverflow)
    );
}

#[test]
fn a_queuing_room_opens_once_and_for_all() {
    let now = OffsetDateTime::UNIX_EPOCH;
    let mut room = Room { state: RoomState::Queuing, min_players: 2, ..room(10) };
    for outcome in [0, 1] {
        assert_eq!(room.state, RoomState::Queuing);
        room.take_seat(now, &wager(outcome, 50_000_000), None, None).unwrap();
        room.accept(&wager(outcome, 50_000_000)).unwrap();
    }
    assert_eq!(room.state, RoomState::Open);
    let mut waiting = Room { state: RoomState::Queuing, min_players: 2, ..self::room(10) };
    waiting.close(waiting.lock_at);
    assert_eq!(waiting.next(), Next::VoidMinPlayers);
}

/// A hold that is confirmed after the end of betting is of a player who came before it.
#[test]
fn the_missing_player_may_be_confirmed_after_the_close() {
    let now = OffsetDateTime::UNIX_EPOCH;
    let queuing = || {
        let mut room = Room { state: RoomState::Queuing, min_players: 2, ..room(10) };
        for outcome in [0, 1] {
            room.take_seat(now, &wager(outcome, 50_000_000), None, None).unwrap();
        }
        room.accept(&wager(0, 50_000_000)).unwrap();
        room
    };
    let mut locked = queuing();
    locked.close(locked.lock_at);
    assert_eq!((locked.state, locked.next()), (RoomState::Queuing, Next::Wait));
    locked.accept(&wager(1, 50_000_000)).unwrap();
    assert_eq!((locked.state, locked.next()), (RoomState::Locked, Next::Wait));

    let mut touched = queuing();
    touched.ask_freeze(now);
    touched.accept(&wager(1, 50_000_000)).unwrap();
    assert_eq!((touched.state, touched.next()), (RoomState::Settling, Next::Freeze));
    // Had it not come, settlement-svc would see the room as it was when the verdict came.
    let mut touched = queuing();
    touched.ask_freeze(now);
    touched.free_seat(&wager(1, 50_000_000)).unwrap();
    assert_eq!((touched.state, touched.next()), (RoomState::Queuing, Next::Freeze));
}

#[test]
fn all_stakes_together_stay_below_the_cap() {
    let now = OffsetDateTime::UNIX_EPOCH;
    let mut room = Room { max_pool: Some(Lamports::new(200_000_000)), ..room(10) };
    room.take_seat(now, &wager(0, 100_000_000), None, None).unwrap();
    room.accept(&wager(0, 100_000_000)).unwrap();
    // Pending stakes count.
    room.take_seat(now, &wager(1, 50_000_000), None, None).unwrap();
    let refusal = room.clone().take_seat(now, &wager(1, 50_000_001), None, None).unwrap_err();
    assert_eq!(refusal.to_string(), "REFUSAL_CODE_BET_POOL_FULL max=200000000 left=50000000");
    room.take_seat(now, &wager(1, 50_000_000), None, None).unwrap();
}

#[test]
fn a_guard_holds_with_its_bets_own_impact() {
    let terms = proto::room::Terms { protocol_fee_bps: 200, host_fee_bps: 100, ..Default::default() };
    let offer = Offer {
        pools: vec![Lamports::new(100_000_000), Lamports::new(200_000_000)],
        takeout: (&terms).try_into().unwrap(),
    };
    let guarded = |percent| Wager { min_odds_percent: percent, ..wager(0, 100_000_000) };
    let taken = |percent, offer| {
        let refusal = room(10).take_seat(OffsetDateTime::UNIX_EPOCH, &guarded(percent), None, offer).err();
        refusal.map(|refusal| refusal.to_string())
    };
    // (200 + 200 - 6) / 200; without its own stake it would be (100 + 200 - 6) / 100.
    assert_eq!(taken(197, Some(&offer)), None);
    assert_eq!(taken(198, Some(&offer)).as_deref(), Some("REFUSAL_CODE_BET_MIN_ODDS percent=198"));
    assert_eq!(taken(100, None), None);
    assert!(taken(101, None).is_some());
}

#[test]
fn a_room_is_the_hosts_alone_until_somebody_bets() {
    let now = OffsetDateTime::UNIX_EPOCH;
    let cancelled = |room: &Room, host_bets| {
        let mut room = room.clone();
        code(room.cancel(now, host_bets)).map_or(Ok(room.state), Err)
    };
    let mut room = room(10);
    assert_eq!(cancelled(&room, false), Ok(RoomState::Locked));
    room.take_seat(now, &wager(0, 50_000_000), None, None).unwrap();
    assert_eq!(cancelled(&room, true), Ok(RoomState::Locked));
    assert_eq!(cancelled(&room, false), Err(RefusalCode::RoomNotCancellable));
    room.take_seat(now, &wager(1, 50_000_000), None, None).unwrap();
    assert_eq!(cancelled(&room, true), Err(RefusalCode::RoomNotCancellable));
    let mut closed = self::room(10);
    closed.close(now);
    assert_eq!(cancelled(&closed, false), Err(RefusalCode::RoomNotCancellable));
}

proptest! {
    /// Whatever order seats are taken, accepted, freed and given back in, counts stay true.
    #[test]
    fn seats_and_stakes_balance(steps in proptest::collection::vec((0u32..2, 0u8..5, 50_000_000i64..5_000_000_000), 1..60)) {
        let mut room = room(12);
        let mut pending: Vec<Wager> = Vec::new();
        let mut accepted = [0i64; 2];
        for (outcome, step, stake) in steps {
            match (step, pending.pop()) {
                (0, Some(bet)) => {
                    room.accept(&bet).unwrap();
                    accepted[bet.outcome as usize] += bet.stake.get();
                }
                (1, Some(bet)) => room.free_seat(&bet).unwrap(),
                (3, Some(bet)) => room.give_back(&bet, BetState::Pending).unwrap(),
                (4, Some(bet)) => {
                    room.accept(&bet).unwrap();
                    room.give_back(&bet, BetState::Accepted).unwrap();
                }
                (_, back) => {
                    pending.extend(back);
                    let bet = wager(outcome, stake);
                    if room.take_seat(OffsetDateTime::UNIX_EPOCH, &bet, None, None).is_ok() {
                        pending.push(bet);
                    }
                }
            }
            prop_assert!(room.players() <= room.max_players);
            prop_assert_eq!(room.pending as usize, pending.len());
            prop_assert_eq!(room.pending_stakes.get(), pending.iter().map(|bet| bet.stake.get()).sum::<i64>());
            prop_assert_eq!(room.pools.iter().map(|pool| pool.get()).collect::<Vec<_>>(), accepted.to_vec());
        }
    }
}
