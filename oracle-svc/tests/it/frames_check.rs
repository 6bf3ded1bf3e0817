//! The body of the fuzz target over venues' messages, under proptest.

#[path = "../../../fuzz/bodies/frames.rs"]
mod body;

use body::SHAPES;
use oracle_svc::venues::all;
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};

#[test]
fn every_recorded_shape_is_read_by_its_venue_and_is_a_quote_nowhere_else() {
    for (owner, text) in SHAPES {
        body::check(text);
        for (venue, _) in all() {
            let read = venue.read(text);
            if venue.id() == owner {
                assert!(read.is_ok() || text.contains(r#""event":"error""#), "{owner}: {text}: {read:?}");
                let is_price = ["ticker\",", "trade\"", "tickers\""].iter().any(|word| text.contains(word));
                assert_eq!(body::quotes(&*venue, text), is_price, "{text}");
            } else {
                assert!(!body::quotes(&*venue, text), "{owner} at {}: {text}", venue.id());
            }
        }
    }
}

#[test]
fn new_fields_are_tolerated_wherever_they_appear() {
    for (owner, text) in SHAPES {
        let Ok(mut value) = serde_json::from_str::<Value>(text) else { continue };
        let (venue, _) = all().into_iter().find(|(venue, _)| venue.id() == owner).unwrap();
        let Ok(before) = venue.read(text) else { continue };
        add_a_field_everywhere(&mut value);
        let after =
            venue.read(&value.to_string()).unwrap_or_else(|error| panic!("{owner}: {value}: {error}"));
        assert_eq!(after, before, "{value}");
    }
}

fn add_a_field_everywhere(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(add_a_field_everywhere);
            fields.insert("added_later".to_owned(), json!({"deep": [1, "two", null]}));
        }
        Value::Array(items) => items.iter_mut().for_each(add_a_field_everywhere),
        _ => {}
    }
}

/// Values that a field may hold and should not.
fn odd() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(-1),
        json!(""),
        json!([]),
        json!({}),
        json!(true),
        json!("NaN"),
        json!("-0.0"),
        json!("1e9"),
        json!("99999999999999999999999999999999999999"),
        json!("0.0000000000001"),
        json!(1e300),
        json!(u64::MAX),
        json!("9223372036854775807"),
        json!("0"),
        json!(0),
    ])
}

/// Changes the n-th scalar of a message.
fn change(value: &mut Value, at: &mut usize, new: &Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|inner| change(inner, at, new)),
        Value::Array(items) => items.iter_mut().for_each(|inner| change(inner, at, new)),
        scalar => {
            if *at == 0 {
                *scalar = new.clone();
            }
            *at = at.wrapping_sub(1);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        body::check(&text);
    }

    #[test]
    fn any_bytes_written_over_a_message_are_read_or_refused(data in vec(any::<u8>(), 0..40)) {
        body::check_damaged(&data);
    }

    #[test]
    fn text_written_over_a_message_is_read_or_refused(which: u8, at: u16, count: u8, text in "[-0-9a-zA-Z\"{}:,.]{0,16}") {
        let [high, low] = at.to_be_bytes();
        let data: Vec<u8> = [which, high, low, count].into_iter().chain(text.bytes()).collect();
        body::check_damaged(&data);
    }

    #[test]
    fn odd_values_in_any_field_are_read_or_refused(which in any::<Index>(), at in 0_usize..30, new in odd()) {
        let (owner, text) = SHAPES[which.index(SHAPES.len())];
        let Ok(mut value) = serde_json::from_str::<Value>(text) else { return Ok(()) };
        change(&mut value, &mut at.clone(), &new);
        let text = value.to_string();
        body::check(&text);
        for (venue, _) in all().into_iter().filter(|(venue, _)| venue.id() != owner) {
            prop_assert!(!body::quotes(&*venue, &text), "{} at {}: {}", owner, venue.id(), text);
        }
    }
}
