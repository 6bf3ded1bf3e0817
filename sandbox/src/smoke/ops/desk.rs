//! Rooms of operators: opened, locked, voided, answered, disputed; and somebody who is banned.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

use super::super::person::Person;
use super::super::plan::{NO, Which, YES};
use super::super::table::{self, Opened};
use super::tool::{By, REFUSED, Tool, UNCONFIRMED, UNKNOWN, text};

/// One of the stakes that the bot offers.
const STAKE: i64 = 100_000_000;

/// A room's number that there is not.
const NO_ROOM: &str = "4711";

/// The rooms, and who plays in them.
pub struct Desk<'a> {
    tool: &'a Tool,
    ann: &'a Person,
    bob: &'a Person,
    /// Is answered.
    answered: Opened,
    /// Is locked, then voided.
    voided: Opened,
    /// Goes on.
    live: Opened,
    /// Bob's account.
    account: String,
}

impl<'a> Desk<'a> {
    /// Opens three rooms, in two of which Ann and Bob bet against each other.
    ///
    /// # Errors
    /// An operator or a player waited in vain.
    pub async fn open(tool: &'a Tool, ann: &'a Person, bob: &'a Person) -> Result<Self> {
        tool.scene("rooms that operators open");
        let unsigned = ["rooms", "open", "--kind", "custom", "--horizon", "1h"];
        tool.bad(By::Nobody, &unsigned, REFUSED, "--key").await?;
        let incomplete = [&unsigned[..], &["--question", "Is it?"]].concat();
        tool.bad(By::Olga, &incomplete, REFUSED, "refused").await?;
        let voided = open(tool, "Does the match take place?", "1h").await?;
        let live = open(tool, "Does the cup go north?", "1h").await?;
        // The last, because its deadline is waited for: half of that time is for bets.
        let answered = open(tool, "Do the Reds win?", "80s").await?;
        for (person, outcome) in [(ann, YES), (bob, NO)] {
            bet(person, &answered, outcome).await?;
        }
        for (person, outcome) in [(ann, YES), (bob, NO)] {
            bet(person, &voided, outcome).await?;
        }
        let number = answered.number.to_string();
        let both = |answer: &Value| answer["bets"].as_array().is_some_and(|bets| bets.len() == 2);
        let bets = tool.until("both bets", &["bets", "list", "--room", &number], both).await?;
        let bobs = bets["bets"].as_array().and_then(|bets| bets.iter().find(|bet| bet["outcome"] == "NO"));
        let account = text(bobs.context("Bob has no bet")?, "/account_id")?;
        tool.good(By::Nobody, &["rooms", "list"]).await?;
        tool.good(By::Nobody, &["rooms", "show", &number]).await?;
        tool.bad(By::Nobody, &["rooms", "show", NO_ROOM], UNKNOWN, "room-svc").await?;
        tool.good(By::Nobody, &["wallet", "show", &account]).await?;
        Ok(Self { tool, ann, bob, answered, voided, live, account })
    }

    /// The number of the room that is answered.
    pub fn resolved(&self) -> String {
        self.answered.number.to_string()
    }

    /// One operator ends betting in a room, once.
    ///
    /// # Errors
    /// roomsctl cannot be run, or does not do it.
    pub async fn lock(&self) -> Result<()> {
        self.tool.scene("lock");
        let number = self.voided.number.to_string();
        let lock = |room| ["rooms", "lock", room, "--reason", "the teams are known"];
        let sure = |room| [&lock(room)[..], &["--yes"]].concat();
        self.tool.bad(By::Olga, &lock(&number), UNCONFIRMED, "--yes").await?;
        self.tool.bad(By::Stranger, &sure(&number), REFUSED, "OPERATOR_SIGNATURE").await?;
        self.tool.bad(By::Olga, &sure(NO_ROOM), UNKNOWN, "room-svc").await?;
        let locked = self.tool.sure(By::Olga, &lock(&number)).await?;
        self.tool.check("a locked room is LOCKED", "LOCKED", &locked["state"], locked["state"] == "LOCKED");
        self.tool.bad(By::Oleg, &sure(&number), REFUSED, "has ended").await?;
        // Nobody bets there any more.
        let card = self.ann.follow(&self.voided.link, &title(&self.voided)).await?;
        let open = card.button("YES").is_some();
        self.tool.check("a locked room offers no bet", "none", if open { "a bet" } else { "none" }, !open);
        Ok(())
    }

    /// Two operators give every stake back; one alone, or one twice, does not.
    ///
    /// # Errors
    /// As above, or the players are not told.
    pub async fn void(&self) -> Result<()> {
        self.tool.scene("void");
        let number = self.voided.number.to_string();
        let void = ["rooms", "void", &number, "--reason", "the match was called off"];
        let sure = [&void[..], &["--yes"]].concat();
        self.tool.bad(By::Olga, &void, UNCONFIRMED, "--yes").await?;
        self.tool.bad(By::Stranger, &sure, REFUSED, "OPERATOR_SIGNATURE").await?;
        let alone = self.tool.sure(By::Olga, &void).await?;
        self.alone("void", &alone);
        // In other words, because within one second the same ones would be the same statement, which counts once.
        let again = ["rooms", "void", &number, "--reason", "it was called off"];
        let alone = self.tool.sure(By::Olga, &again).await?;
        self.alone("void, the same operator twice", &alone);
        let waiting = self.tool.good(By::Oleg, &["waiting"]).await?;
        let shown = waiting["rooms"].as_array().is_some_and(|rooms| {
            rooms.iter().any(|room| room["rulings"][0]["reason"] == "it was called off")
        });
        self.tool.check("the second operator sees the first one's ruling", true, shown, shown);
        let both = self.tool.sure(By::Oleg, &void).await?;
        let stands = both["standing"] == "VOID OPERATOR_VOID" && both["rulings"] == 2;
        self.tool.check("two operators void a room", "VOID OPERATOR_VOID", &both["standing"], stands);
        self.tool
            .until("a voided room is VOIDED", &["rooms", "show", &number], |room| room["state"] == "VOIDED")
            .await?;
        let end = format!(" · room #{number}");
        for person in [self.ann, self.bob] {
            person
                .hear("the stake that came back", |text| {
                    text.lines().next().is_some_and(|line| line.contains(&end)) && text.contains("0.1 SOL")
                })
                .await?;
        }
        Ok(())
    }

    fn alone(&self, what: &str, answer: &Value) {
        let waits = answer["rulings"] == 1 && answer["needed"] == 2 && answer["standing"].is_null();
        let said = format!("{} of {}", answer["rulings"], answer["needed"]);
        self.tool.check(&format!("{what}: nothing stands"), "1 of 2", said, waits);
    }

    /// Bob is kept from playing, and plays again.
    ///
    /// # Errors
    /// As above.
    pub async fn ban(&self) -> Result<()> {
        self.tool.scene("ban");
        let (account, id) = (self.account.as_str(), Uuid::now_v7().to_string());
        let ban = |what, account| ["ban", what, account, "--reason", "two accounts"];
        self.tool.bad(By::Stranger, &ban("set", account), REFUSED, "OPERATOR_SIGNATURE").await?;
        self.tool.bad(By::Olga, &ban("set", &id), UNKNOWN, "ACCOUNT_UNKNOWN").await?;
        self.tool.bad(By::Olga, &ban("lift", account), UNKNOWN, "NOT_FOUND").await?;
        let once = [&ban("set", account)[..], &["--request-id", &id]].concat();
        self.tool.good(By::Olga, &once).await?;
        let other = ["ban", "set", account, "--reason", "three accounts", "--request-id", &id];
        self.tool.bad(By::Olga, &other, REFUSED, "another body").await?;
        let banned = self.tool.good(By::Oleg, &["ban", "list"]).await?;
        let reason = &banned["bans"][0]["reason"];
        self.tool.check("the list of bans says why", "two accounts", reason, reason == "two accounts");
        let card = self.bob.follow(&self.live.link, &title(&self.live)).await?;
        let told = table::refused(self.bob, &card, YES, STAKE, "This account may not play").await;
        self.tool.check("who is banned does not bet", "refused", word(&told), told.is_ok());
        self.tool.good(By::Oleg, &ban("lift", account)).await?;
        let played = bet(self.bob, &self.live, YES).await;
        self.tool.check("who is banned no more bets", "accepted", word(&played), played.is_ok());
        Ok(())
    }

    /// Two operators answer a question after its deadline.
    ///
    /// # Errors
    /// As above.
    pub async fn resolve(&self) -> Result<()> {
        self.tool.scene("resolve");
        let number = self.resolved();
        let resolve = |answer| ["rooms", "resolve", &number, answer, "--reason", "the association says so"];
        self.tool.bad(By::Olga, &resolve("YES"), UNCONFIRMED, "--yes").await?;
        let maybe = [&resolve("MAYBE")[..], &["--yes"]].concat();
        self.tool.bad(By::Olga, &maybe, REFUSED, "it has YES, NO").await?;
        let unknown = ["rooms", "resolve", NO_ROOM, "YES", "--reason", "x", "--yes"];
        self.tool.bad(By::Olga, &unknown, UNKNOWN, "room-svc").await?;
        let stranger = [&resolve("YES")[..], &["--yes"]].concat();
        self.tool.bad(By::Stranger, &stranger, REFUSED, "OPERATOR_SIGNATURE").await?;
        self.deadline().await?;
        let alone = self.tool.sure(By::Olga, &resolve("YES")).await?;
        self.alone("resolve", &alone);
        let other = self.tool.sure(By::Oleg, &resolve("NO")).await?;
        self.alone("resolve, the second says something else", &other);
        let both = self.tool.sure(By::Oleg, &resolve("YES")).await?;
        let stands = both["standing"] == "outcome 0";
        self.tool.check("two operators answer a room", "outcome 0", &both["standing"], stands);
        let settled = |room: &Value| room["state"] == "SETTLED";
        self.tool.until("an answered room is SETTLED", &["rooms", "show", &number], settled).await?;
        self.tool.good(By::Nobody, &["settlement", "show", &number]).await?;
        let late = ["rooms", "void", &number, "--reason", "too late", "--yes"];
        self.tool.bad(By::Olga, &late, REFUSED, "SETTLEMENT_PAID").await
    }

    /// Waits for the deadline; before it a ruling is refused.
    async fn deadline(&self) -> Result<()> {
        let number = self.resolved();
        let room = self.tool.good(By::Nobody, &["rooms", "show", &number]).await?;
        let deadline = text(&room, "/deadline")?;
        let format = &time::format_description::well_known::Rfc3339;
        let deadline = time::OffsetDateTime::parse(&deadline, format).context("a deadline")?;
        #[expect(clippy::disallowed_methods, reason = "the clock of the people who wait")]
        let left = deadline - time::OffsetDateTime::now_utc();
        if left > time::Duration::seconds(5) {
            let early = ["rooms", "resolve", &number, "YES", "--reason", "too early", "--yes"];
            self.tool.bad(By::Olga, &early, REFUSED, "SETTLEMENT_RULING").await?;
        }
        // The database's clock decides, and it is this machine's.
        let left = std::time::Duration::try_from(left).unwrap_or_default();
        tokio::time::sleep(left + std::time::Duration::from_millis(500)).await;
        Ok(())
    }

    /// Bob, who lost, says that it is wrong; two operators repay him.
    ///
    /// # Errors
    /// As above.
    pub async fn dispute(&self) -> Result<()> {
        self.tool.scene("dispute");
        let number = self.resolved();
        let judge = ["dispute", "judge", &number, "refund", "--reason", "the source was wrong"];
        let sure = [&judge[..], &["--yes"]].concat();
        self.tool.bad(By::Oleg, &sure, REFUSED, "DISPUTE_CLOSED").await?;
        self.complain().await?;
        let open = ["dispute", "list", "--state", "open"];
        self.tool
            .until("the dispute is listed", &open, |answer| {
                answer["disputes"][0]["text"] == "They won two to one."
            })
            .await?;
        self.tool.bad(By::Olga, &judge, UNCONFIRMED, "--yes").await?;
        self.tool.bad(By::Stranger, &sure, REFUSED, "OPERATOR_SIGNATURE").await?;
        let again = ["dispute", "judge", &number, "refund", "--reason", "the source was not right"];
        for (name, said) in [("judge", judge), ("judge, the same operator twice", again)] {
            let alone = self.tool.sure(By::Olga, &said).await?;
            let said = format!("{} of {}", alone["judgements"], alone["needed"]);
            self.tool.check(&format!("{name}: nothing is judged"), "1 of 2", &said, said == "1 of 2");
        }
        let both = self.tool.sure(By::Oleg, &judge).await?;
        self.tool.check(
            "two operators judge",
            STAKE,
            &both["refund_lamports"],
            both["refund_lamports"] == STAKE,
        );
        let refunded = ["dispute", "list", "--state", "refunded"];
        let told = |answer: &Value| answer["disputes"].as_array().is_some_and(|all| all.len() == 1);
        self.tool.until("the stake is repaid", &refunded, told).await?;
        // Other words: the same ones within a second would be the same signature.
        let late = ["dispute", "judge", &number, "refund", "--reason", "once more", "--yes"];
        self.tool.bad(By::Oleg, &late, REFUSED, "DISPUTE_CLOSED").await
    }

    async fn complain(&self) -> Result<()> {
        let end = format!("room #{}", self.answered.number);
        let lost = |text: &str| {
            text.starts_with("You lost") && text.lines().next().is_some_and(|line| line.ends_with(&end))
        };
        let notice = self.bob.hear("the loss", lost).await?;
        let result = self.bob.tap(&notice, "Check the result", "Result YES").await?;
        self.bob.tap(&result, "Something is wrong", "Dispute the result").await?;
        let words = self.bob.say("They won two to one.", "Two operators who have not bet").await?;
        self.bob.tap(&words, "Hand it in", "Your dispute is handed in").await.map(drop)
    }
}

/// What a card begins with.
fn title(room: &Opened) -> String {
    format!("Room #{} ", room.number)
}

fn word<T>(done: &Result<T>) -> String {
    done.as_ref().map_or_else(|error| format!("{error:#}"), |_| "so".to_owned())
}

async fn open(tool: &Tool, question: &str, horizon: &str) -> Result<Opened> {
    let room = [
        &["rooms", "open", "--kind", "custom", "--horizon", horizon, "--question", question][..],
        &["--outcome", "YES", "--outcome", "NO", "--criterion", "The association's final table."],
        &["--source", "https://example.org/table", "--max-players", "10"],
    ];
    let room = tool.good(By::Olga, &room.concat()).await?;
    let id = Uuid::parse_str(&text(&room, "/id")?)?;
    Ok(Opened {
        which: Which::Close,
        number: room["number"].as_i64().context("a room without number")?,
        id: proto::RoomId::new(id),
        link: format!("room_{}", URL_SAFE_NO_PAD.encode(id.as_bytes())),
        seconds: 0,
    })
}

async fn bet(person: &Person, room: &Opened, outcome: usize) -> Result<()> {
    let card = person.follow(&room.link, &title(room)).await?;
    let preview = table::preview(person, &card, outcome, STAKE).await?;
    person.tap(&preview, "Confirm", "Bet accepted").await.map(drop)
}
