use super::*;

#[test]
fn nothing_is_lost_or_doubled_in_any_evening() {
    let (sum, ended) = simulate(1, 400_000, None);
    if let Err(violation) = ended {
        panic!("seed {}, step {}: {:#}", violation.seed, violation.step, violation.what);
    }
    for ending in ENDINGS {
        assert!(sum.played.endings.contains_key(ending), "no room ended so: {ending}, {sum:?}");
    }
    assert!(sum.played.crashes > 0 && sum.played.lost > 0 && sum.played.repeated > 0, "{sum:?}");
}

#[test]
fn the_same_seed_is_the_same_evening() {
    let told =
        |seed| format!("{:?}", evening::play(seed, None).map_err(|violation| violation.what.to_string()));
    assert_eq!(told(7), told(7));
    assert_ne!(told(7), told(8));
}

/// Each mistake is noticed within twenty evenings, and for what it is.
#[test]
fn planted_mistakes_are_noticed() {
    for (bug, says) in [
        (Bug::NoInboxRow, "and then"),
        (Bug::DoubleCredit, "scrow"),
        (Bug::LostOutboxRow, "stuck"),
        (Bug::WrongVoid, "oracle said"),
    ] {
        let caught = (1..=20).find_map(|seed| evening::play(seed, Some(bug)).err());
        let violation = caught.unwrap_or_else(|| panic!("{bug:?} was not noticed"));
        let what = format!("{:#}", violation.what);
        assert!(what.contains(says), "{bug:?}: {what}");
    }
}
