//! What a bot puts into a message: formatted text, keyboards, the message it answers to.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::botapi::detect::detect;
use crate::botapi::entities::{link, parse_html};
use crate::botapi::params::Params;
use crate::botapi::refusal::Refusal;
use crate::botapi::state::State;
use crate::botapi::wire::{Button, Entity, Keyboard, Message, utf16_len};

/// UTF-16 units in a text, after the entities are parsed.
pub(crate) const MAX_TEXT: usize = 4096;
/// UTF-16 units in a caption, after the entities are parsed.
pub(crate) const MAX_CAPTION: usize = 1024;
const MAX_ENTITIES: usize = 100;
const MAX_BUTTONS: usize = 100;

/// A text with its look; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) entities: Vec<Entity>,
}

/// Parses a text as its `parse_mode` or its explicit entities say.
pub(crate) fn formatted(
    source: &str,
    parse_mode: Option<&str>,
    explicit: Option<Vec<Entity>>,
) -> Result<Formatted, Refusal> {
    let source = source.replace('\r', "");
    let (text, entities) = match parse_mode.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "none") => (source, explicit.unwrap_or_default()),
        Some("html") => {
            parse_html(&source).map_err(|why| Refusal::bad(format!("can't parse entities: {why}")))?
        }
        Some("markdown" | "markdownv2") => {
            return Err(Refusal::bad("this server parses parse_mode HTML only, not Markdown"));
        }
        Some(_) => return Err(Refusal::bad("unsupported parse_mode")),
    };
    let length = utf16_len(&text);
    if entities.iter().any(|entity| entity.length == 0 || entity.end() > length) {
        return Err(Refusal::bad("entity beyond the end of the text"));
    }
    let mut result = trimmed(&text, entities);
    detect(&result.text, &mut result.entities);
    result.entities.truncate(MAX_ENTITIES);
    Ok(result)
}

/// Takes white space off both ends; entities that lose all their text go.
fn trimmed(text: &str, entities: Vec<Entity>) -> Formatted {
    let kept = text.trim();
    let lead = utf16_len(text.split_at_checked(text.len() - text.trim_start().len()).map_or("", |(l, _)| l));
    let length = utf16_len(kept);
    let shift = |mut entity: Entity| {
        let end = entity.end().saturating_sub(lead).min(length);
        entity.offset = entity.offset.saturating_sub(lead);
        entity.length = end.saturating_sub(entity.offset);
        (entity.length > 0).then_some(entity)
    };
    Formatted { text: kept.to_owned(), entities: entities.into_iter().filter_map(shift).collect() }
}

/// The text of a text message.
pub(crate) fn text(params: &Params, too_long: &str) -> Result<Formatted, Refusal> {
    let Some(source) = params.text("text") else {
        return Err(Refusal::bad("message text is empty"));
    };
    let entities = params.json("entities", "entities")?;
    let formatted = formatted(&source, params.text("parse_mode").as_deref(), entities)?;
    if formatted.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if utf16_len(&formatted.text) > MAX_TEXT {
        return Err(Refusal::bad(too_long));
    }
    Ok(formatted)
}

/// The caption of a picture or file; empty if there is none.
pub(crate) fn caption(params: &Params) -> Result<Formatted, Refusal> {
    let source = params.text("caption").unwrap_or_default();
    let entities = params.json("caption_entities", "caption entities")?;
    checked_caption(formatted(&source, params.text("parse_mode").as_deref(), entities)?)
}

/// A caption that is not too long.
pub(crate) fn checked_caption(caption: Formatted) -> Result<Formatted, Refusal> {
    if utf16_len(&caption.text) > MAX_CAPTION {
        return Err(Refusal::bad("message caption is too long"));
    }
    Ok(caption)
}

/// What a message carries below it.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    pub(crate) keyboard: Option<Keyboard>,
    /// The placeholder of the answer asked for.
    pub(crate) force_reply: Option<String>,
}

/// Reads `reply_markup`.
pub(crate) fn markup(params: &Params) -> Result<Markup, Refusal> {
    let Some(object) = params.json::<Map<String, Value>>("reply_markup", "reply keyboard markup")? else {
        return Ok(Markup::default());
    };
    if object.contains_key("inline_keyboard") {
        return Ok(Markup { keyboard: keyboard(object)?, force_reply: None });
    }
    if object.get("force_reply") == Some(&Value::Bool(true)) {
        let hint = object.get("input_field_placeholder").and_then(Value::as_str);
        return Ok(Markup { keyboard: None, force_reply: Some(hint.unwrap_or_default().into()) });
    }
    if object.is_empty() || object.get("remove_keyboard") == Some(&Value::Bool(true)) {
        return Ok(Markup::default());
    }
    Err(Refusal::bad("this server shows inline keyboards and forced replies only"))
}

fn keyboard(object: Map<String, Value>) -> Result<Option<Keyboard>, Refusal> {
    let mut keyboard: Keyboard = serde_json::from_value(Value::Object(object))
        .map_err(|why| Refusal::bad(format!("can't parse inline keyboard button: {why}")))?;
    keyboard.inline_keyboard.retain(|row| !row.is_empty());
    if keyboard.inline_keyboard.iter().map(Vec::len).sum::<usize>() > MAX_BUTTONS {
        return Err(Refusal::bad("reply markup is too long"));
    }
    for button in keyboard.inline_keyboard.iter_mut().flatten() {
        check_button(button)?;
    }
    Ok((!keyboard.inline_keyboard.is_empty()).then_some(keyboard))
}

fn check_button(button: &mut Button) -> Result<(), Refusal> {
    let wrong = |why: &str| Err(Refusal::bad(format!("can't parse inline keyboard button: {why}")));
    if button.text.trim().is_empty() {
        return wrong("Button text must be non-empty");
    }
    let actions = [
        button.callback_data.is_some(),
        button.url.is_some(),
        button.copy_text.is_some(),
        button.switch_inline_query.is_some(),
        button.switch_inline_query_current_chat.is_some(),
    ];
    match actions.iter().filter(|&&there| there).count() {
        1 => {}
        0 => return wrong("Text buttons are unallowed in the inline keyboard"),
        _ => return wrong("Exactly one of the optional fields must be used"),
    }
    if button.callback_data.as_ref().is_some_and(|data| !(1..=64).contains(&data.len())) {
        return Err(Refusal::bad("BUTTON_DATA_INVALID"));
    }
    if let Some(url) = &button.url {
        button.url = Some(link(url).ok_or_else(|| Refusal::bad("BUTTON_URL_INVALID"))?);
    }
    if button.copy_text.as_ref().is_some_and(|copy| !(1..=256).contains(&copy.text.chars().count())) {
        return Err(Refusal::bad("BUTTON_COPY_TEXT_INVALID"));
    }
    match button.style.as_deref() {
        None | Some("primary" | "success" | "danger") => Ok(()),
        Some(_) => wrong("Invalid button style specified"),
    }
}

#[derive(Deserialize)]
struct ReplyParameters {
    message_id: i64,
    #[serde(default)]
    allow_sending_without_reply: bool,
}

/// The message that a new one answers to.
pub(crate) fn reply_target(
    params: &Params,
    state: &State,
    chat: i64,
) -> Result<Option<Box<Message>>, Refusal> {
    let modern = params.json::<ReplyParameters>("reply_parameters", "reply parameters")?;
    let (id, forgiving) = match modern {
        Some(reply) => (reply.message_id, reply.allow_sending_without_reply),
        None => match params.int("reply_to_message_id")? {
            Some(id) => (id, params.flag("allow_sending_without_reply")),
            None => return Ok(None),
        },
    };
    match state.messages.get(&(chat, id)).filter(|stored| !stored.deleted) {
        Some(stored) => Ok(Some(Box::new(quoted(&stored.message)))),
        None if forgiving => Ok(None),
        None => Err(Refusal::bad("message to be replied not found")),
    }
}

/// A message as it appears inside another one.
pub(crate) fn quoted(message: &Message) -> Message {
    Message { reply_to_message: None, ..message.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(value: Value) -> Params {
        let Value::Object(object) = value else { panic!("not an object") };
        Params::from_object(object)
    }

    fn refusal(value: Value) -> String {
        let params = call(json!({"reply_markup": {"inline_keyboard": [[value]]}}));
        markup(&params).unwrap_err().description
    }

    #[test]
    fn lengths_count_utf16_units_after_parsing() {
        // 2,047 emoji are 4,094 units, the tags do not count.
        let html = format!("<b>{}</b>ab", "📈".repeat(2047));
        let fits = text(&call(json!({"text": html, "parse_mode": "HTML"})), "too long").unwrap();
        assert_eq!((utf16_len(&fits.text), fits.entities[0].length), (4096, 4094));
        let error = text(&call(json!({"text": format!("{html}c"), "parse_mode": "html"})), "x");
        assert_eq!(error.unwrap_err(), Refusal::bad("x"));
        let long = call(json!({"caption": "a".repeat(1025)}));
        assert_eq!(caption(&long), Err(Refusal::bad("message caption is too long")));
    }

    #[test]
    fn white_space_around_goes_and_entities_follow() {
        let formatted = formatted("\n <b> a</b> /go \n", Some("HTML"), None).unwrap();
        assert_eq!(formatted.text, "a /go");
        let spans: Vec<_> =
            formatted.entities.iter().map(|e| (e.kind.as_str(), e.offset, e.length)).collect();
        assert_eq!(spans, [("bold", 0, 1), ("bot_command", 2, 3)]);
        let empty = text(&call(json!({"text": " <b> </b> ", "parse_mode": "HTML"})), "x");
        assert_eq!(empty, Err(Refusal::bad("message text is empty")));
    }

    #[test]
    fn other_markup_is_refused() {
        for mode in ["Markdown", "MarkdownV2", "BBCode"] {
            assert!(formatted("*a*", Some(mode), None).is_err(), "{mode}");
        }
        let outside = vec![Entity::new("bold", 2, 3)];
        assert!(formatted("abcd", None, Some(outside)).is_err());
    }

    #[test]
    fn buttons_are_checked_as_telegram_does() {
        let button = |data: &str| json!({"text": "x", "callback_data": data});
        let params = call(json!({"reply_markup":
            json!({"inline_keyboard": [[button(&"d".repeat(64))], []]}).to_string()}));
        assert_eq!(markup(&params).unwrap().keyboard.unwrap().inline_keyboard.len(), 1);
        assert_eq!(refusal(button(&"d".repeat(65))), "Bad Request: BUTTON_DATA_INVALID");
        assert_eq!(refusal(button(&"ü".repeat(33))), "Bad Request: BUTTON_DATA_INVALID");
        assert_eq!(refusal(button("")), "Bad Request: BUTTON_DATA_INVALID");
        let url = json!({"text": "x", "url": "javascript:alert(1)"});
        assert_eq!(refusal(url), "Bad Request: BUTTON_URL_INVALID");
        assert!(refusal(json!({"text": "x"})).contains("Text buttons are unallowed"));
        assert!(refusal(json!({"text": " ", "callback_data": "d"})).contains("non-empty"));
        let both = json!({"text": "x", "callback_data": "d", "url": "https://x.org"});
        assert!(refusal(both).contains("Exactly one"));
    }

    #[test]
    fn a_forced_reply_keeps_its_hint() {
        let params = call(json!({"reply_markup":
            {"force_reply": true, "input_field_placeholder": "Stake in SOL"}}));
        let markup = markup(&params).unwrap();
        assert_eq!((markup.keyboard, markup.force_reply.as_deref()), (None, Some("Stake in SOL")));
    }
}
