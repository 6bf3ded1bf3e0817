//! What holds of every text that comes back from a button, or from a link.

use gateway::{
    arrival::{Arrival, Content},
    callbacks::{MAX_BYTES, Press, link_of, payload_of},
    domain::Link,
};
use serde_json::json;

/// Takes a text as callback data and as the payload of a link. Returns whether it is a button of this release.
pub fn check(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    a_link_leads_to_one_place(&text);
    arrives_as_it_was_sent(&text);
    let Ok(press) = Press::decode(&text) else { return false };
    let encoded = press.encode();
    // One button, one text: what is compared as text is compared as what it says.
    assert_eq!(encoded, text);
    assert!(encoded.len() <= MAX_BYTES, "{encoded} has {} bytes", encoded.len());
    true
}

/// A payload that means something is written as another that means the same and fits into a link.
fn a_link_leads_to_one_place(text: &str) {
    let link = link_of(text);
    match payload_of(link) {
        Some(payload) => {
            assert!(payload.len() <= 64, "{payload} is too long for a link");
            assert_eq!(link_of(&payload), link, "{text} and {payload}");
        }
        None => assert_eq!(link, Link::default()),
    }
}

fn arrives_as_it_was_sent(text: &str) {
    let user = json!({"id": 7, "is_bot": false, "first_name": "A"});
    let chat = json!({"id": 7, "type": "private", "first_name": "A"});
    let message = json!({"message_id": 3, "date": 1, "chat": chat, "text": "x"});
    let query = json!({"id": "q", "from": user, "chat_instance": "1", "message": message, "data": text});
    let update = json!({"update_id": 1, "callback_query": query}).to_string();
    let update = serde_json::from_str(&update).expect("an update");
    let arrival = Arrival::of(&update).expect("somebody pressed");
    let press = Content::Press { query_id: "q".into(), data: text.to_owned(), message_id: 3 };
    assert_eq!(arrival.content, press);
}
