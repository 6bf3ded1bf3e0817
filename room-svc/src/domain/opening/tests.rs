use super::{
    price::{least_distance_percent, touch_direction},
    *,
};
use proto::room::OpenOperatorRoom;
use uuid::Uuid;

fn rules() -> Rules {
    Rules {
        horizon_min: Duration::from_secs(900),
        horizon_max: Duration::from_secs(86_400),
        lock_margin: Duration::from_secs(300),
        min_stake: Lamports::new(50_000_000),
        max_stake: Lamports::new(5_000_000_000),
        max_players: 10,
        max_live: 5,
        protocol_fee_bps: 200,
        host_fee_bps: 100,
        past_post: Duration::from_secs(10),
        mean: Duration::from_secs(60),
        quorum: 3,
        suspicion_bps: 100,
        suspicion_wait: Duration::from_secs(3_600),
        dispute: Duration::from_secs(86_400),
        cap: CapRules {
            mean: Duration::from_secs(300),
            past_post: Duration::from_secs(60),
            max_stake: Lamports::new(500_000_000),
            pair_age: Duration::from_secs(86_400),
            liquidity_usd: 50_000,
            distance_bps: 1_000,
            pool_bps: 100,
        },
        custom: CustomRules {
            horizon_max: Duration::from_secs(90 * 86_400),
            unresolved: Duration::from_secs(72 * 3_600),
        },
    }
}

fn request(target: &str, horizon_seconds: u32) -> OpenRoom {
    OpenRoom {
        room_id: Uuid::from_u128(5).as_bytes().to_vec(),
        host_account_id: Uuid::from_u128(6).as_bytes().to_vec(),
        kind: Kind::Touch.into(),
        asset: "SOL".to_owned(),
        target: target.to_owned(),
        horizon_seconds,
        ..Default::default()
    }
}

const MINT: &str = "Hz5qRSVtFPnVqLoSKSfYi7VKQ5FQH2HTdCn1qyFfpump";

/// SOL at 160, BTC at 64,000, and a token whose cap is 2,000,000.
fn known() -> Known {
    let token = Token {
        mint: MINT.to_owned(),
        supply: "1000000000".to_owned(),
        price: "0.002".to_owned(),
        authority_revoked: true,
        pair_created_at: Some(timestamp(at() - Duration::from_secs(86_400))),
        liquidity_usd: "50000".to_owned(),
        sol_usd: "160".to_owned(),
        ..Token::default()
    };
    Known {
        prices: [("SOL", 160), ("BTC", 64_000)]
            .map(|(asset, price)| (asset.to_owned(), Decimal::from(price)))
            .into(),
        tokens: [(MINT.to_owned(), token)].into(),
    }
}

fn at() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn opened(request: &OpenRoom) -> Result<Terms, RefusalCode> {
    open(&rules(), request, By::Host, &known(), at()).unwrap().map_err(|refusal| refusal.code)
}

fn by_operators(asked: &OpenOperatorRoom, known: &Known) -> Result<Terms, RefusalCode> {
    let request = OpenRoom { host_account_id: Vec::new(), ..asked.room.clone().unwrap() };
    open(&rules(), &request, By::Operators(asked), known, at()).unwrap().map_err(|refusal| refusal.code)
}

/// What a room promises is what was set when it opened, and nothing that stands in the code.
#[test]
fn a_room_takes_its_numbers_from_the_settings() {
    let mut rules = rules();
    (rules.protocol_fee_bps, rules.host_fee_bps) = (310, 70);
    (rules.min_stake, rules.max_stake) = (Lamports::new(7), Lamports::new(11));
    (rules.max_players, rules.quorum, rules.suspicion_bps) = (4, 5, 60);
    (rules.past_post, rules.mean) = (Duration::from_secs(20), Duration::from_secs(30));
    let terms = open(&rules, &request("165", 3600), By::Host, &known(), at()).unwrap().unwrap();
    assert_eq!((terms.protocol_fee_bps, terms.host_fee_bps), (310, 70));
    assert_eq!((terms.min_stake_lamports, terms.max_stake_lamports), (7, 11));
    assert_eq!((terms.max_players, terms.quorum, terms.suspicion_bps), (4, 5, 60));
    assert_eq!((terms.past_post_seconds, terms.mean_seconds), (20, 30));
}

#[test]
fn direction_follows_from_the_price() {
    assert_eq!(opened(&request("165", 3600)).unwrap().comparator(), Comparator::AtOrAbove);
    assert_eq!(opened(&request("155", 3600)).unwrap().comparator(), Comparator::AtOrBelow);
}

#[test]
fn targets_are_neither_met_nor_near_nor_nonsense() {
    assert_eq!(opened(&request("160", 3600)), Err(RefusalCode::RoomTargetMet));
    // 0.1 % * sqrt(4) of 160 is 0.32.
    assert_eq!(opened(&request("160.31", 3600)), Err(RefusalCode::RoomTargetTooNear));
    assert!(opened(&request("160.32", 3600)).is_ok());
    for text in ["", "10abc", "-5", "0", "1e3", "NaN", "99999999999", "1.123456789"] {
        assert_eq!(opened(&request(text, 3600)), Err(RefusalCode::RoomTargetInvalid), "{text}");
    }
}

#[test]
fn what_is_told_as_the_least_distance_is_enough() {
    for (minutes, percent) in [(15, "0.1"), (60, "0.2"), (120, "0.2829"), (1_440, "0.9798")] {
        let horizon = Duration::from_secs(minutes * 60);
        let least = least_distance_percent(horizon);
        assert_eq!(least.to_string(), percent, "{minutes} min");
        let price = Decimal::from(160);
        let target = |percent: Decimal| price + price * percent / Decimal::ONE_HUNDRED;
        assert!(touch_direction(price, target(least), horizon).is_ok(), "{minutes} min");
        let nearer = touch_direction(price, target(least - Decimal::new(1, 4)), horizon).unwrap_err();
        assert!(nearer.to_string().ends_with(&format!("min_percent={percent}")), "{nearer}");
    }
}

#[test]
fn a_start_price_fits_between_the_lock_and_half_way_to_the_deadline() {
    let rules =
        Rules { horizon_min: Duration::from_secs(10), lock_margin: Duration::from_secs(5), ..rules() };
    let opened = |kind: Kind, horizon| {
        let rival_asset = if kind == Kind::HeadToHead { "BTC".to_owned() } else { String::new() };
        let request = OpenRoom { kind: kind.into(), rival_asset, ..request("", horizon) };
        open(&rules, &request, By::Host, &known(), at()).unwrap()
    };
    for kind in [Kind::UpDown, Kind::HeadToHead] {
        let refusal = opened(kind, 239).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::RoomHorizon, "{kind:?}");
        assert_eq!(refusal.params[0], ("min".to_owned(), "240".to_owned()), "{kind:?}");
        let terms = opened(kind, 240).unwrap();
        let at = |at: &Option<_>| proto::from_timestamp(Option::as_ref(at)).unwrap();
        let (lock, deadline) = (at(&terms.lock_at), at(&terms.deadline));
        assert!(lock + rules.mean <= lock + (deadline - lock) / 2, "{kind:?}");
    }
    let request = OpenRoom { bounds: vec!["160".to_owned()], kind: Kind::Buckets.into(), ..request("", 10) };
    assert!(open(&rules, &request, By::Host, &known(), at()).unwrap().is_ok(), "it starts from no price");
}

#[test]
fn horizon_and_asset_have_limits() {
    assert_eq!(opened(&request("165", 899)), Err(RefusalCode::RoomHorizon));
    assert_eq!(opened(&request("165", 86_401)), Err(RefusalCode::RoomHorizon));
    assert_eq!(
        opened(&OpenRoom { asset: "DOGE".to_owned(), ..request("165", 3600) }),
        Err(RefusalCode::RoomNoPrice)
    );
    let nothing = Known::default();
    let without_price = open(&rules(), &request("165", 3600), By::Host, &nothing, at()).unwrap();
    assert_eq!(without_price.unwrap_err().code, RefusalCode::RoomNoPrice);
}

#[test]
fn the_lock_leaves_the_margin() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert_eq!(lock_after(minutes(60), minutes(5)), minutes(30));
    assert_eq!(lock_after(minutes(15), minutes(5)), Duration::from_secs(450));
    assert_eq!(lock_after(minutes(15), minutes(10)), minutes(5));
}

#[test]
fn the_same_terms_have_the_same_bytes() {
    use prost::Message;
    let terms = opened(&request("165.50", 3600)).unwrap();
    let again = Terms::decode(terms.encode_to_vec().as_slice()).unwrap();
    assert_eq!(again.encode_to_vec(), terms.encode_to_vec());
    assert_eq!(terms.target, "165.5");
}

#[test]
fn up_and_down_need_no_target() {
    let terms = opened(&OpenRoom { kind: Kind::UpDown.into(), ..request("", 3_600) }).unwrap();
    assert_eq!(terms.outcomes, ["UP", "DOWN"]);
    assert_eq!((terms.target.as_str(), terms.comparator()), ("", Comparator::Unspecified));
    assert_eq!((terms.open_price.as_str(), terms.mean_seconds), ("160", 60));
    assert_eq!((terms.suspicion_bps, terms.suspicion_wait_seconds), (100, 3_600));
    assert_eq!((terms.dispute_seconds, terms.unresolved_seconds), (86_400, 0));
}

#[test]
fn ranges_cover_everything_and_ascend() {
    let buckets = |bounds: &[&str]| {
        let bounds = bounds.iter().map(|bound| (*bound).to_owned()).collect();
        opened(&OpenRoom { kind: Kind::Buckets.into(), bounds, ..request("", 3_600) })
    };
    let terms = buckets(&["150", "160.50"]).unwrap();
    assert_eq!(terms.outcomes, ["below 150", "150 to 160.5", "160.5 and above"]);
    assert_eq!(terms.bounds, ["150", "160.5"]);
    assert_eq!(buckets(&["150"]).unwrap().outcomes, ["below 150", "150 and above"]);
    assert_eq!(buckets(&["1", "2", "3", "4", "5", "6", "7"]).unwrap().outcomes.len(), 8);
    let wrong: [&[&str]; 6] = [
        &[],
        &["1", "2", "3", "4", "5", "6", "7", "8"],
        &["150", "150.0"],
        &["160", "150"],
        &["0", "150"],
        &["150", "x"],
    ];
    for bounds in wrong {
        assert_eq!(buckets(bounds), Err(RefusalCode::RoomBounds), "{bounds:?}");
    }
}

#[test]
fn two_assets_that_are_different_and_have_a_price() {
    let against = |rival: &str| {
        let kind = Kind::HeadToHead.into();
        opened(&OpenRoom { kind, rival_asset: rival.to_owned(), ..request("", 3_600) })
    };
    let terms = against("BTC").unwrap();
    assert_eq!(
        (terms.outcomes, terms.rival_asset.as_str()),
        (vec!["SOL".to_owned(), "BTC".to_owned()], "BTC")
    );
    assert_eq!(against("SOL"), Err(RefusalCode::RoomRival));
    assert_eq!(against("ETH"), Err(RefusalCode::RoomNoPrice), "no quorum");
    assert_eq!(against(""), Err(RefusalCode::RoomNoPrice));
}

#[test]
fn a_cap_is_price_times_supply() {
    let cap = |target: &str| {
        opened(&OpenRoom { kind: Kind::CapTouch.into(), asset: MINT.to_owned(), ..request(target, 3_600) })
    };
    let terms = cap("2200000").unwrap();
    assert_eq!((terms.open_price.as_str(), terms.supply.as_str()), ("2000000", "1000000000"));
    assert_eq!(terms.comparator(), Comparator::AtOrAbove);
    assert_eq!((terms.mean_seconds, terms.past_post_seconds), (300, 60));
    assert_eq!(terms.max_stake_lamports, 500_000_000);
    // 1 % of 50,000 USD is 500 USD, at 160 USD each.
    assert_eq!(terms.max_pool_lamports, 3_125_000_000);
    assert_eq!(cap("1800000").unwrap().comparator(), Comparator::AtOrBelow);
    assert_eq!(cap("5000000000").unwrap().target, "5000000000");
    assert_eq!(cap("2199999.9"), Err(RefusalCode::RoomTargetTooNear));
    assert_eq!(cap("2000000"), Err(RefusalCode::RoomTargetMet));
    assert_eq!(cap("-1"), Err(RefusalCode::RoomTargetInvalid));
    let close = OpenRoom { kind: Kind::CapClose.into(), asset: MINT.to_owned(), ..request("2200000", 3_600) };
    assert_eq!(opened(&close), Err(RefusalCode::Malformed), "a side is chosen");
    let close = OpenRoom { comparator: Comparator::AtOrBelow.into(), ..close };
    assert_eq!(opened(&close).unwrap().comparator(), Comparator::AtOrBelow);
}

/// Scenario 44: what is thin, young or can be printed is not used.
#[test]
fn scenario_44_each_gate_of_a_token_is_closed_alone() {
    let asked = OpenRoom { kind: Kind::CapTouch.into(), asset: MINT.to_owned(), ..request("3000000", 3_600) };
    let with = |change: &dyn Fn(&mut Token)| {
        let mut known = known();
        change(known.tokens.get_mut(MINT).unwrap());
        let decided = open(&rules(), &asked, By::Host, &known, at()).unwrap();
        decided.map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(with(&|_| {}), Ok(()));
    assert_eq!(with(&|token| token.authority_revoked = false), Err(RefusalCode::RoomTokenMintable));
    assert_eq!(with(&|token| token.pair_created_at = None), Err(RefusalCode::RoomTokenYoung));
    let younger = |token: &mut Token| {
        token.pair_created_at = Some(timestamp(at() - Duration::from_secs(86_399)));
    };
    assert_eq!(with(&younger), Err(RefusalCode::RoomTokenYoung));
    assert_eq!(
        with(&|token| token.liquidity_usd = "49999.99".to_owned()),
        Err(RefusalCode::RoomTokenIlliquid)
    );
    assert_eq!(with(&|token| token.price = String::new()), Err(RefusalCode::RoomNoPrice));
    assert_eq!(with(&|token| token.sol_usd = String::new()), Err(RefusalCode::RoomNoPrice));
    assert_eq!(with(&|token| token.supply = "7".repeat(28)), Err(RefusalCode::RoomNoPrice));
    assert_eq!(with(&|token| token.on_curve = true), Err(RefusalCode::RoomOperatorsOnly));
    let unknown = OpenRoom { asset: "another".to_owned(), ..asked.clone() };
    assert_eq!(opened(&unknown).map(|_| ()), Err(RefusalCode::RoomNoPrice));
}

#[test]
fn operators_open_what_is_still_on_its_curve() {
    let mut known = known();
    let token = known.tokens.get_mut(MINT).unwrap();
    *token = Token {
        on_curve: true,
        authority_revoked: false,
        pair_created_at: None,
        liquidity_usd: String::new(),
        curve_reserves_lamports: 30_000_000_000,
        ..token.clone()
    };
    let room = OpenRoom { kind: Kind::CapTouch.into(), asset: MINT.to_owned(), ..request("3000000", 3_600) };
    let asked = OpenOperatorRoom { room: Some(room), ..Default::default() };
    let terms = by_operators(&asked, &known).unwrap();
    assert_eq!((terms.max_pool_lamports, terms.max_stake_lamports), (300_000_000, 500_000_000));
    assert_eq!(terms.host_account_id, Vec::<u8>::new());
    known.tokens.get_mut(MINT).unwrap().curve_reserves_lamports = 9_999_999_999;
    assert_eq!(by_operators(&asked, &known), Err(RefusalCode::RoomTokenIlliquid), "no room for two");
}

fn custom() -> OpenOperatorRoom {
    OpenOperatorRoom {
        room: Some(OpenRoom { kind: Kind::Custom.into(), asset: String::new(), ..request("", 90 * 86_400) }),
        question: "Who wins the cup?".to_owned(),
        outcomes: vec!["Reds".to_owned(), "Blues".to_owned(), "Draw".to_owned()],
        criterion: "The association's final table.".to_owned(),
        source_url: "https://example.org/table?season=26".to_owned(),
        ..Default::default()
    }
}

#[test]
fn only_operators_ask_in_words() {
    let terms = by_operators(&custom(), &Known::default()).unwrap();
    assert_eq!(terms.outcomes, ["Reds", "Blues", "Draw"]);
    assert_eq!((terms.question.as_str(), terms.asset.as_str()), ("Who wins the cup?", ""));
    assert_eq!((terms.unresolved_seconds, terms.mean_seconds, terms.suspicion_bps), (72 * 3_600, 0, 0));
    let [open, lock, deadline] = [&terms.open_at, &terms.lock_at, &terms.deadline]
        .map(|at| proto::from_timestamp(at.as_ref()).unwrap());
    assert_eq!(((lock - open).whole_days(), (deadline - open).whole_days()), (45, 90));
    let host = OpenRoom { kind: Kind::Custom.into(), ..request("", 3_600) };
    assert_eq!(opened(&host), Err(RefusalCode::RoomOperatorsOnly));
}

#[test]
fn each_text_of_a_question_has_its_rule() {
    let refused = |change: &dyn Fn(&mut OpenOperatorRoom)| {
        let mut asked = custom();
        change(&mut asked);
        let request = OpenRoom { host_account_id: Vec::new(), ..asked.room.clone().unwrap() };
        let decided = open(&rules(), &request, By::Operators(&asked), &Known::default(), at()).unwrap();
        decided.err().map(|refusal| refusal.to_string().trim_start_matches("REFUSAL_CODE_").to_owned())
    };
    assert_eq!(refused(&|_| {}), None);
    let outcomes =
        |outcomes: &[&str]| outcomes.iter().map(|outcome| (*outcome).to_owned()).collect::<Vec<_>>();
    let eleven: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    type Change<'a> = &'a dyn Fn(&mut OpenOperatorRoom);
    let cases: [(Change<'_>, &str); 15] = [
        (&|asked| asked.question = "Too short".to_owned(), "MALFORMED field=question"),
        (&|asked| asked.question = "x".repeat(201), "MALFORMED field=question"),
        (&|asked| asked.question = "Who wins\tthe cup?".to_owned(), "MALFORMED field=question"),
        (&|asked| asked.question = "  Who wins the cup?".to_owned(), "MALFORMED field=question"),
        (&|asked| asked.outcomes = outcomes(&["Reds"]), "MALFORMED field=outcomes"),
        (&|asked| asked.outcomes = outcomes(&["Reds", "reds"]), "MALFORMED field=outcomes"),
        (&|asked| asked.outcomes = outcomes(&["Reds", ""]), "MALFORMED field=outcomes"),
        (&|asked| asked.outcomes = eleven.clone(), "MALFORMED field=outcomes"),
        (&|asked| asked.criterion = String::new(), "MALFORMED field=criterion"),
        (&|asked| asked.source_url = "http://example.org".to_owned(), "MALFORMED field=source_url"),
        (&|asked| asked.source_url = "https:///table".to_owned(), "MALFORMED field=source_url"),
        (
            &|asked| asked.source_url = "https://example.org@evil.example".to_owned(),
            "MALFORMED field=source_url",
        ),
        (
            &|asked| asked.room.as_mut().unwrap().horizon_seconds = 90 * 86_400 + 1,
            "ROOM_HORIZON min=900 max=7776000",
        ),
        (&|asked| asked.max_players = 1, "ROOM_PLAYERS min=2 max=100000"),
        (&|asked| asked.max_players = 100_001, "ROOM_PLAYERS min=2 max=100000"),
    ];
    for (change, refusal) in cases {
        assert_eq!(refused(change).as_deref(), Some(refusal));
    }
    let in_a_chat = |asked: &mut OpenOperatorRoom| {
        asked.max_players = 11;
        asked.room.as_mut().unwrap().scope_chat_id = -5;
    };
    assert_eq!(refused(&in_a_chat).as_deref(), Some("ROOM_PLAYERS min=2 max=10"));
    let asked = custom();
    let with_host =
        open(&rules(), asked.room.as_ref().unwrap(), By::Operators(&asked), &Known::default(), at());
    assert_eq!(with_host.unwrap().unwrap_err().to_string(), "REFUSAL_CODE_MALFORMED field=host");
}

#[test]
fn a_queue_is_at_least_two_and_at_most_the_room() {
    let queue = |min_players| opened(&OpenRoom { min_players, ..request("165", 3_600) });
    assert_eq!([0, 2, 10].map(|min| queue(min).unwrap().min_players), [0, 2, 10]);
    assert_eq!([1, 11].map(|min| queue(min).unwrap_err()), [RefusalCode::RoomPlayers; 2]);
}
