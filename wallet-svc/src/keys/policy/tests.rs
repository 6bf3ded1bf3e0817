use super::*;
use crate::keys::{Approval, SealedKey};
use chassis::operators::OperatorKey;
use proto::{
    AccountId,
    statement::Statement,
    timestamp,
    wallet::{ApproveWithdrawal, OperatorSignature},
};
use solana_compute_budget_interface::ComputeBudgetInstruction as ComputeBudget;
use solana_hash::Hash;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_message::{AddressLookupTableAccount, legacy, v0};
use solana_signer::Signer as _;
use solana_system_interface::instruction as system;
use time::OffsetDateTime;
use uuid::Uuid;
fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

fn message(instructions: &[Instruction]) -> Vec<u8> {
    let message = v0::Message::try_compile(&key(1), instructions, &[], Hash::default()).unwrap();
    VersionedMessage::V0(message).serialize()
}

#[test]
fn transfers_budgets_and_memos_pass() {
    let bytes = message(&[
        ComputeBudget::set_loaded_accounts_data_size_limit(1 << 25),
        ComputeBudget::set_compute_unit_limit(900),
        ComputeBudget::set_compute_unit_price(2_000),
        system::transfer(&key(1), &key(2), 5),
        system::transfer(&key(3), &key(1), 6),
        spl_memo_interface::instruction::build_memo(&crate::chain::MEMO_PROGRAM, b"hello", &[]),
    ]);
    let inspected = inspect(&bytes).unwrap();
    assert_eq!(inspected.signers, [key(1), key(3)]);
    assert_eq!(inspected.priority, 2, "900 x 2,000 micro-lamports, rounded up");
    let transfer = |from, to, lamports| PolicyTransfer { from: key(from), to: key(to), lamports };
    assert_eq!(inspected.transfers, [transfer(1, 2, 5), transfer(3, 1, 6)]);
}

#[test]
fn another_program_is_refused() {
    let foreign = Instruction::new_with_bytes(key(9), b"x", vec![AccountMeta::new(key(1), true)]);
    let bytes = message(&[system::transfer(&key(1), &key(2), 5), foreign]);
    assert_eq!(inspect(&bytes), Err(PolicyError::Program(key(9))));
}

#[test]
fn a_system_instruction_that_gives_the_account_away_is_refused() {
    for instruction in [
        system::assign(&key(1), &key(9)),
        system::create_account(&key(1), &key(2), 1, 0, &key(9)),
        system::advance_nonce_account(&key(2), &key(1)),
    ] {
        assert_eq!(inspect(&message(&[instruction])), Err(PolicyError::SystemInstruction));
    }
    let mut longer = system::transfer(&key(1), &key(2), 5);
    longer.data.push(0);
    assert_eq!(inspect(&message(&[longer])), Err(PolicyError::SystemInstruction));
}

#[test]
fn only_canonical_bytes_of_version_0_are_read() {
    let bytes = message(&[system::transfer(&key(1), &key(2), 5)]);
    assert_eq!(inspect(&bytes[..bytes.len() - 1]), Err(PolicyError::Malformed));
    assert_eq!(inspect(&[bytes.as_slice(), &[0]].concat()), Err(PolicyError::Malformed));
    assert_eq!(inspect(b"\xffsolana offchain"), Err(PolicyError::Malformed));
    assert_eq!(inspect(&[]), Err(PolicyError::Malformed));

    let legacy = legacy::Message::new(&[system::transfer(&key(1), &key(2), 5)], Some(&key(1)));
    let legacy = VersionedMessage::Legacy(legacy).serialize();
    assert_eq!(inspect(&legacy), Err(PolicyError::Version));

    let table = AddressLookupTableAccount { key: key(7), addresses: vec![key(2)] };
    let looked_up = v0::Message::try_compile(
        &key(1),
        &[system::transfer(&key(1), &key(2), 5)],
        &[table],
        Hash::default(),
    );
    let looked_up = VersionedMessage::V0(looked_up.unwrap()).serialize();
    assert_eq!(inspect(&looked_up), Err(PolicyError::LookupTable));
}

#[test]
fn an_account_twice_is_refused() {
    let mut message =
        v0::Message::try_compile(&key(1), &[system::transfer(&key(1), &key(2), 5)], &[], Hash::default())
            .unwrap();
    message.account_keys[1] = key(1);
    let bytes = VersionedMessage::V0(message).serialize();
    assert_eq!(inspect(&bytes), Err(PolicyError::Twice(key(1))));
}

#[test]
fn a_budget_is_one_limit_and_one_price() {
    let memo = || spl_memo_interface::instruction::build_memo(&crate::chain::MEMO_PROGRAM, b"m", &[]);
    let limit = ComputeBudget::set_compute_unit_limit(1_000);
    let price = ComputeBudget::set_compute_unit_price;
    let mut longer = price(1);
    longer.data.push(0);
    let mut with_account = limit.clone();
    with_account.accounts.push(AccountMeta::new_readonly(key(2), false));
    for budget in [
        vec![limit.clone(), limit.clone(), price(1)],
        vec![limit.clone(), price(1), price(1)],
        // The network would take a limit by the number of instructions.
        vec![price(1)],
        vec![longer],
        vec![with_account],
        vec![ComputeBudget::request_heap_frame(1 << 15)],
    ] {
        let bytes = message(&[budget.clone(), vec![memo()]].concat());
        assert_eq!(inspect(&bytes), Err(PolicyError::ComputeBudget), "{budget:?}");
    }
    let most = inspect(&message(&[ComputeBudget::set_compute_unit_limit(u32::MAX), price(u64::MAX), memo()]));
    assert_eq!(most.unwrap().priority, u64::MAX);
}

#[test]
fn a_memo_asks_nobody_to_sign() {
    let memo = spl_memo_interface::instruction::build_memo(&crate::chain::MEMO_PROGRAM, b"m", &[&key(3)]);
    assert_eq!(inspect(&message(&[memo])), Err(PolicyError::Memo));
}

const SOL: i64 = proto::LAMPORTS_PER_SOL;

fn operator_key(at: u8) -> OperatorKey {
    OperatorKey::try_from_bytes(operator(at).pubkey().as_ref()).unwrap()
}

fn operator(at: u8) -> Keypair {
    Keypair::new_from_array([at; 32])
}

fn policy() -> Policy {
    let operators = [101, 102, 103].map(operator_key);
    Policy::new(operators.into_iter().collect(), Lamports::new(10 * SOL), Lamports::new(5_000))
}

fn payment(id: u128, to: u8, lamports: i64) -> Payment {
    Payment {
        withdrawal: WithdrawalId::new(Uuid::from_u128(id)),
        to: key(to),
        lamports: Lamports::new(lamports),
        fee: Lamports::new(10_000),
        approvals_needed: 0,
        approvals: Vec::new(),
    }
}

fn approve(payment: &Payment, by: u8) -> Approval {
    let signed_at = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    let statement = ApproveWithdrawal {
        withdrawal_id: payment.withdrawal.bytes(),
        lamports: payment.lamports.get(),
        address: payment.to.to_string(),
        by: Some(OperatorSignature {
            operator: operator(by).pubkey().to_string(),
            signature: Vec::new(),
            signed_at: Some(timestamp(signed_at)),
        }),
    };
    let signature = operator(by).sign_message(&statement.bytes().unwrap());
    Approval { operator: operator_key(by), signature, signed_at }
}

/// The keys of addresses: the first is the treasury's.
fn keys(addresses: &[u8]) -> Vec<SealedKey> {
    let owner = |at: u8| match at {
        1 => KeyOwner::Treasury,
        _ => KeyOwner::Account(AccountId::new(Uuid::from_u128(u128::from(at)))),
    };
    let key = |&at: &u8| SealedKey { owner: owner(at), address: key(at), sealed: Vec::new(), master: None };
    addresses.iter().map(key).collect()
}

fn judge(message: &[u8], signers: &[u8], authorization: &Authorization) -> Result<(), PolicyError> {
    let keys = keys(signers);
    let order = Order { message, keys: &keys, authorization, committed_at: OffsetDateTime::UNIX_EPOCH };
    policy().check(&order)
}

fn pays(transfers: &[(u8, u8, i64)]) -> Vec<u8> {
    let instructions = transfers.iter().map(|(from, to, lamports)| {
        system::transfer(&key(*from), &key(*to), u64::try_from(*lamports).unwrap())
    });
    message(&instructions.collect::<Vec<_>>())
}

fn unauthorized(from: u8, to: u8, lamports: u64) -> Result<(), PolicyError> {
    Err(PolicyError::Unauthorized(PolicyTransfer { from: key(from), to: key(to), lamports }))
}

#[test]
fn each_transfer_is_one_authorized_withdrawal() {
    let both = Authorization::Withdrawals(vec![payment(1, 2, SOL), payment(2, 3, 2 * SOL)]);
    let (one, two) = ((1, 2, SOL - 10_000), (1, 3, 2 * SOL - 10_000));
    let judge = |transfers: &[(u8, u8, i64)]| judge(&pays(transfers), &[1], &both);
    assert_eq!(judge(&[one, two]), Ok(()));
    assert_eq!(judge(&[two, one]), Ok(()));
    assert_eq!(judge(&[one]), Err(PolicyError::Unpaid(payment(2, 3, 0).withdrawal)));
    assert_eq!(judge(&[one, two, one]), unauthorized(1, 2, 999_990_000));
    assert_eq!(judge(&[one, (1, 9, 2 * SOL - 10_000)]), unauthorized(1, 9, 1_999_990_000));
    assert_eq!(judge(&[one, (1, 3, 2 * SOL)]), unauthorized(1, 3, 2_000_000_000));
    assert_eq!(judge(&[(1, 3, SOL - 10_000), (1, 2, 2 * SOL - 10_000)]), unauthorized(1, 3, 999_990_000));
    assert_eq!(judge(&[]), Err(PolicyError::Unpaid(payment(1, 2, 0).withdrawal)));
}

#[test]
fn a_withdrawal_is_not_paid_for_two() {
    let twice = Authorization::Withdrawals(vec![payment(1, 2, SOL), payment(1, 2, SOL)]);
    let bytes = pays(&[(1, 2, SOL - 10_000), (1, 2, SOL - 10_000)]);
    assert_eq!(judge(&bytes, &[1], &twice), Err(PolicyError::Unpaid(payment(1, 2, 0).withdrawal)));
    assert_eq!(judge(&pays(&[]), &[1], &Authorization::Withdrawals(Vec::new())), Err(PolicyError::Nothing));
    // A fee that would turn into somebody's gain, and one that leaves nothing.
    for fee in [-1, SOL] {
        let odd = Payment { fee: Lamports::new(fee), ..payment(1, 2, SOL) };
        let bytes = pays(&[(1, 2, SOL - fee)]);
        assert!(judge(&bytes, &[1], &Authorization::Withdrawals(vec![odd])).is_err(), "{fee}");
    }
}

#[test]
fn a_large_withdrawal_needs_two_operators() {
    let large = payment(1, 2, 10 * SOL);
    let bytes = pays(&[(1, 2, 10 * SOL - 10_000)]);
    let judge = |approvals: &[Approval]| {
        let approved = Payment { approvals: approvals.to_vec(), ..large.clone() };
        judge(&bytes, &[1], &Authorization::Withdrawals(vec![approved]))
    };
    let refused = |valid| Err(PolicyError::Approvals { withdrawal: large.withdrawal, valid, needed: 2 });
    let genuine = approve(&large, 101);
    assert_eq!(judge(&[genuine, approve(&large, 103)]), Ok(()));
    assert_eq!(judge(&[]), refused(0));
    assert_eq!(judge(&[genuine]), refused(1));
    assert_eq!(judge(&[genuine, genuine]), refused(1));
    assert_eq!(judge(&[genuine, approve(&large, 99)]), refused(1), "no operator of ours");
    let renamed = Approval { operator: operator_key(102), ..genuine };
    assert_eq!(judge(&[genuine, renamed]), refused(1));
    let later = Approval { signed_at: genuine.signed_at + time::Duration::SECOND, ..approve(&large, 102) };
    assert_eq!(judge(&[genuine, later]), refused(1));
    // Two operators said yes to another withdrawal, amount or address.
    for other in [payment(2, 2, 10 * SOL), payment(1, 2, 11 * SOL), payment(1, 3, 10 * SOL)] {
        assert_eq!(judge(&[approve(&other, 101), approve(&other, 102)]), refused(0));
    }
}

#[test]
fn what_the_request_needed_is_needed_here() {
    // Small by itself, and the last of many.
    let last = Payment { approvals_needed: 2, ..payment(1, 2, SOL) };
    let bytes = pays(&[(1, 2, SOL - 10_000)]);
    let refused = judge(&bytes, &[1], &Authorization::Withdrawals(vec![last.clone()]));
    assert_eq!(refused, Err(PolicyError::Approvals { withdrawal: last.withdrawal, valid: 0, needed: 2 }));
    let approvals = vec![approve(&last, 101), approve(&last, 102)];
    let approved = Payment { approvals, ..last };
    assert_eq!(judge(&bytes, &[1], &Authorization::Withdrawals(vec![approved])), Ok(()));
}

#[test]
fn a_sweep_goes_to_the_treasury_alone() {
    let judge =
        |transfers: &[(u8, u8, i64)], signers: &[u8]| judge(&pays(transfers), signers, &Authorization::Sweep);
    assert_eq!(judge(&[(4, 1, 7), (5, 1, 8)], &[1, 4, 5]), Ok(()));
    assert_eq!(judge(&[(4, 9, 7)], &[1, 4]), unauthorized(4, 9, 7));
    assert_eq!(judge(&[(4, 1, 7), (1, 9, 7)], &[1, 4]), unauthorized(1, 9, 7));
    assert_eq!(judge(&[(4, 1, 7), (4, 1, 7)], &[1, 4]), unauthorized(4, 1, 7));
    // A source that is nobody's of ours, and a key that the message does not ask for.
    assert_eq!(judge(&[(4, 1, 7), (5, 1, 8)], &[1, 4]), Err(PolicyError::Signers));
    assert_eq!(judge(&[(4, 1, 7)], &[1, 4, 5]), Err(PolicyError::Signers));
    assert_eq!(judge(&[(4, 1, 7)], &[4, 1]), Err(PolicyError::Signers));
    assert_eq!(judge(&[], &[1]), Err(PolicyError::Nothing));
}

#[test]
fn nobody_else_pays_or_is_made_to_pay_the_fee() {
    let message =
        v0::Message::try_compile(&key(4), &[system::transfer(&key(4), &key(1), 7)], &[], Hash::default());
    let bytes = VersionedMessage::V0(message.unwrap()).serialize();
    assert_eq!(judge(&bytes, &[4], &Authorization::Sweep), Err(PolicyError::Payer(key(4))));
}

#[test]
fn a_receipt_moves_nothing() {
    let memo = spl_memo_interface::instruction::build_memo(&crate::chain::MEMO_PROGRAM, b"room", &[]);
    assert_eq!(judge(&message(std::slice::from_ref(&memo)), &[1], &Authorization::Receipt), Ok(()));
    let with_transfer = message(&[memo, system::transfer(&key(1), &key(2), 5)]);
    assert_eq!(judge(&with_transfer, &[1], &Authorization::Receipt), unauthorized(1, 2, 5));
}

#[test]
fn priority_has_a_limit() {
    let judge = |price| {
        let budget = [
            ComputeBudget::set_compute_unit_limit(1_000_000),
            ComputeBudget::set_compute_unit_price(price),
            system::transfer(&key(1), &key(2), 999_990_000),
        ];
        judge(&message(&budget), &[1], &Authorization::Withdrawals(vec![payment(1, 2, SOL)]))
    };
    assert_eq!(judge(5_000), Ok(()));
    assert_eq!(judge(5_001), Err(PolicyError::Priority { offered: 5_001, limit: 5_000 }));
}
