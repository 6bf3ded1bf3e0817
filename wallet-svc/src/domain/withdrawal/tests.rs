use super::*;

const SOL: i64 = proto::LAMPORTS_PER_SOL;
/// An address on the curve: the public key of the all-zero seed.
const WALLET: &str = "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS";

fn rules() -> Rules {
    Rules {
        min: Lamports::new(SOL / 100),
        fee: Lamports::new(10_000),
        new_address_hold: Duration::from_secs(86_400),
        deposit_age: Duration::from_secs(600),
        account_day_cap: Lamports::new(20 * SOL),
        account_day_cap_totp: Lamports::new(50 * SOL),
        new_address_day_cap: Lamports::new(SOL),
        trusted_after: Duration::from_secs(7 * 86_400),
        total_day_cap: Lamports::new(200 * SOL),
        approval_threshold: Lamports::new(10 * SOL),
    }
}

fn facts() -> Facts {
    Facts {
        paused: false,
        available: Lamports::new(250 * SOL),
        fresh_deposits: Lamports::ZERO,
        ours: false,
        known_address: true,
        trusted_address: true,
        address_day: Lamports::ZERO,
        account_day: Lamports::ZERO,
        total_day: Lamports::ZERO,
        totp: Totp::None,
    }
}

fn ask(amount: i64) -> Request {
    Request { address: WALLET.to_owned(), amount: Lamports::new(amount) }
}

fn accepted(request: &Request, facts: &Facts) -> Accepted {
    decide(request, facts, &rules()).verdict.unwrap()
}

fn refusal(request: &Request, facts: &Facts) -> Refusal {
    decide(request, facts, &rules()).verdict.unwrap_err()
}

fn code(request: &Request, facts: &Facts) -> RefusalCode {
    refusal(request, facts).code
}

#[test]
fn the_fee_is_taken_from_the_amount() {
    let accepted = accepted(&ask(SOL), &facts());
    assert_eq!(accepted.amount, Lamports::new(SOL));
    assert_eq!(accepted.arrives(), Ok(Lamports::new(SOL - 10_000)));
}

#[test]
fn a_first_used_address_waits_and_a_known_one_does_not() {
    let hold = |known_address| accepted(&ask(SOL), &Facts { known_address, ..facts() }).hold;
    assert_eq!(hold(false), Duration::from_secs(86_400));
    assert_eq!(hold(true), Duration::ZERO);
}

#[test]
fn each_rule_is_named() {
    use RefusalCode as Code;
    assert_eq!(code(&ask(SOL), &Facts { paused: true, ..facts() }), Code::WithdrawPaused);
    assert_eq!(code(&ask(SOL), &Facts { ours: true, ..facts() }), Code::WithdrawAddressIsDeposit);
    assert_eq!(code(&ask(SOL / 100 - 1), &facts()), Code::WithdrawTooSmall);
    for amount in [0, -1, -SOL, i64::MIN] {
        assert_eq!(code(&ask(amount), &facts()), Code::WithdrawTooSmall, "{amount}");
    }
    assert_eq!(code(&ask(250 * SOL + 1), &facts()), Code::WithdrawNotEnough);
    assert_eq!(code(&ask(i64::MAX), &Facts { available: Lamports::MAX, ..facts() }), Code::WithdrawCap);
    let used = Facts { account_day: Lamports::MAX, ..facts() };
    assert_eq!(code(&ask(SOL), &used), Code::Malformed, "the sum is beyond any amount");
}

#[test]
fn from_ten_sol_a_day_on_two_operators_approve() {
    let used = |sol| Facts { account_day: Lamports::new(sol * SOL), ..facts() };
    assert_eq!(accepted(&ask(10 * SOL - 1), &facts()).approvals_needed, 0);
    assert_eq!(accepted(&ask(10 * SOL), &facts()).approvals_needed, 2);
    assert_eq!(accepted(&ask(SOL - 1), &used(9)).approvals_needed, 0);
    assert_eq!(accepted(&ask(SOL), &used(9)).approvals_needed, 2);
}

#[test]
fn an_account_has_its_cap_and_a_larger_one_with_a_code() {
    let with = |totp| Facts { totp, ..facts() };
    assert_eq!(accepted(&ask(20 * SOL), &with(Totp::None)).amount, Lamports::new(20 * SOL));
    for totp in [Totp::None, Totp::Fresh] {
        let refused = refusal(&ask(20 * SOL + 1), &with(totp));
        assert_eq!(refused.code, RefusalCode::WithdrawNeedsTotp);
        assert_eq!(refused.params, [("cap".into(), (20 * SOL).to_string()), ("used".into(), "0".into())]);
    }
    assert_eq!(accepted(&ask(50 * SOL), &with(Totp::Verified)).amount, Lamports::new(50 * SOL));
    for totp in [Totp::None, Totp::Verified] {
        assert_eq!(code(&ask(50 * SOL + 1), &with(totp)), RefusalCode::WithdrawCap);
    }
    let used = Facts { account_day: Lamports::new(49 * SOL), ..with(Totp::Verified) };
    assert_eq!(accepted(&ask(SOL), &used).approvals_needed, 2);
    assert_eq!(code(&ask(SOL + 1), &used), RefusalCode::WithdrawCap);
}

#[test]
fn little_goes_to_an_address_before_it_is_a_week_old() {
    let young = |known_address, totp| Facts { known_address, trusted_address: false, totp, ..facts() };
    for known in [false, true] {
        assert_eq!(accepted(&ask(SOL), &young(known, Totp::None)).amount, Lamports::new(SOL));
        assert_eq!(code(&ask(SOL + 1), &young(known, Totp::None)), RefusalCode::WithdrawNeedsTotp);
        assert_eq!(code(&ask(SOL + 1), &young(known, Totp::Fresh)), RefusalCode::WithdrawNeedsTotp);
        assert_eq!(accepted(&ask(5 * SOL), &young(known, Totp::Verified)).amount, Lamports::new(5 * SOL));
    }
    let used = Facts { address_day: Lamports::new(SOL / 2), ..young(true, Totp::None) };
    assert!(decide(&ask(SOL / 2), &used, &rules()).verdict.is_ok());
    let refused = refusal(&ask(SOL / 2 + 1), &used);
    assert_eq!(refused.code, RefusalCode::WithdrawNeedsTotp);
    assert_eq!(refused.params[1], ("used".to_owned(), (SOL / 2).to_string()));
}

#[test]
fn reaching_the_cap_of_all_pauses_and_going_beyond_is_refused() {
    let used = |sol| Facts { total_day: Lamports::new(sol * SOL), ..facts() };
    let decided = |facts| decide(&ask(SOL), &facts, &rules());
    assert!(!decided(used(198)).reaches_total);
    assert!(decided(used(199)).verdict.is_ok());
    assert!(decided(used(199)).reaches_total);
    assert_eq!(decided(used(200)).verdict.unwrap_err().code, RefusalCode::WithdrawCap);
    assert!(decided(used(200)).reaches_total);
    // Who may not withdraw anyway does not pause the others.
    assert!(!decided(Facts { account_day: Lamports::new(50 * SOL), ..used(200) }).reaches_total);
    assert!(!decided(Facts { available: Lamports::ZERO, ..used(200) }).reaches_total);
}

#[test]
fn only_fresh_deposits_wait() {
    let fresh =
        Facts { available: Lamports::new(5 * SOL), fresh_deposits: Lamports::new(3 * SOL), ..facts() };
    assert_eq!(accepted(&ask(2 * SOL), &fresh).amount, Lamports::new(2 * SOL));
    assert_eq!(code(&ask(2 * SOL + 1), &fresh), RefusalCode::WithdrawFreshDeposit);
    // A fresh deposit that was staked meanwhile does not lock more than there is.
    assert_eq!(withdrawable(Lamports::new(2), Lamports::new(3)), Ok(Lamports::ZERO));
}

#[test]
fn a_destination_must_be_a_wallet_address() {
    assert!(destination(&format!(" {WALLET}\n")).is_ok());
    // A program derived address, a truncated one, an Ethereum address, a signature.
    let (derived, _) = Pubkey::find_program_address(&[b"x"], &crate::chain::MEMO_PROGRAM);
    for text in
        [derived.to_string().as_str(), &WALLET[1..], "0x52908400098527886E0F7030069857D2E4169EE7", "", "O0Il"]
    {
        assert_eq!(destination(text).unwrap_err().code, RefusalCode::WithdrawAddressInvalid, "{text}");
    }
}

#[test]
fn a_destination_must_stay_rent_exempt() {
    let address = destination(WALLET).unwrap();
    let at = |balance, wallet| Destination {
        balance: Lamports::new(balance),
        wallet,
        rent_minimum: Lamports::new(890_880),
    };
    let check = |at: Destination, arrives| check_destination(&at, Lamports::new(arrives), &address);
    assert_eq!(check(at(0, true), 890_880), Ok(()));
    assert_eq!(check(at(890_879, true), 1), Ok(()));
    assert_eq!(check(at(0, true), 890_879).unwrap_err().code, RefusalCode::WithdrawBelowRent);
    assert_eq!(check(at(SOL, false), SOL).unwrap_err().code, RefusalCode::WithdrawAddressInvalid);
}
