//! Rulings, disputes and operators' rooms, against a peer that verifies what is signed.

use crate::{
    operators::{Folder, obey, said},
    peer::{ACCOUNT, Peer, ROOM, id},
};
use proto::{
    Refusal,
    common::RefusalCode,
    room::{room_operator_service_server::RoomOperatorService, *},
    settlement::{settlement_operator_service_server::SettlementOperatorService, *},
    statement::Statement,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use tonic::{Request, Response, Status};

/// Keeps what operators said, and takes effect with the second.
#[derive(Clone, Default)]
pub struct Desk(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    asked: BTreeSet<Vec<u8>>,
    rulings: BTreeMap<String, RuleRoom>,
    judgements: BTreeMap<String, i32>,
    arenas: BTreeMap<i64, Arena>,
    locked: BTreeSet<Vec<u8>>,
}

#[tonic::async_trait]
impl SettlementOperatorService for Desk {
    async fn rule_room(
        &self,
        request: Request<RuleRoomRequest>,
    ) -> std::result::Result<Response<RuleRoomResponse>, Status> {
        let RuleRoomRequest { request_id, command } = request.into_inner();
        let (command, mut said) = (command.unwrap(), self.0.lock().unwrap());
        let said = &mut *said;
        let outcome = obey(&mut said.asked, &request_id, &command, |operator| {
            if command.void_reason() == VoidReason::ManipulationSuspected {
                return Err(Refusal::new(RefusalCode::SettlementPaid));
            }
            said.rulings.insert(operator.to_owned(), command.clone());
            let same = |other: &&RuleRoom| {
                (other.outcome, other.void_reason) == (command.outcome, command.void_reason)
            };
            let rulings = u32::try_from(said.rulings.values().filter(same).count()).unwrap();
            let verdict =
                Verdict { outcome: command.outcome, void_reason: command.void_reason, ..Verdict::default() };
            Ok(RuleRoomDone { rulings, needed: 2, standing: (rulings >= 2).then_some(verdict) })
        })?;
        Ok(Response::new(RuleRoomResponse { outcome }))
    }

    async fn judge_dispute(
        &self,
        request: Request<JudgeDisputeRequest>,
    ) -> std::result::Result<Response<JudgeDisputeResponse>, Status> {
        let JudgeDisputeRequest { request_id, command } = request.into_inner();
        let (command, mut said) = (command.unwrap(), self.0.lock().unwrap());
        let said = &mut *said;
        let outcome = obey(&mut said.asked, &request_id, &command, |operator| {
            said.judgements.insert(operator.to_owned(), command.judgement);
            let judgements = said.judgements.values().filter(|judgement| **judgement == command.judgement);
            Ok(JudgeDisputeDone {
                judgements: u32::try_from(judgements.count()).unwrap(),
                needed: 3,
                admin_needed: true,
                refund_lamports: 51_000_000_000,
            })
        })?;
        Ok(Response::new(JudgeDisputeResponse { outcome }))
    }

    async fn list_disputes(
        &self,
        request: Request<ListDisputesRequest>,
    ) -> std::result::Result<Response<ListDisputesResponse>, Status> {
        let open = matches!(request.get_ref().state(), DisputeState::Unspecified | DisputeState::Open);
        let dispute = Dispute {
            dispute_id: 0xd15_u128.to_be_bytes().to_vec(),
            room_id: ROOM.to_be_bytes().to_vec(),
            account_id: ACCOUNT.to_be_bytes().to_vec(),
            text: "the price was 164".to_owned(),
            state: DisputeState::Open.into(),
            opened_at: Some(proto::timestamp(time::OffsetDateTime::UNIX_EPOCH)),
            version: 1,
            ..Dispute::default()
        };
        let disputes = if open { vec![dispute] } else { Vec::new() };
        Ok(Response::new(ListDisputesResponse { disputes, next_page_token: String::new() }))
    }

    async fn list_waiting(
        &self,
        _: Request<ListWaitingRequest>,
    ) -> std::result::Result<Response<ListWaitingResponse>, Status> {
        let verdict = Verdict { suspicions: vec![Suspicion::Confidence.into()], ..Verdict::default() };
        let ruling = Ruling { operator: "ann".to_owned(), reason: "a wick".to_owned(), ..Ruling::default() };
        let room = WaitingRoom {
            room_id: ROOM.to_be_bytes().to_vec(),
            verdict: Some(verdict),
            until: Some(proto::timestamp(time::OffsetDateTime::UNIX_EPOCH)),
            rulings: vec![ruling],
        };
        Ok(Response::new(ListWaitingResponse { rooms: vec![room] }))
    }
}

#[tonic::async_trait]
impl RoomOperatorService for Desk {
    async fn open_operator_room(
        &self,
        request: Request<OpenOperatorRoomRequest>,
    ) -> std::result::Result<Response<OpenOperatorRoomResponse>, Status> {
        let OpenOperatorRoomRequest { request_id, command } = request.into_inner();
        let (command, mut said) = (command.unwrap(), self.0.lock().unwrap());
        let said = &mut *said;
        let outcome = obey(&mut said.asked, &request_id, &command, |_| {
            let asked = command.room.clone().unwrap();
            if command.outcomes.len() < 2 {
                return Err(Refusal::new(RefusalCode::RoomOperatorsOnly));
            }
            let terms = Terms {
                room_id: asked.room_id.clone(),
                kind: asked.kind,
                question: command.question.clone(),
                criterion: command.criterion.clone(),
                source_url: command.source_url.clone(),
                outcomes: command.outcomes.clone(),
                max_players: command.max_players,
                unresolved_seconds: asked.horizon_seconds,
                ..Terms::default()
            };
            let room = Room { room_id: asked.room_id, number: 77, terms: Some(terms), ..Room::default() };
            Ok(OpenRoomDone { room: Some(room) })
        })?;
        Ok(Response::new(OpenOperatorRoomResponse { outcome }))
    }

    async fn lock_room(
        &self,
        request: Request<LockRoomRequest>,
    ) -> std::result::Result<Response<LockRoomResponse>, Status> {
        let LockRoomRequest { request_id, command } = request.into_inner();
        let (command, mut said) = (command.unwrap(), self.0.lock().unwrap());
        let said = &mut *said;
        let outcome = obey(&mut said.asked, &request_id, &command, |_| {
            if !said.locked.insert(command.room_id.clone()) {
                return Err(Refusal::new(RefusalCode::BetLocked).with("lock_at", 0));
            }
            let room = Room { state: RoomState::Locked.into(), ..crate::peer::room(1) };
            Ok(LockRoomDone { room: Some(room) })
        })?;
        Ok(Response::new(LockRoomResponse { outcome }))
    }

    async fn register_arena(
        &self,
        request: Request<RegisterArenaRequest>,
    ) -> std::result::Result<Response<RegisterArenaResponse>, Status> {
        let RegisterArenaRequest { request_id, command } = request.into_inner();
        let (command, mut said) = (command.unwrap(), self.0.lock().unwrap());
        let said = &mut *said;
        let outcome = obey(&mut said.asked, &request_id, &command, |_| {
            if said.arenas.contains_key(&command.chat_id) {
                return Err(Refusal::new(RefusalCode::ArenaState));
            }
            let state = ArenaState::Clearing.into();
            let arena = Arena { chat_id: command.chat_id, state, ..Arena::default() };
            said.arenas.insert(command.chat_id, arena.clone());
            Ok(RegisterArenaDone { arena: Some(arena) })
        })?;
        Ok(Response::new(RegisterArenaResponse { outcome }))
    }

    async fn retire_arena(
        &self,
        request: Request<RetireArenaRequest>,
    ) -> std::result::Result<Response<RetireArenaResponse>, Status> {
        let RetireArenaRequest { request_id, command } = request.into_inner();
        let (command, mut said) = (command.unwrap(), self.0.lock().unwrap());
        let said = &mut *said;
        let outcome = obey(&mut said.asked, &request_id, &command, |_| {
            let arena = said.arenas.get_mut(&command.chat_id);
            let arena = arena.ok_or_else(|| Refusal::new(RefusalCode::NotFound))?;
            arena.state = ArenaState::Retired.into();
            Ok(RetireArenaDone { arena: Some(arena.clone()) })
        })?;
        Ok(Response::new(RetireArenaResponse { outcome }))
    }

    async fn list_arenas(
        &self,
        _: Request<ListArenasRequest>,
    ) -> std::result::Result<Response<ListArenasResponse>, Status> {
        let faulty = Arena {
            chat_id: -1_002_000_000_009,
            state: ArenaState::Faulty.into(),
            fault: "chat not found".to_owned(),
            ..Arena::default()
        };
        let mut arenas: Vec<Arena> = self.0.lock().unwrap().arenas.values().cloned().collect();
        arenas.push(faulty);
        Ok(Response::new(ListArenasResponse { arenas }))
    }
}

async fn keys(peer: &Peer, folder: &Folder) -> [String; 2] {
    let keys = ["a", "b"].map(|name| folder.file(name));
    for key in &keys {
        crate::table(peer, &["operator", "new-key", key]).await;
    }
    keys
}

#[tokio::test]
async fn two_operators_rule_a_room_by_the_words_of_its_terms() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let [ann, bob] = keys(&peer, &folder).await;
    let rule = async |key: &str, how: &[&str]| {
        let all =
            [&["room", "rule", "#1", "--reason", "as the source says", "--yes", "--key", key], how].concat();
        crate::roomsctl(&peer, &all).await
    };
    let first = rule(&ann, &["--outcome", "no"]).await;
    assert_eq!(said(&first), (Some(0), String::new()));
    let text = String::from_utf8(first.stdout).unwrap();
    assert!(text.contains("outcome 1") && text.contains("1 of 2") && text.contains("no verdict"), "{text}");
    let second = rule(&bob, &["--outcome", "NO", "--json"]).await;
    let view: Value = serde_json::from_slice(&second.stdout).unwrap();
    let expected = json!({
        "room_id": id(ROOM), "ruling": "outcome 1", "rulings": 2, "needed": 2, "standing": "outcome 1",
    });
    assert_eq!(view, expected);
    let void = rule(&ann, &["--void", "operator-void"]).await;
    assert!(String::from_utf8(void.stdout).unwrap().contains("VOID OPERATOR_VOID"));

    for (how, complaint) in [
        (vec!["--outcome", "MAYBE"], "MAYBE is no answer of this room; it has YES, NO"),
        (vec!["--void", "tie"], "possible values: operator-void, manipulation-suspected"),
        (vec![], "--outcome"),
        (vec!["--outcome", "NO", "--void", "operator-void"], "cannot be used with"),
        (vec!["--void", "manipulation-suspected"], "there is only the dispute"),
    ] {
        let (code, error) = said(&rule(&ann, &how).await);
        assert!(code == Some(2) && error.contains(complaint), "{how:?}: {error}");
    }
}

#[tokio::test]
async fn what_waits_for_operators_is_listed_with_what_was_said() {
    let peer = Peer::start().await;
    let text = crate::table(&peer, &["rooms", "waiting"]).await;
    for part in ["outcome 0", "CONFIDENCE", "1970-01-01 00:00:00", "ann: outcome 0 (a wick)"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let view = crate::json(&peer, &["rooms", "waiting"]).await;
    assert_eq!(view["rooms"][0]["room_id"], id(ROOM));
}

#[tokio::test]
async fn disputes_are_listed_and_judged() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let [ann, bob] = keys(&peer, &folder).await;
    let text = crate::table(&peer, &["dispute", "list", "--state", "open"]).await;
    assert!(text.contains("the price was 164") && text.contains(&id(ACCOUNT)), "{text}");
    let none = crate::table(&peer, &["disputes", "list", "--state", "refunded"]).await;
    assert_eq!(none, "there are no such disputes\n");
    let judge = async |key: &str, judgement: &str| {
        let all = ["dispute", "judge", "1", judgement, "--reason", "we looked at it", "--yes", "--key", key];
        crate::roomsctl(&peer, &all).await
    };
    let first = String::from_utf8(judge(&ann, "refund").await.stdout).unwrap();
    for part in ["REFUND", "1 of 3, and an admin has to be among them", "51 SOL"] {
        assert!(first.contains(part), "{part} is missing in\n{first}");
    }
    let second = String::from_utf8(judge(&bob, "refund").await.stdout).unwrap();
    assert!(second.contains("2 of 3"), "{second}");
    let (code, error) = said(&judge(&ann, "forget").await);
    assert!(code == Some(2) && error.contains("uphold, refund"), "{error}");
}

#[tokio::test]
async fn operators_open_a_question_in_words() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let [ann, _] = keys(&peer, &folder).await;
    let open = async |more: &[&str]| {
        let all = [
            &["room", "open", "--kind", "custom", "--horizon", "30d", "--key", &ann],
            &["--question", "Who wins the cup?", "--criterion", "the final whistle"][..],
            &["--source", "https://example.org/cup", "--max-players", "100"],
            more,
        ]
        .concat();
        crate::roomsctl(&peer, &all).await
    };
    let opened = open(&["--outcome", "North", "--outcome", "South", "--outcome", "Nobody"]).await;
    assert_eq!(said(&opened), (Some(0), String::new()));
    let text = String::from_utf8(opened.stdout).unwrap();
    for part in
        ["#77", "CUSTOM", "Who wins the cup?", "the final whistle", "https://example.org/cup", "operators"]
    {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let (code, error) = said(&open(&[]).await);
    assert!(code == Some(2) && error.contains("ROOM_OPERATORS_ONLY"), "{error}");
    let (code, error) = said(&open(&["--horizon", "soon"]).await);
    assert!(code == Some(2) && error.contains("horizon"), "{error}");
}

#[tokio::test]
async fn groups_are_added_retired_and_listed() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let [ann, bob] = keys(&peer, &folder).await;
    let group = "-1002000000007";
    let added = crate::table(&peer, &["arena", "add", group, "--key", &ann]).await;
    assert!(added.contains(group) && added.contains("CLEARING"), "{added}");
    let (code, error) = said(&crate::roomsctl(&peer, &["arena", "add", group, "--key", &bob]).await);
    assert!(code == Some(2) && error.contains("arena list"), "{error}");
    let retired = crate::json(&peer, &["arena", "retire", group, "--key", &bob]).await;
    assert_eq!(retired["arenas"][0]["state"], "RETIRED");
    let (code, error) = said(&crate::roomsctl(&peer, &["arena", "retire", "-5", "--key", &bob]).await);
    assert!(code == Some(3) && error.contains("NOT_FOUND"), "{error}");
    let list = crate::table(&peer, &["arenas", "list"]).await;
    for part in [group, "RETIRED", "-1002000000009", "FAULTY", "chat not found"] {
        assert!(list.contains(part), "{part} is missing in\n{list}");
    }
}

/// What is signed is what is asked: a peer that changes a word has no signature for it.
#[test]
fn the_statement_names_every_answer() {
    let room = OpenRoom { room_id: vec![7; 16], kind: Kind::Custom.into(), ..OpenRoom::default() };
    let asked = OpenOperatorRoom {
        room: Some(room),
        outcomes: vec!["North".to_owned(), "South".to_owned()],
        by: Some(proto::wallet::OperatorSignature {
            signed_at: Some(proto::timestamp(time::OffsetDateTime::UNIX_EPOCH)),
            ..Default::default()
        }),
        ..OpenOperatorRoom::default()
    };
    let words = String::from_utf8(asked.bytes().unwrap()).unwrap();
    assert!(words.ends_with("outcome North\noutcome South\n"), "{words}");
}
