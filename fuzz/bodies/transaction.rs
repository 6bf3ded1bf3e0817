//! Whatever the signer's policy accepts moves lamports as authorized and in no other way.
//!
//! The bytes choose an authorization and a message: what we would write ourselves, changed by some instructions and
//! some bytes, or nothing but bytes. What is accepted is then read again by other code than the policy's, Solana's own
//! decoder of System instructions, and held against the authorization.

use proto::{
    AccountId, Lamports, WithdrawalId,
    statement::Statement,
    timestamp,
    wallet::{ApproveWithdrawal, OperatorSignature},
};
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_system_interface::instruction::{self as system, SystemInstruction};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    chain::MEMO_PROGRAM,
    keys::{Approval, Authorization, KeyOwner, OperatorKey, Operators, Order, Payment, Policy, SealedKey},
};

const SOL: i64 = proto::LAMPORTS_PER_SOL;
const THRESHOLD: i64 = 10 * SOL;
const PRIORITY_LIMIT: u64 = 5_000;
const FEE: i64 = 10_000;

/// The treasury, two deposit addresses of ours, two destinations of withdrawals, and a thief.
const TREASURY: usize = 0;
const SOURCES: [usize; 2] = [1, 2];
const DESTINATIONS: [usize; 2] = [3, 4];
const EVERYBODY: usize = 6;

fn address(at: usize) -> Pubkey {
    Pubkey::new_from_array([u8::try_from(at % EVERYBODY).unwrap_or_default() + 1; 32])
}

fn operator(at: u8) -> Keypair {
    Keypair::new_from_array([at + 100; 32])
}

/// Takes bytes off the front; zeros once they are used up.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    fn at(&mut self) -> usize {
        usize::from(self.next())
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes([self.next(), self.next()])
    }
}

/// Checks one case and says whether the policy accepted it. Panics where it accepted what it must not.
pub fn check(data: &[u8]) -> bool {
    let mut bytes = Bytes(data);
    let authorization = authorization(&mut bytes);
    let owners = |at| if at == TREASURY { KeyOwner::Treasury } else { account(at) };
    let signers: &[usize] = match authorization {
        Authorization::Sweep => &[TREASURY, SOURCES[0], SOURCES[1]],
        _ => &[TREASURY],
    };
    let message = message(&mut bytes, &authorization);
    let key =
        |at: usize| SealedKey { owner: owners(at), address: address(at), sealed: Vec::new(), master: None };
    let keys: Vec<SealedKey> = signers.iter().map(|&at| key(at)).collect();
    let operators: Operators = [0, 1].into_iter().map(operator_key).collect();
    let limit = i64::try_from(PRIORITY_LIMIT).unwrap_or_default();
    let policy = Policy::new(operators, Lamports::new(THRESHOLD), Lamports::new(limit));
    let order = Order {
        message: &message,
        keys: &keys,
        authorization: &authorization,
        committed_at: OffsetDateTime::UNIX_EPOCH,
    };
    let accepted = policy.check(&order).is_ok();
    if accepted {
        must_be_authorized(&message, &authorization);
    }
    accepted
}

fn account(at: usize) -> KeyOwner {
    KeyOwner::Account(AccountId::new(Uuid::from_u128(u128::try_from(at).unwrap_or_default() + 1)))
}

/// A small withdrawal and a large one that operators approved, a sweep, or a receipt.
fn authorization(bytes: &mut Bytes<'_>) -> Authorization {
    let what = bytes.next();
    match what % 4 {
        0 => Authorization::Sweep,
        1 => Authorization::Receipt,
        _ => {
            let forged = bytes.next();
            let payment = |id: u8, lamports| Payment {
                withdrawal: WithdrawalId::new(Uuid::from_u128(u128::from(id))),
                to: address(DESTINATIONS[usize::from(id - 1)]),
                lamports: Lamports::new(lamports),
                fee: Lamports::new(FEE),
                approvals_needed: 0,
                approvals: Vec::new(),
            };
            let mut large = payment(2, THRESHOLD + SOL);
            large.approvals = match forged % 8 {
                1 => vec![approval(&large, 0)],
                2 => vec![approval(&large, 0), approval(&large, 0)],
                3 => vec![approval(&large, 0), approval(&large, 2)],
                4 => vec![approval(&large, 0), Approval { operator: operator_key(1), ..approval(&large, 0) }],
                5 => vec![approval(&payment(2, THRESHOLD), 0), approval(&payment(2, THRESHOLD), 1)],
                6 => vec![approval(&payment(1, THRESHOLD + SOL), 0), approval(&large, 1)],
                _ => vec![approval(&large, 0), approval(&large, 1)],
            };
            Authorization::Withdrawals(vec![payment(1, 5 * SOL), large])
        }
    }
}

fn operator_key(by: u8) -> OperatorKey {
    OperatorKey::try_from_bytes(operator(by).pubkey().as_ref()).unwrap()
}

fn approval(payment: &Payment, by: u8) -> Approval {
    let signed_at = OffsetDateTime::UNIX_EPOCH;
    let operator = operator(by);
    let statement = ApproveWithdrawal {
        withdrawal_id: payment.withdrawal.bytes(),
        lamports: payment.lamports.get(),
        address: payment.to.to_string(),
        by: Some(OperatorSignature {
            operator: operator.pubkey().to_string(),
            signature: Vec::new(),
            signed_at: Some(timestamp(signed_at)),
        }),
    };
    let signature = operator.sign_message(&statement.bytes().unwrap_or_default());
    Approval { operator: operator_key(by), signature, signed_at }
}

/// What we would write for this authorization, then changed.
fn message(bytes: &mut Bytes<'_>, authorization: &Authorization) -> Vec<u8> {
    let mut instructions = vec![
        ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(40_000_000),
        ComputeBudgetInstruction::set_compute_unit_limit(5_000),
        ComputeBudgetInstruction::set_compute_unit_price(u64::from(bytes.u16()) * 100),
    ];
    match authorization {
        Authorization::Withdrawals(payments) => {
            let pay = |payment: &Payment| {
                system::transfer(&address(TREASURY), &payment.to, payment.arrives().unwrap_or_default())
            };
            instructions.extend(payments.iter().map(pay));
        }
        Authorization::Sweep => {
            let sweep = |&at: &usize| system::transfer(&address(at), &address(TREASURY), 7_000_000);
            instructions.extend(SOURCES.iter().map(sweep));
        }
        Authorization::Receipt => {
            instructions.push(spl_memo_interface::instruction::build_memo(&MEMO_PROGRAM, b"room", &[]));
        }
    }
    let changes = bytes.next();
    if changes & 0x80 != 0 {
        return bytes.0.to_vec();
    }
    for _ in 0..changes % 4 {
        change(bytes, &mut instructions);
    }
    let payer = if bytes.next() % 16 == 15 { bytes.at() } else { TREASURY };
    let compiled = v0::Message::try_compile(&address(payer), &instructions, &[], Hash::default());
    let Ok(compiled) = compiled else { return Vec::new() };
    let mut message = VersionedMessage::V0(compiled).serialize();
    for _ in 0..bytes.next() % 4 {
        let at = usize::from(bytes.u16()) % message.len().max(1);
        let value = bytes.next();
        if let Some(byte) = message.get_mut(at) {
            *byte ^= value;
        }
    }
    message
}

/// Adds, drops, repeats or replaces an instruction.
fn change(bytes: &mut Bytes<'_>, instructions: &mut Vec<Instruction>) {
    let at = bytes.at() % instructions.len().max(1);
    let (from, to) = (address(bytes.at()), address(bytes.at()));
    let lamports = u64::from(bytes.u16()) * 1_000_000;
    let added = match bytes.next() % 12 {
        0 => system::transfer(&from, &to, lamports),
        1 => system::transfer(&from, &to, 0),
        2 => system::assign(&from, &to),
        3 => system::create_account(&from, &to, lamports, 0, &address(5)),
        4 => system::advance_nonce_account(&to, &from),
        5 => system::withdraw_nonce_account(&to, &from, &address(5), lamports),
        6 => Instruction::new_with_bytes(to, &[2, 0, 0, 0], vec![AccountMeta::new(from, true)]),
        7 => spl_memo_interface::instruction::build_memo(&MEMO_PROGRAM, b"m", &[&from]),
        8 => ComputeBudgetInstruction::set_compute_unit_price(lamports),
        9 => ComputeBudgetInstruction::request_heap_frame(64 * 1024),
        10 => {
            if !instructions.is_empty() {
                instructions.remove(at);
            }
            return;
        }
        _ => match instructions.get(at) {
            Some(twice) => twice.clone(),
            None => return,
        },
    };
    instructions.insert(at.min(instructions.len()), added);
}

/// Reads the message with Solana's own decoders and compares what would move with what is authorized.
fn must_be_authorized(message: &[u8], authorization: &Authorization) {
    let parsed: VersionedMessage = wincode::deserialize_exact(message).expect("what was accepted parses");
    let VersionedMessage::V0(parsed) = parsed else { panic!("another version was accepted") };
    assert!(parsed.address_table_lookups.is_empty(), "a lookup table was accepted");
    assert_eq!(parsed.account_keys[0], address(TREASURY), "another payer was accepted");
    let mut moved: BTreeMap<(Pubkey, Pubkey), u64> = BTreeMap::new();
    for instruction in &parsed.instructions {
        let program = parsed.account_keys[usize::from(instruction.program_id_index)];
        let account = |at: usize| parsed.account_keys[usize::from(instruction.accounts[at])];
        if program == solana_system_interface::program::id() {
            let decoded: SystemInstruction =
                bincode::deserialize(&instruction.data).expect("accepted and unreadable");
            let SystemInstruction::Transfer { lamports } = decoded else {
                panic!("{decoded:?} was accepted")
            };
            *moved.entry((account(0), account(1))).or_default() += lamports;
        } else {
            assert!(
                program == MEMO_PROGRAM || program == solana_compute_budget_interface::id(),
                "program {program} was accepted"
            );
            assert!(instruction.accounts.is_empty(), "accounts were handed to {program}");
        }
    }
    match authorization {
        Authorization::Receipt => assert!(moved.is_empty(), "a receipt moves {moved:?}"),
        Authorization::Sweep => {
            let to_treasury = |(from, to): &(Pubkey, Pubkey)| {
                *to == address(TREASURY) && SOURCES.map(address).contains(from)
            };
            assert!(moved.keys().all(to_treasury), "a sweep moves {moved:?}");
        }
        Authorization::Withdrawals(payments) => {
            let mut authorized: BTreeMap<(Pubkey, Pubkey), u64> = BTreeMap::new();
            for payment in payments {
                let arrives = u64::try_from(payment.lamports.get() - payment.fee.get()).expect("positive");
                *authorized.entry((address(TREASURY), payment.to)).or_default() += arrives;
                if payment.lamports.get() >= THRESHOLD {
                    let genuine = [0, 1].map(|by| approval(payment, by));
                    assert!(
                        genuine.iter().all(|one| payment.approvals.contains(one)),
                        "{:?} was enough",
                        payment.approvals
                    );
                }
            }
            assert_eq!(moved, authorized);
        }
    }
}
