use std::time::Duration;

use proto::{BasisPoints, Lamports};
use secrecy::{ExposeSecret, SecretString};

use super::*;

#[derive(Debug)]
struct Sample {
    seats: u32,
    hold: Duration,
    password: SecretString,
}

fn declare(r: &mut Reader) -> Result<Sample, Invalid> {
    let seats = r.setting("SEATS", "Seats of a room.").between(2, 100).or(10);
    let hold =
        r.setting("HOLD", "How long a new address waits.").mainnet_no_less().or(Duration::from_secs(86_400));
    let password = r.setting("PASSWORD", "Opens the door.").required("open sesame");
    Ok(Sample { seats: seats?, hold: hold?, password: password? })
}

fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
    let variables = pairs.iter().copied().collect();
    read(variables, declare)
        .err()
        .map(|all| all.iter().map(ToString::to_string).collect())
        .unwrap_or_default()
}

#[test]
fn absent_and_empty_variables_take_their_default() {
    let sample = read(Variables::from([("SEATS", ""), ("PASSWORD", "x")]), declare).unwrap();
    assert_eq!((sample.seats, sample.hold), (10, Duration::from_secs(86_400)));
    assert_eq!(sample.password.expose_secret(), "x");
}

#[test]
fn every_problem_is_reported_at_once() {
    assert_eq!(
        problems(&[("SEATS", "101"), ("HOLD", "1 day"), ("NETWORK", "testnet")]),
        [
            "NETWORK: \"testnet\" is not one of local, devnet, mainnet",
            "SEATS: \"101\" is not within 2 to 100",
            "HOLD: \"1 day\" is not a duration such as 250ms, 15m or 1h30m",
            "PASSWORD: is required and not set (Opens the door.)",
        ]
    );
}

#[test]
fn mainnet_refuses_what_is_weaker_than_the_default() {
    let weak = [("HOLD", "23h"), ("PASSWORD", "x"), ("NETWORK", "mainnet")];
    assert_eq!(problems(&weak), ["HOLD: \"23h\" on mainnet it must be at least 1d"]);
    assert!(problems(&[("HOLD", "25h"), ("PASSWORD", "x"), ("NETWORK", "mainnet")]).is_empty());
    assert!(problems(&[("HOLD", "23h"), ("PASSWORD", "x"), ("NETWORK", "devnet")]).is_empty());
}

#[test]
fn faults_made_on_purpose_are_refused_on_mainnet() {
    let base = [("POSTGRES_URL", "postgres://localhost/rooms"), ("NATS_URLS", "nats://localhost")];
    let faulty = [("BUS_FAULTS", "twice"), ("FAULT_KILL_AT", "relay.published")];
    let local: Variables = base.into_iter().chain(faulty).collect();
    assert_eq!(read(local, Common::declare).unwrap().bus_faults, BusFaults::Twice);
    let mainnet: Variables = base.into_iter().chain(faulty).chain([("NETWORK", "mainnet")]).collect();
    let refused = read(mainnet.with("GRPC_SERVICE_KEY", &"07".repeat(32)), Common::declare).unwrap_err();
    assert_eq!(refused.iter().map(|one| one.name).collect::<Vec<_>>(), ["BUS_FAULTS", "FAULT_KILL_AT"]);
}

#[test]
fn a_secret_is_quoted_nowhere() {
    let url = "http://user:hunter2@localhost/db";
    let refused = read(Variables::from([("POSTGRES_URL", url), ("NATS_URLS", "hunter2")]), Common::declare)
        .unwrap_err();
    assert!(!format!("{refused}{refused:?}").contains("hunter2"), "{refused}");
    assert_eq!(refused.len(), 2);

    let sample = read(Variables::from([("PASSWORD", "hunter2")]), declare).unwrap();
    assert!(!format!("{sample:?}").contains("hunter2"));
    let endpoint = Endpoint::parse("https://user:hunter2@rpc.example:8899/?key=hunter2").unwrap();
    assert_eq!(format!("{endpoint:?}"), "Endpoint(https://rpc.example:8899)");
}

#[test]
fn reading_that_stops_early_is_called_out() {
    let hasty = |r: &mut Reader| {
        let seats: u32 = r.setting("SEATS", "Seats.").or(10)?;
        let port: u16 = r.setting("PORT", "Port.").or(1)?;
        Ok(seats + u32::from(port))
    };
    let refused = read(Variables::from([("SEATS", "x"), ("PORT", "y")]), hasty).unwrap_err();
    assert_eq!(refused.iter().map(|one| one.name).collect::<Vec<_>>(), ["SEATS", "PORT"]);
}

#[test]
fn mistakes_in_declarations_are_found_without_any_variable() {
    let twice = |r: &mut Reader| {
        let first: u32 = r.setting("SEATS", "Seats.").or(10)?;
        let second: u32 = r.setting("SEATS", "Seats.").or(10)?;
        Ok(first + second)
    };
    assert_eq!(describe(twice).unwrap_err()[0].to_string(), "SEATS: is declared twice");
    let outside = |r: &mut Reader| r.setting("SEATS", "Seats.").between(2, 5).or(10u32);
    assert_eq!(describe(outside).unwrap_err()[0].to_string(), "SEATS: the default is not within 2 to 5");
    let example = |r: &mut Reader| r.setting::<u32>("SEATS", "Seats.").required("ten");
    assert!(describe(example).is_err());
}

#[test]
fn conditions_between_settings_are_checked_after_reading() {
    let declare = |r: &mut Reader| {
        let least: u32 = r.setting("LEAST", "Least.").or(1)?;
        let most: u32 = r.setting("MOST", "Most.").or(5)?;
        if least > most { Err(r.refuse("LEAST", format!("must not exceed MOST ({most})"))) } else { Ok(()) }
    };
    let refused = read(Variables::from([("LEAST", "9")]), declare).unwrap_err();
    assert_eq!(refused.to_string(), "1 setting(s) cannot be used:\n  LEAST: must not exceed MOST (5)");
}

#[test]
fn the_manual_lists_every_variable_with_default_and_meaning() {
    let common = describe(Common::declare).unwrap();
    let own = describe(|r: &mut Reader| {
        let common = Common::declare(r);
        let sample = declare(r);
        Ok((common?, sample?))
    })
    .unwrap();
    let text = help(&own);
    for one in &own {
        assert!(text.contains(one.name) && text.contains(one.doc), "{}", one.name);
    }
    assert!(
        text.contains("SEATS  (default 10)\n      Seats of a room.\n      whole number; 2 to 100\n"),
        "{text}"
    );

    let page = markdown(&[
        Manual { service: "a", declarations: common },
        Manual { service: "b", declarations: own },
    ]);
    assert_eq!(page.matches("`POSTGRES_URL`").count(), 1, "shared settings appear once:\n{page}");
    assert!(page.contains("| `HOLD` | How long a new address waits. | duration (250ms, 15m, 1h30m, 7d); mainnet: at least the default | `1d` |"));
    assert!(page.contains("json \\| text"), "a bar inside a cell is escaped");
}

#[test]
fn durations_are_read_as_written() {
    for (text, millis) in [
        ("250ms", 250),
        ("15m", 900_000),
        ("1h30m", 5_400_000),
        ("7d", 604_800_000),
        ("0s", 0),
        ("1s5ms", 1_005),
    ] {
        assert_eq!(Duration::parse(text), Ok(Duration::from_millis(millis)), "{text}");
        assert_eq!(Duration::from_millis(millis).show(), text);
    }
    for wrong in [
        "",
        "5",
        "m",
        "1.5s",
        "-1s",
        "1s1m",
        "1s1s",
        "1 s",
        "1w",
        "99999999999999999999s",
        "999999999999999999d",
    ] {
        assert!(Duration::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn lists_are_split_at_commas() {
    let urls = Vec::<Endpoint>::parse("nats://a:1, nats://b:2").unwrap();
    assert_eq!(urls.iter().map(Endpoint::expose).collect::<Vec<_>>(), ["nats://a:1", "nats://b:2"]);
    assert!(Vec::<Endpoint>::parse("nats://a:1,").is_err());
}

#[test]
fn money_is_written_in_sol_and_rates_in_basis_points() {
    assert_eq!(Lamports::parse("0.05"), Ok(Lamports::new(50_000_000)));
    assert_eq!(Lamports::new(50_000_000).show(), "0.05");
    assert!(Lamports::parse("-1").is_err() && Lamports::parse("1e3").is_err());
    assert_eq!(BasisPoints::parse("200").map(BasisPoints::get), Ok(200));
    assert!(BasisPoints::parse("10001").is_err() && BasisPoints::parse("2%").is_err());
}
