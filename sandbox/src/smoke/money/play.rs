//! Everybody moves money at the same time, each one step after the other, through chat and chain.

use std::sync::Mutex;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::super::person::{Manners, Person, between, line_below};
use super::super::plan::sol;
use super::super::table;
use super::super::tale::Tale;
use super::plan::{Part, Plan, Step};
use super::weather::Weather;
use crate::botapi::Game;
use crate::world::World;

/// Money that left, as its user was told.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Whose.
    pub name: &'static str,
    /// Where to; used once.
    pub address: String,
    /// What the preview said would arrive, in lamports.
    pub arrives: i64,
}

/// A run of the plan.
pub struct Play<'a> {
    pub(super) world: &'a World,
    pub(super) plan: &'a Plan,
    pub(super) tale: &'a Tale,
    weather: &'a Weather,
    /// In the order of the plan.
    pub(super) people: Vec<Person>,
    payments: Mutex<Vec<Payment>>,
}

impl<'a> Play<'a> {
    /// Everybody is there.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn begin(
        world: &'a World,
        plan: &'a Plan,
        weather: &'a Weather,
        tale: &'a Tale,
        manners: Manners,
    ) -> Result<Self> {
        let game = Game::new(&world.addresses().page);
        let meeting = plan.parts.iter().map(|part| Person::meet(&game, part.name, tale, manners));
        let people = try_join_all(meeting).await?;
        Ok(Self { world, plan, tale, weather, people, payments: Mutex::default() })
    }

    /// From the first message to the last payment told.
    ///
    /// # Errors
    /// Somebody waited in vain, or heard something else.
    pub async fn play(&self) -> Result<()> {
        let parts = self.people.iter().zip(&self.plan.parts);
        try_join_all(parts.map(|(person, part)| self.part(person, part))).await?;
        Ok(())
    }

    /// What was paid.
    pub fn payments(&self) -> Vec<Payment> {
        self.payments.lock().map(|payments| payments.clone()).unwrap_or_default()
    }

    async fn part(&self, person: &Person, part: &Part) -> Result<()> {
        let terms = person.say("/start", "Welcome to ROOMS").await?;
        person.tap(&terms, "I am 18+", "Your desk").await?;
        let screen = person.say("/deposit", "Send SOL to your address").await?;
        let address = line_below(&screen.text, "Send SOL to your address")?;
        for step in &part.steps {
            match *step {
                Step::Deposit(lamports) => self.deposit(person, &address, lamports).await?,
                Step::Withdraw(lamports) => self.withdraw(person, lamports).await?,
            }
        }
        Ok(())
    }

    async fn deposit(&self, person: &Person, address: &str, lamports: i64) -> Result<()> {
        let outside = self.world.outside();
        let amount = sol(lamports);
        {
            let _no_restart = self.weather.outside.read().await;
            // What stays there keeps the outside wallet alive on chain, and pays its fee.
            let lamports = u64::try_from(lamports)?;
            outside.airdrop(&outside.address(person.id())?, lamports + 10_000_000).await?;
            person.tell(format_args!("sends {amount} SOL to {address}"));
            outside.send(person.id(), &address.parse()?, lamports).await?;
        }
        let key = format!("{} deposits {amount}", person.name);
        self.tale.begins(&key);
        let heading = format!("Deposit credited · {amount} SOL");
        person.hear("the credit", |text| text.starts_with(&heading)).await?;
        self.tale.ends(&key, "deposit on chain to credit told");
        Ok(())
    }

    /// To an address of its own, with two taps on the last button.
    async fn withdraw(&self, person: &Person, lamports: i64) -> Result<()> {
        let (amount, address) = (sol(lamports), Keypair::new().pubkey().to_string());
        person.say("/withdraw", "Send me the Solana address").await?;
        person.say(&address, "How much?").await?;
        let preview = person.say(&amount, "Check it once more").await?;
        table::says(&preview, &[&address, &format!("Leaves your balance {amount} SOL")])?;
        let arrives = between(&preview.text, "Arrives ", " SOL")?.to_owned();
        let heading = format!("Withdrawal {amount} SOL");
        let key = format!("{} withdraws {amount}", person.name);
        self.tale.begins(&key);
        person.tap_twice(&preview, "Confirm", &heading).await?;
        let finalized = |text: &str| text.starts_with(&heading) && text.contains("✓ final on chain");
        person.hear("the withdrawal's end", finalized).await?;
        self.tale.ends(&key, "withdrawal confirmed to final on chain");
        let arrives = proto::Lamports::parse_sol(&arrives).context("what arrives")?.get();
        if let Ok(mut payments) = self.payments.lock() {
            payments.push(Payment { name: person.name, address, arrives });
        }
        Ok(())
    }
}
