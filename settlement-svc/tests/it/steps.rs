//! Every step of a settlement fails, is repeated, and is cut off by the death of the process; the end is the same.
//!
//! The steps are those of the saga's own enum: a step without an arm here does not compile.

use crate::{
    eventually,
    office::{ADA, ANN, BOB, Office},
    referrals::{levels, line_up},
    room::{Room, touched},
    world::{Traces, World},
};
use futures::{StreamExt, stream};
use prost::Name;
use proto::{
    Event,
    common::RefusalCode,
    room::Kind,
    settlement::{Judgement, ReceiptReady, RoomCorrected, RoomSettled},
    wallet::{PayoutsPosted, ReceiptAnchored, StakesRefunded},
};
use settlement_svc::domain::SagaStep;
use sqlx::{AssertSqlSafe, PgPool};
use std::{process::Stdio, time::Duration};
use tokio::process::{Child, Command};
use uuid::Uuid;

/// Where a step leaves its fact.
struct Fact {
    table: &'static str,
    /// What brings it about.
    operation: &'static str,
    /// Whether a new row is this step's.
    ours: &'static str,
    /// How many rows there are once the step is committed.
    rows: &'static str,
}

fn fact(step: SagaStep) -> Fact {
    let inserted = |table, rows| Fact { table, operation: "INSERT", ours: "true", rows };
    match step {
        SagaStep::Decide => inserted("settlement", "SELECT count(*) FROM settlement.settlement"),
        SagaStep::Freeze => inserted("frozen", "SELECT count(*) FROM settlement.frozen"),
        SagaStep::Pay => inserted("book", "SELECT count(*) FROM settlement.book"),
        SagaStep::Post => Fact {
            ours: "NEW.chunk = 0",
            ..inserted("posted_chunk", "SELECT count(*) FROM settlement.posted_chunk WHERE chunk = 0")
        },
        SagaStep::Settle => Fact {
            table: "settlement",
            operation: "UPDATE",
            ours: "NEW.state = 'POSTED'",
            rows: "SELECT count(*) FROM settlement.settlement WHERE settled_at IS NOT NULL",
        },
        SagaStep::Anchor => inserted("receipt", "SELECT count(*) FROM settlement.receipt"),
        SagaStep::CopySeries => inserted("series_page", "SELECT count(*) FROM settlement.series_page"),
        SagaStep::Judge => inserted("judged", "SELECT count(*) FROM settlement.judged"),
        SagaStep::Refund => inserted("refunded_chunk", "SELECT count(*) FROM settlement.refunded_chunk"),
    }
}

/// Two chunks of bets and a series, and the first winner was brought by somebody who was brought by somebody.
struct Case {
    world: World,
    room: Room,
    chain: [Vec<u8>; 2],
}

/// Everything that is left behind: the traces, what was earned, and how much of the series was copied.
type Ends = (Traces, [Vec<(u64, i64)>; 2], i64);

impl Case {
    async fn new() -> Self {
        let mut room = (0..2_001).fold(Room::new(1, Kind::Touch), |room, number| room.bet(number % 2, "0.5"));
        room.terms.dispute_seconds = 86_400;
        let mut world = World::without_service("none").await;
        world.start().await;
        let chain = [1_u128, 2].map(|number| Uuid::from_u128(0xabc0 + number).as_bytes().to_vec());
        let [first, second] = chain.clone();
        line_up(&Office::open(&world).await, &[second, first, room.bets[0].account_id.clone()]).await;
        world.open(&room);
        Self { world, room, chain }
    }

    /// The step fails twice inside its transaction, for a reason that blames nobody.
    async fn fails(step: SagaStep) -> Ends {
        let case = Self::before(step).await;
        let strike = "IF nextval('public.strikes') <= 2 THEN
                          RAISE EXCEPTION 'as told' USING ERRCODE = 'serialization_failure';
                      END IF;";
        case.strike(step, "CREATE SEQUENCE public.strikes", strike).await;
        let ends = case.ends(step).await;
        let struck: i64 = sqlx::query_scalar("SELECT last_value FROM public.strikes")
            .fetch_one(case.superuser())
            .await
            .unwrap();
        assert!(struck > 2, "{step:?} did not fail");
        ends
    }

    /// The process dies inside the step's transaction, or as soon as that is committed; another one goes on.
    async fn is_killed(step: SagaStep, inside: bool) -> Ends {
        let mut case = Self::before(step).await;
        for replica in case.world.replicas.drain(..) {
            replica.stop().await.unwrap();
        }
        let mut gate = case.superuser().acquire().await.unwrap();
        if inside {
            sqlx::query("SELECT pg_advisory_lock(42)").execute(&mut *gate).await.unwrap();
            case.strike(step, "SELECT 1", "PERFORM pg_advisory_xact_lock_shared(42);").await;
        }
        case.begin(step).await;
        let mut service = case.process();
        let reached = if inside {
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        } else {
            fact(step).rows
        };
        eventually("the step is reached", || async {
            sqlx::query_scalar::<_, i64>(reached).fetch_one(case.superuser()).await.unwrap() > 0
        })
        .await;
        service.kill().await.unwrap();
        if inside {
            sqlx::query("SELECT pg_advisory_unlock(42)").execute(&mut *gate).await.unwrap();
        }
        // Long enough for whatever the dead process had taken to be due again.
        case.world.db.advance(Duration::from_secs(31)).await.unwrap();
        case.world.start().await;
        case.ends(step).await
    }

    /// What brings the step about comes again when everything is over.
    async fn again(&self, step: SagaStep) {
        let (room, id) = (&self.room, self.room.id);
        let posted = |chunk| PayoutsPosted { room_id: id.bytes(), chunk, ..Default::default() };
        match step {
            SagaStep::Decide => self.world.resolve(id, &touched()).await,
            SagaStep::Freeze => self.tell(&room.frozen()).await,
            SagaStep::Pay => self.errand("READ_BETS").await,
            SagaStep::Post => self.tell(&posted(0)).await,
            SagaStep::Settle => self.tell(&posted(1)).await,
            SagaStep::Anchor => {
                let again = ReceiptAnchored {
                    room_id: id.bytes(),
                    signature: "another".to_owned(),
                    memo: "another".to_owned(),
                    ..Default::default()
                };
                self.tell(&again).await;
            }
            SagaStep::CopySeries => self.errand("COPY_SERIES").await,
            SagaStep::Judge => {
                assert!(Office::open(&self.world).await.judge(ANN, id, Judgement::Refund).await.is_err())
            }
            SagaStep::Refund => {
                self.tell(&StakesRefunded { room_id: id.bytes(), chunk: 0, awaiting_funds: false }).await;
                self.tell(&StakesRefunded { room_id: id.bytes(), chunk: 0, awaiting_funds: true }).await;
            }
        }
    }

    async fn tell<E: Event>(&self, event: &E) {
        self.world.parties.publish(event.subject(), E::full_name(), event.encode_to_vec()).await.unwrap();
    }

    async fn errand(&self, kind: &str) {
        sqlx::query("INSERT INTO settlement.errand (room_id, kind) VALUES ($1, $2)")
            .bind(self.room.id.uuid())
            .bind(kind)
            .execute(self.superuser())
            .await
            .unwrap();
    }

    /// Everything up to a step, which the next message brings about.
    async fn before(step: SagaStep) -> Self {
        let case = Self::new().await;
        match step {
            // The book is made in the transaction of its freeze, unless the bets could not be read just then.
            SagaStep::Pay => case.world.misbehave(|all| {
                all.unavailable.insert("bets", 1);
            }),
            SagaStep::Judge | SagaStep::Refund => {
                case.settled().await;
                let office = Office::open(&case.world).await;
                office.dispute(&case.room, 1).await.unwrap();
                for person in [ANN, BOB] {
                    office.judge(person, case.room.id, Judgement::Refund).await.unwrap();
                }
            }
            SagaStep::Decide
            | SagaStep::Freeze
            | SagaStep::Post
            | SagaStep::Settle
            | SagaStep::Anchor
            | SagaStep::CopySeries => {}
        }
        case
    }

    /// Brings a step about, sooner or later. So much is repaid that an admin has to agree.
    async fn begin(&self, step: SagaStep) {
        if step < SagaStep::Judge {
            return self.world.resolve(self.room.id, &touched()).await;
        }
        let office = Office::open(&self.world).await;
        office.publish(Uuid::now_v7(), &office.judgement(ADA, self.room.id, Judgement::Refund).await).await;
    }

    /// Has something happen inside the step's transaction.
    async fn strike(&self, step: SagaStep, setup: &'static str, body: &'static str) {
        let Fact { table, operation, ours, .. } = fact(step);
        sqlx::query(setup).execute(self.superuser()).await.unwrap();
        for sql in [
            format!(
                "CREATE FUNCTION public.strike() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                 BEGIN {body} RETURN NEW; END $$"
            ),
            format!(
                "CREATE TRIGGER strike BEFORE {operation} ON settlement.{table} FOR EACH ROW WHEN ({ours})
                 EXECUTE FUNCTION public.strike()"
            ),
        ] {
            sqlx::query(AssertSqlSafe(sql)).execute(self.superuser()).await.unwrap();
        }
    }

    fn process(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_settlement-svc"))
            .env_clear()
            .envs(self.world.variables())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    fn superuser(&self) -> &PgPool {
        self.world.db.superuser()
    }

    /// Goes on to the end. Whoever tells a verdict or judges repeats it until it stands.
    async fn ends(&self, step: SagaStep) -> Ends {
        if step < SagaStep::Judge {
            self.settled().await;
        } else {
            self.corrected().await;
        }
        self.left().await
    }

    async fn settled(&self) {
        self.world.resolve(self.room.id, &touched()).await;
        self.world.anchored(&self.room).await;
    }

    async fn corrected(&self) {
        let office = Office::open(&self.world).await;
        if let Err(refusal) = office.judge(ADA, self.room.id, Judgement::Refund).await {
            assert_eq!(refusal.code, RefusalCode::DisputeClosed);
        }
        eventually("corrected and told", || async {
            let issued: i64 = sqlx::query_scalar("SELECT count(*) FROM settlement.issued")
                .fetch_one(self.superuser())
                .await
                .unwrap();
            issued == 0 && !self.world.parties.told.lock().unwrap().corrected.is_empty()
        })
        .await;
    }

    async fn left(&self) -> Ends {
        let [first, second] = &self.chain;
        let traces = self.world.traces(&self.room).await;
        let earned = [levels(&self.world, first).await, levels(&self.world, second).await];
        let copied = sqlx::query_scalar("SELECT count(*) FROM settlement.series_page");
        (traces, earned, copied.fetch_one(self.superuser()).await.unwrap())
    }
}

/// What is left behind where nothing goes wrong, by whether the room is corrected.
async fn undisturbed() -> [Ends; 2] {
    let case = Case::before(SagaStep::Judge).await;
    let settled = case.left().await;
    [settled, case.ends(SagaStep::Judge).await]
}

fn of(expected: &[Ends; 2], step: SagaStep) -> &Ends {
    &expected[usize::from(step >= SagaStep::Judge)]
}

#[tokio::test]
async fn every_step_may_fail() {
    let expected = undisturbed().await;
    let steps = SagaStep::ALL.iter().map(|step| {
        let expected = of(&expected, *step);
        async move { assert_eq!(Case::fails(*step).await, *expected, "{step:?} failed") }
    });
    stream::iter(steps).buffer_unordered(3).collect::<()>().await;
}

#[tokio::test]
async fn every_step_may_be_repeated() {
    let case = Case::before(SagaStep::Judge).await;
    let expected = case.ends(SagaStep::Judge).await;
    for step in SagaStep::ALL {
        case.again(*step).await;
        case.world.rests().await;
        assert_eq!(case.left().await, expected, "{step:?} repeated");
    }
    let told = case.world.parties.told.lock().unwrap();
    let count = |kind: &str| told.events.iter().filter(|(one, _)| one == kind).count();
    assert_eq!(count(&RoomSettled::full_name()), 2, "each part of the result is told once");
    assert_eq!(count(&ReceiptReady::full_name()), 1);
    assert_eq!(count(&RoomCorrected::full_name()), 1);
}

/// Scenario 37, before the commit and after it.
#[tokio::test]
async fn scenario_37_killed_in_any_step_each_bet_is_paid_once() {
    let expected = undisturbed().await;
    let kills = SagaStep::ALL.iter().flat_map(|step| [(*step, true), (*step, false)]);
    let kills = kills.map(|(step, inside)| {
        let expected = of(&expected, step);
        async move {
            assert_eq!(Case::is_killed(step, inside).await, *expected, "killed inside {step:?}: {inside}");
        }
    });
    stream::iter(kills).buffer_unordered(3).collect::<()>().await;
}
