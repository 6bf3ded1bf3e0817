//! Carries out the strikes of a plan at their times.

use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream::stream::DiscardPolicy;
use futures::future::try_join_all;
use rust_decimal::Decimal;
use servers::faulty_rpc::Faults as RpcFaults;
use servers::postgres::SUPERUSER;
use sqlx::{AssertSqlSafe, Connection};
use tokio::time::{Instant, sleep, sleep_until};

use super::check::Conduct;
use super::client::{Client, lock};
use super::plan::{Fault, Plan, RpcLie, VenueLie};
use super::unix_millis;
use crate::services;
use crate::smoke::tale::Tale;
use crate::venues::Fault as VenueFault;
use crate::world::links::Condition;
use crate::world::{DATABASE, World};

/// A strike at what makes prices may leave a room without one for so long afterwards, in milliseconds.
const BLIND: i64 = 45_000;

/// The database's clock is never farther from this machine's, in milliseconds.
const CLOCK_MOST: i64 = 3_000;

/// Slots that a lagging endpoint is behind.
const SLOTS: u64 = 30;

/// Strikes the world.
pub struct Injector<'a> {
    world: &'a World,
    client: &'a Client,
    tale: &'a Tale,
    /// One thing at a time happens to each server.
    broker: tokio::sync::Mutex<()>,
    /// With it, how far its clock is off, in milliseconds.
    database: tokio::sync::Mutex<i64>,
    conduct: Mutex<Conduct>,
    /// When each strike was carried out, by its place in the plan, in milliseconds of the load.
    struck: Mutex<Vec<(usize, u64)>>,
}

impl<'a> Injector<'a> {
    /// Nothing has happened yet.
    pub fn new(world: &'a World, client: &'a Client, tale: &'a Tale) -> Self {
        Self {
            world,
            client,
            tale,
            broker: tokio::sync::Mutex::default(),
            database: tokio::sync::Mutex::default(),
            conduct: Mutex::default(),
            struck: Mutex::default(),
        }
    }

    /// What excuses something.
    pub fn conduct(&self) -> Conduct {
        lock(&self.conduct).clone()
    }

    /// When each strike was carried out.
    pub fn struck(&self) -> Vec<(usize, u64)> {
        lock(&self.struck).clone()
    }

    /// Carries out the whole plan, whose times count from now, and mends everything.
    ///
    /// # Errors
    /// A server does not come back.
    pub async fn play(&self, plan: &Plan) -> Result<()> {
        let began = Instant::now();
        let strikes = plan.strikes.iter().enumerate().map(|(place, strike)| async move {
            sleep_until(began + Duration::from_millis(strike.at)).await;
            self.tale.tell("", format_args!("** {}", strike.fault));
            lock(&self.struck).push((place, self.client.millis()));
            self.excuse(strike.fault);
            self.carry_out(strike.fault).await.with_context(|| strike.fault.to_string())
        });
        let struck = try_join_all(strikes).await;
        self.mend()?;
        struck.map(drop)
    }

    fn mend(&self) -> Result<()> {
        if let Some(links) = self.world.links() {
            links.mend();
        }
        self.world.endpoints().iter().for_each(|endpoint| endpoint.set(RpcFaults::default()));
        self.world.services().iter().for_each(crate::supervise::Supervised::resume);
        for venue in crate::venues::Venue::ALL {
            self.world.market().set_fault(venue, VenueFault::None)?;
        }
        Ok(())
    }

    fn excuse(&self, fault: Fault) {
        let now = unix_millis();
        let mut conduct = lock(&self.conduct);
        if fault == Fault::Kill("gateway") {
            conduct.sender_killed.push(now / 1_000);
        }
        if fault.blinds() {
            conduct.blind.push((now, now + BLIND));
        }
    }

    async fn carry_out(&self, fault: Fault) -> Result<()> {
        match fault {
            Fault::Kill(service) => self.world.service(service)?.kill().await,
            Fault::Freeze(service, ms) => {
                let service = self.world.service(service)?;
                service.pause();
                wait(ms).await;
                service.resume();
            }
            Fault::Cut(service, server, ms) => {
                let links = self.world.links().context("a world without wires")?;
                links.set(service, server, Condition::Cut)?;
                wait(ms).await;
                links.set(service, server, Condition::Whole)?;
            }
            Fault::Slow(service, server, ms, by) => {
                let links = self.world.links().context("a world without wires")?;
                links.set(service, server, Condition::Slow(Duration::from_millis(by)))?;
                wait(ms).await;
                links.set(service, server, Condition::Whole)?;
            }
            Fault::BrokerRestart
            | Fault::BrokerKill
            | Fault::BrokerFreeze(_)
            | Fault::BrokerWipe
            | Fault::BrokerFull(_) => self.broker(fault).await?,
            Fault::DatabaseKill => {
                let _alone = self.database.lock().await;
                self.world.postgres().kill().await;
                self.world.postgres().restart().await?;
            }
            Fault::DatabaseRestart => {
                let _alone = self.database.lock().await;
                self.world.postgres().restart().await?;
            }
            Fault::ClockStep(by) => self.step_clock(by).await?,
            Fault::Venue(venue, lie, ms) => {
                self.world.market().set_fault(venue, venue_fault(lie))?;
                wait(ms).await;
                self.world.market().set_fault(venue, VenueFault::None)?;
            }
            Fault::Rpc(place, lie, ms) => {
                let endpoint = self.world.endpoints().get(place).context("no such endpoint")?;
                endpoint.set(rpc_faults(lie));
                wait(ms).await;
                endpoint.set(RpcFaults::default());
            }
        }
        Ok(())
    }

    async fn broker(&self, fault: Fault) -> Result<()> {
        let _alone = self.broker.lock().await;
        let nats = self.world.nats();
        match fault {
            Fault::BrokerKill => {
                nats.kill().await;
                nats.restart().await
            }
            Fault::BrokerFreeze(ms) => {
                nats.pause().await;
                wait(ms).await;
                nats.resume().await;
                Ok(())
            }
            Fault::BrokerWipe => nats.wipe_and_restart().await,
            Fault::BrokerFull(ms) => {
                // Every store is refused, as on a disk without room; a stream that is away at the moment keeps its room.
                if let Err(error) = self.fill_streams().await {
                    self.tale.tell("", format_args!("   not every stream is full: {error:#}"));
                }
                wait(ms).await;
                // Where the broker is away at the moment, the topology is ensured when it is back.
                if let Err(error) = self.client.bus().ensure_topology().await {
                    self.tale.tell("", format_args!("   left to the topology's keeper: {error}"));
                }
                Ok(())
            }
            _ => nats.restart().await,
        }
    }

    /// Takes the room that is left from every stream: what is stored stays, and nothing is added.
    async fn fill_streams(&self) -> Result<()> {
        let context = self.client.bus().context();
        let commands = proto::Service::ALL.map(chassis::topology::command_stream);
        for name in commands.into_iter().chain([chassis::topology::EVENTS.to_owned()]) {
            let mut config = context.get_stream(&name).await?.cached_info().config.clone();
            config.max_bytes = 1;
            config.discard = DiscardPolicy::New;
            context.update_stream(config).await?;
        }
        Ok(())
    }

    /// Replaces the one clock that decides, in all schemas at once.
    async fn step_clock(&self, by: i64) -> Result<()> {
        let mut off = self.database.lock().await;
        *off = (*off + by).clamp(-CLOCK_MOST, CLOCK_MOST);
        let mut database = self.world.postgres().connect(SUPERUSER, DATABASE).await?;
        let mut unit = database.begin().await?;
        for entry in services::ALL {
            let clock = format!(
                "CREATE OR REPLACE FUNCTION {}.db_clock() RETURNS timestamptz LANGUAGE sql VOLATILE
                 AS 'SELECT clock_timestamp() + interval ''{} ms'''",
                entry.schema, *off
            );
            sqlx::query(AssertSqlSafe(clock)).execute(&mut *unit).await?;
        }
        unit.commit().await?;
        Ok(())
    }
}

async fn wait(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

fn venue_fault(lie: VenueLie) -> VenueFault {
    match lie {
        VenueLie::Wrong(percent) => VenueFault::Wrong { percent: Decimal::from(percent) },
        VenueLie::Stale => VenueFault::Stale,
        VenueLie::Silent => VenueFault::Silent,
        VenueLie::Down => VenueFault::Down,
        VenueLie::Clock(seconds) => VenueFault::Clock { seconds },
    }
}

fn rpc_faults(lie: RpcLie) -> RpcFaults {
    let none = RpcFaults::default();
    match lie {
        RpcLie::BreaksAfterSend => RpcFaults { breaks_after_send: true, ..none },
        RpcLie::ErrsAfterSend => RpcFaults { errs_after_send: true, ..none },
        RpcLie::Swallows => RpcFaults { swallows_sends: true, ..none },
        RpcLie::FindsNothing => RpcFaults { finds_nothing: true, ..none },
        RpcLie::Behind => RpcFaults { behind: SLOTS, ..none },
        RpcLie::Refuses => RpcFaults { refuses: true, ..none },
    }
}
