use super::super::aggregate::aggregate;
use super::super::chain::{PUMP, PUMP_SWAP, TOKEN};
use super::*;
use rust_decimal::Decimal;

const TOKEN_NAME: &str = "9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump";

fn mint() -> Mint {
    Mint::parse(TOKEN_NAME).unwrap()
}

fn price(text: &str) -> Price {
    Price::parse(text).unwrap()
}

fn at(millis: i64) -> Moment {
    Moment::from_micros(1_000_000_000_000 + millis * 1_000)
}

fn account(owner: Pubkey, length: usize, parts: &[(usize, &[u8])]) -> Option<Account> {
    let mut data = vec![0; length];
    for (at, bytes) in parts {
        data[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    Some(Account { owner, data })
}

fn minted() -> Option<Account> {
    account(TOKEN, 82, &[(36, &1_000_000_000_000_000_u64.to_le_bytes()), (44, &[6, 1])])
}

fn curve(complete: bool) -> Option<Account> {
    let kind = [23, 183, 248, 55, 96, 216, 172, 96];
    let (units, lamports) = (1_000_000_000_000_000_u64.to_le_bytes(), 30_000_000_000_u64.to_le_bytes());
    account(PUMP, 151, &[(0, &kind), (8, &units), (16, &lamports), (48, &[u8::from(complete)])])
}

fn pool(vaults: u8) -> Option<Account> {
    let kind = [241, 154, 109, 4, 17, 177, 109, 188];
    let (token, sol) = (mint().address(), WRAPPED_SOL);
    let vaults = ([vaults; 32], [vaults + 1; 32]);
    let parts: [(usize, &[u8]); 5] =
        [(0, &kind), (43, token.as_ref()), (75, sol.as_ref()), (139, &vaults.0), (171, &vaults.1)];
    account(PUMP_SWAP, 301, &parts)
}

fn vault(of: Pubkey, amount: u64) -> Option<Account> {
    account(TOKEN, 165, &[(0, of.as_ref()), (64, &amount.to_le_bytes()), (108, &[1])])
}

fn listed(address: Pubkey, dex: &str) -> ListedPair {
    ListedPair {
        chain: "solana".to_owned(),
        dex: dex.to_owned(),
        address: address.to_string(),
        token: TOKEN_NAME.to_owned(),
        quote: WRAPPED_SOL.to_string(),
        symbol: "FART".to_owned(),
        price: Some(price("0.005")),
        liquidity: Some(Decimal::from(60_000)),
        created_at: Some(at(0).minus(2 * 86_400 * SECOND)),
    }
}

fn look(pairs: &[ListedPair], accounts: &[Option<Account>]) -> Option<Found> {
    let survey = Survey::new(mint(), pairs, Gates::default(), at(0));
    assert_eq!(survey.accounts().len(), accounts.len());
    survey.look(accounts).unwrap()
}

#[test]
fn a_token_without_mint_is_none_and_one_without_market_has_no_source() {
    assert_eq!(look(&[], &[None, None, None]), None);
    assert_eq!(look(&[], &[minted(), None, None]).unwrap().source, None);
    assert_eq!(look(&[], &[vault(mint().address(), 5), None, None]), None, "an account, but no mint");
}

#[test]
fn a_curve_is_the_price_until_it_is_complete_and_then_its_pool_is() {
    let source = look(&[], &[minted(), curve(false), None]).unwrap().source.unwrap();
    assert_eq!(source, Source::Curve(Curve::address(mint())));
    assert_eq!(source.price(mint(), 6, &[curve(false)]).unwrap(), price("0.00000003"));
    assert_eq!(source.price(mint(), 6, &[curve(true)]), Err(NoReading::Complete));

    // Complete and not yet moved: nothing to read.
    assert_eq!(look(&[], &[minted(), curve(true), None]).unwrap().source, None);
    let source = look(&[], &[minted(), curve(true), pool(1)]).unwrap().source.unwrap();
    assert_eq!(source.address(), Pool::address_after_curve(mint()));
    let accounts =
        [pool(1), vault(mint().address(), 500_000_000_000_000), vault(WRAPPED_SOL, 20_000_000_000)];
    assert_eq!(source.price(mint(), 6, &accounts).unwrap(), price("0.00000004"));
}

/// Scenario 44.
#[test]
fn a_pool_that_anybody_could_have_made_needs_age_and_depth() {
    let address = Pubkey::new_from_array([7; 32]);
    let deep = listed(address, "pumpswap");
    let thin = ListedPair { liquidity: Some(Decimal::from(49_999)), ..deep.clone() };
    let fresh = ListedPair { created_at: Some(at(0).minus(86_399 * SECOND)), ..deep.clone() };
    let elsewhere = ListedPair { chain: "bsc".to_owned(), ..deep.clone() };
    for unfit in [thin.clone(), fresh, elsewhere] {
        assert_eq!(look(&[unfit], &[minted(), None, None]).unwrap().source, None);
    }
    // The address of a completed curve's pool proves nothing where there is no curve.
    assert_eq!(look(&[], &[minted(), None, pool(1)]).unwrap().source, None);

    let source = look(std::slice::from_ref(&deep), &[minted(), None, None, pool(3)]).unwrap().source.unwrap();
    assert_eq!(source.address(), address);
    assert!(source.listed(&[deep], mint(), Gates::default(), at(0)).is_some());
    assert_eq!(source.listed(&[thin], mint(), Gates::default(), at(0)), None, "it has become thin");
}

#[test]
fn a_pool_whose_vaults_are_others_now_has_no_price() {
    let source = look(&[], &[minted(), curve(true), pool(1)]).unwrap().source.unwrap();
    let vaults = [vault(mint().address(), 5), vault(WRAPPED_SOL, 5)];
    let [units, lamports] = vaults;
    let other = source.price(mint(), 6, &[pool(9), units.clone(), lamports.clone()]);
    assert_eq!(other, Err(NoReading::Account(0, AccountError::Tokens)));
    assert_eq!(source.price(mint(), 6, &[None, units, lamports]), Err(NoReading::Missing(0)));
}

fn sol(text: &str, millis: i64) -> Tick {
    let quote = |venue, price, excluded| Quote {
        venue,
        price,
        in_usdt: None,
        venue_time: at(millis),
        received_at: at(millis),
        excluded,
    };
    let [a, b, c, d] = [VenueId::Bitstamp, VenueId::Coinbase, VenueId::Kraken, VenueId::Okx];
    let quotes = vec![
        quote(a, price(text), false),
        quote(b, price(text), false),
        quote(c, price(text), false),
        quote(d, price("900"), true),
    ];
    let votes: Vec<_> = quotes.iter().filter(|q| !q.excluded).map(|q| (q.venue, q.price)).collect();
    Tick { at: at(millis), aggregate: aggregate(&votes, 3).ok(), quotes, rate: None }
}

fn reading(venue: VenueId, in_sol: &str, slot: u64) -> Reading {
    Reading { venue, in_sol: price(in_sol), slot, asked_at: at(0), received_at: at(100) }
}

fn both(first: &str, second: &str) -> Vec<Reading> {
    vec![reading(VenueId::Chain1, first, 5), reading(VenueId::Chain2, second, 5)]
}

fn listing(text: &str, millis: i64) -> Option<Listed> {
    Some(Listed { price: price(text), received_at: at(millis) })
}

#[test]
fn the_price_in_usd_can_be_computed_again_from_what_is_stored() {
    let tick =
        Tick::of_token(at(200), Some(&sol("160", 0)), &both("0.00003", "0.00003"), listing("0.0048", -9_000));
    let found = tick.aggregate.as_ref().unwrap();
    assert_eq!(found.price, price("0.0048"));
    assert_eq!(found.counted.len(), 3);
    let rate = tick.rate.as_ref().unwrap();
    assert_eq!(
        (rate.value, rate.quotes.len()),
        (price("160"), 3),
        "an excluded venue has no say in SOL either"
    );
    for quote in tick.quotes.iter().filter(|quote| quote.venue != VenueId::DexScreener) {
        let usd = quote.in_usdt.unwrap().get() * rate.value.get();
        assert_eq!(Price::try_new(usd).unwrap(), quote.price);
    }
    let votes: Vec<_> = tick.quotes.iter().map(|quote| (quote.venue, quote.price)).collect();
    assert_eq!(confirmed(&votes).ok(), tick.aggregate);
}

#[test]
fn anything_missing_stale_or_contradicting_leaves_no_price() {
    let sol_now = sol("160", 0);
    let none = |sol: Option<&Tick>, readings: &[Reading], listed| {
        Tick::of_token(at(1_000), sol, readings, listed).aggregate.is_none()
    };
    let agreeing = both("0.00003", "0.00003");
    assert!(!none(Some(&sol_now), &agreeing, listing("0.0048", 0)), "as a control");
    assert!(none(None, &agreeing, listing("0.0048", 0)), "SOL has no price");
    assert!(none(Some(&sol("160", -501)), &agreeing, listing("0.0048", 0)), "SOL's price is old");
    assert!(none(Some(&sol_now), &agreeing[..1], listing("0.0048", 0)), "one endpoint is away");
    assert!(none(Some(&sol_now), &both("0.00003", "0.000032"), listing("0.0049", 0)), "they contradict");
    assert!(none(Some(&sol_now), &agreeing, None), "the listing is away");
    assert!(none(Some(&sol_now), &agreeing, listing("0.0048", -14_001)), "the listing is old");
    assert!(none(Some(&sol_now), &agreeing, listing("0.0049", 0)), "the listing is more than 2 % off");
}

#[test]
fn an_endpoint_that_is_behind_tells_of_another_moment() {
    let slots = |slots: [u64; 2]| {
        let [first, second] = slots;
        let readings = [reading(VenueId::Chain1, "1", first), reading(VenueId::Chain2, "1", second)];
        abreast(readings.to_vec()).len()
    };
    assert_eq!(slots([100, 110]), 2);
    assert_eq!(slots([100, 111]), 1);
    assert_eq!(slots([111, 100]), 1);
}
