//! Inline mode: somebody types `@bot words` in any chat, and sends one of what the bot offers
//! (<https://core.telegram.org/bots/inline>).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use rand::Rng;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::botapi::content;
use crate::botapi::params::Params;
use crate::botapi::people;
use crate::botapi::refusal::Refusal;
use crate::botapi::wire::Message;
use crate::botapi::world::World;

/// Results of an answer.
const MAX_RESULTS: usize = 50;
/// A result can be sent for so long after it was shown.
const KEPT: Duration = Duration::from_secs(600);

/// What was typed and what was offered for it.
struct Search {
    user: i64,
    at: Instant,
    words: String,
    results: Option<Vec<Map<String, Value>>>,
}

/// Searches of the last minutes.
#[derive(Default)]
pub(crate) struct Searches(HashMap<String, Search>);

impl Searches {
    /// What was offered, once the bot has answered.
    pub(crate) fn results(&self, id: &str) -> Option<&[Map<String, Value>]> {
        self.0.get(id)?.results.as_deref()
    }
}

/// Somebody has typed these words.
pub(crate) fn ask(world: &mut World, user: i64, words: &str) -> Result<String, Refusal> {
    let person = people::person(world, user)?;
    let id = rand::rng().random_range(1_u64 << 60..1 << 62).to_string();
    let query =
        json!({"id": id, "from": person.user, "query": words, "offset": "", "chat_type": "supergroup"});
    world.enqueue("inline_query", query)?;
    world.searches.0.retain(|_, search| search.at.elapsed() < KEPT);
    let search = Search { user, at: Instant::now(), words: words.to_owned(), results: None };
    world.searches.0.insert(id.clone(), search);
    Ok(id)
}

/// `answerInlineQuery`
pub(crate) fn answer(world: &mut World, params: &Params, life: Duration) -> Result<Value, Refusal> {
    let results: Vec<Map<String, Value>> = params.json("results", "results")?.unwrap_or_default();
    if results.len() > MAX_RESULTS {
        return Err(Refusal::bad("RESULTS_TOO_MUCH"));
    }
    let mut ids = BTreeSet::new();
    for result in &results {
        let id = text_of(result, "id");
        if !(1..=64).contains(&id.len()) || !ids.insert(id) {
            return Err(Refusal::bad("RESULT_ID_INVALID"));
        }
        if text_of(result, "type") != "article" || text_of(result, "title").is_empty() {
            return Err(Refusal::bad("this server offers articles with a title only"));
        }
        shown(result)?;
    }
    params.int("cache_time")?;
    let id = params.text("inline_query_id").unwrap_or_default();
    let search = world.searches.0.get_mut(&id).filter(|search| search.at.elapsed() < life);
    let search = search.filter(|search| search.results.is_none()).ok_or_else(|| {
        Refusal::bad("query is too old and response timeout expired or query ID is invalid")
    })?;
    search.results = Some(results);
    Ok(Value::Bool(true))
}

fn text_of<'a>(result: &'a Map<String, Value>, name: &str) -> &'a str {
    result.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What a result puts into the chat.
fn shown(result: &Map<String, Value>) -> Result<(content::Formatted, content::Markup), Refusal> {
    let Some(Value::Object(written)) = result.get("input_message_content") else {
        return Err(Refusal::bad("MESSAGE_TEXT_EMPTY"));
    };
    let mut written = written.clone();
    if let Some(text) = written.remove("message_text") {
        written.insert("text".to_owned(), text);
    }
    let text = content::text(&Params::from_object(written), "MESSAGE_TOO_LONG")?;
    let markup = result.get("reply_markup").map(|markup| ("reply_markup".to_owned(), markup.clone()));
    let markup = content::markup(&Params::from_object(markup.into_iter().collect()))?;
    Ok((text, markup))
}

/// Somebody sends one of the results into a chat.
pub(crate) fn choose(
    world: &mut World,
    user: i64,
    chat: i64,
    id: &str,
    result: &str,
) -> Result<Message, Refusal> {
    let unknown = || Refusal::bad("no such search, or nothing was offered for it");
    let search = world.searches.0.get(id).filter(|search| search.user == user).ok_or_else(unknown)?;
    let chosen = search.results.iter().flatten().find(|offered| text_of(offered, "id") == result);
    let (text, markup) = shown(chosen.ok_or_else(unknown)?)?;
    let words = search.words.clone();
    let person = people::person(world, user)?;
    let chat = people::seat(world, &person, chat)?;
    let mut message = world.draft(&person.user, &chat);
    message.via_bot = Some(world.bot.clone());
    message.text = Some(text.text);
    message.entities = text.entities;
    message.reply_markup = markup.keyboard;
    // Bots hear of it only where they have asked @BotFather to.
    let told = json!({"result_id": result, "from": person.user, "query": words});
    if world.state.allowed_updates.iter().any(|kind| kind == "chosen_inline_result") {
        world.enqueue("chosen_inline_result", told)?;
    }
    Ok(people::hand_over(world, message, false)?.message)
}
