//! What can be typed.

mod desk;

pub use desk::{Disputes, Judgement, Lock, Open, Resolve, Rule, VoidRoom};

use std::{num::NonZeroU32, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use proto::{AccountId, RoomId, WithdrawalId, room::RoomState, wallet::WithdrawalState};
use tonic::transport::Uri;
use uuid::Uuid;

use crate::channel::Credentials;

const AFTER_HELP: &str = "\
Exit status:
  0  done
  1  a service answered with an error, or with something that makes no sense; or what was checked does not fit
  2  the command line is wrong, or a service refused what was asked
  3  there is no such room, account, settlement, withdrawal, dispute, pause, ban or dead letter
  4  a service could not be reached, or did not answer in time
  5  nobody confirmed it: the answer was not yes, or there was neither a terminal nor --yes

What moves money or cannot be undone is asked about before it is signed. Where two operators are needed, each runs the
same command with a key of their own: the first proposes, `roomsctl waiting` shows it to the second, who has it done.

A ROOM is its number (12 or #12) or its id, an ACCOUNT is its id. Times are UTC.
Amounts are SOL in tables and lamports in JSON.";

/// Operators' command line of ROOMS: asks the services over gRPC.
#[derive(Debug, Parser)]
#[command(name = "roomsctl", version, after_help = AFTER_HELP, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Options {
    /// Where room-svc answers, http://127.0.0.1:8081 for example
    #[arg(long, global = true, value_name = "URL", env = "ROOMSCTL_ROOM_URL", value_parser = url)]
    pub room_url: Option<Uri>,
    /// Where wallet-svc answers
    #[arg(long, global = true, value_name = "URL", env = "ROOMSCTL_WALLET_URL", value_parser = url)]
    pub wallet_url: Option<Uri>,
    /// Where settlement-svc answers
    #[arg(long, global = true, value_name = "URL", env = "ROOMSCTL_SETTLEMENT_URL", value_parser = url)]
    pub settlement_url: Option<Uri>,
    /// Where notifier-svc answers
    #[arg(long, global = true, value_name = "URL", env = "ROOMSCTL_NOTIFIER_URL", value_parser = url)]
    pub notifier_url: Option<Uri>,
    #[command(flatten)]
    pub credentials: Credentials,
    /// Seconds to wait for each answer
    #[arg(long, global = true, value_name = "SECONDS", env = "ROOMSCTL_TIMEOUT", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,
    /// Print one JSON object instead of tables
    #[arg(long, global = true)]
    pub json: bool,
    /// Id of an operator's request, so that a script that runs twice acts once: the second time is refused
    #[arg(long, global = true, value_name = "UUID", value_parser = request)]
    pub request_id: Option<Uuid>,
    /// Do what moves money or cannot be undone without asking
    #[arg(short, long, global = true)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Rooms: what is asked, the terms, the pools; open those of operators, say what stands
    #[command(subcommand, visible_alias = "room")]
    Rooms(Rooms),
    /// Accounts: balances and movements
    #[command(subcommand)]
    Wallet(Wallet),
    /// Bets of a room or an account
    #[command(subcommand)]
    Bets(Bets),
    /// Settlements: verdict, fees, receipt
    #[command(subcommand)]
    Settlement(Settlement),
    /// Withdrawals: who waits for what; approve, reject
    #[command(subcommand)]
    Withdrawals(Withdrawals),
    /// Disputes of players: list, judge
    #[command(subcommand, visible_alias = "disputes")]
    Dispute(Disputes),
    /// Everything that waits for operators: withdrawals, rooms, disputes
    Waiting,
    /// Accounts that operators keep from playing: set, lift, list
    #[command(subcommand, visible_alias = "bans")]
    Ban(crate::operator::bans::Bans),
    /// Messages that a service put aside: list, have one handled again
    #[command(subcommand, visible_alias = "dead-letter")]
    DeadLetters(crate::operator::letters::DeadLetters),
    /// Groups in which the players of a public room meet: add, retire, list
    #[command(subcommand, visible_alias = "arenas")]
    Arena(crate::operator::arenas::Arenas),
    /// Messages to everybody: preview, start, pause, resume, end, list
    #[command(subcommand, visible_alias = "broadcasts")]
    Broadcast(crate::operator::broadcasts::Broadcasts),
    /// Wallets at Polymarket whose agreement makes a signal: add, remove, list
    #[command(subcommand, visible_alias = "smart-wallets")]
    SmartWallet(crate::operator::smart_wallets::SmartWallets),
    /// Notifications: what became of them
    #[command(subcommand)]
    Notifications(crate::notifications::Notifications),
    /// List what stops withdrawals, one pause per cause
    Pauses,
    /// List what the rules against abuse have found, newest first
    Anomalies,
    /// Stop withdrawals: nothing new is signed until somebody resumes
    Pause {
        /// Why, for the other operators
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        key: Key,
    },
    /// End the pause of one cause; pauses of other causes stand
    Resume {
        /// As `roomsctl pauses` lists it
        #[arg(value_parser = ["operator", "drift", "daily_cap", "burst"])]
        cause: String,
        #[command(flatten)]
        key: Key,
    },
    /// Tokens, with which people and tools may call the services
    #[command(subcommand)]
    Access(crate::access::Access),
    /// Operators' keys
    #[command(subcommand)]
    Operator(Operator),
    /// Proofs of liabilities: check a user's file, take one now
    #[command(subcommand)]
    Proof(crate::proof::Proof),
    /// Evidence of settlements: fetch a room's bundle, verify one
    #[command(subcommand)]
    Evidence(crate::bundle::Evidence),
    /// Audit logs: check their chains, write them to files
    #[command(subcommand)]
    Audit(crate::audit::Audit),
    /// Show the last comparisons of ledger, entries and chain; fails where they differ
    Reconcile,
    /// Print what a shell needs to complete command lines
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub enum Withdrawals {
    /// List withdrawals, newest first
    List {
        #[command(flatten)]
        filter: WithdrawalFilter,
        #[command(flatten)]
        limit: Limit,
    },
    /// Approve a withdrawal: sign its id, amount and address. Two operators have to
    Approve {
        /// Id of the withdrawal
        #[arg(value_name = "ID", value_parser = withdrawal)]
        withdrawal: WithdrawalId,
        #[command(flatten)]
        key: Key,
    },
    /// Reject a withdrawal that is not being sent yet; its amount goes back to its owner
    Reject {
        /// Id of the withdrawal
        #[arg(value_name = "ID", value_parser = withdrawal)]
        withdrawal: WithdrawalId,
        /// Why; its owner reads it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        key: Key,
    },
}

#[derive(Debug, Args)]
pub struct WithdrawalFilter {
    /// Only withdrawals in this state; `held` waits for operators or for a new address's hold
    #[arg(long, value_name = "STATE")]
    pub state: Option<Stage>,
    /// Only withdrawals of this account
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub account: Option<AccountId>,
}

#[derive(Debug, Args)]
pub struct Key {
    /// File with your key, as `roomsctl operator new-key` or solana-keygen writes it; only you may read it
    #[arg(long, value_name = "FILE", env = "ROOMSCTL_KEY")]
    pub key: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum Operator {
    /// Make a key in a new file and print its public half, for OPERATOR_KEYS of the services
    NewKey {
        /// The file; it must not exist
        file: PathBuf,
    },
    /// Print the public half of a key
    ShowKey {
        /// The file
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum Rooms {
    /// List rooms
    List {
        /// Only rooms in these states
        #[arg(long, value_name = "STATE", value_delimiter = ',')]
        state: Vec<State>,
        /// Rooms of this Telegram chat instead of public ones
        #[arg(
            long,
            value_name = "CHAT",
            allow_negative_numbers = true,
            default_value_t = 0,
            hide_default_value = true
        )]
        chat: i64,
        /// Only rooms opened by this account
        #[arg(long, value_name = "ACCOUNT", value_parser = account)]
        host: Option<AccountId>,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show one room
    Show {
        /// Number or id
        room: RoomKey,
    },
    /// Open a room that only operators open: a question in words, a token on its curve, more seats
    Open(Box<Open>),
    /// End betting in a room now. Prices, deadline and result stay as its terms say
    Lock(Lock),
    /// Give every stake of a room back. Two operators have to
    Void(VoidRoom),
    /// Answer a room in words after its deadline, or let a suspicious verdict stand. Two operators have to
    Resolve(Resolve),
    /// Say what a room is settled with, before it is paid: `void` and `resolve` in one. Two operators have to
    Rule(Rule),
    /// List rooms whose verdict waits for operators, and rulings that wait for a second operator
    Waiting,
}

#[derive(Debug, Subcommand)]
pub enum Wallet {
    /// Show the balance and the last movements of one account
    Show {
        /// Id of the account
        #[arg(value_parser = account)]
        account: AccountId,
        #[command(flatten)]
        limit: Limit,
    },
}

#[derive(Debug, Subcommand)]
pub enum Bets {
    /// List bets, newest first
    #[command(group = clap::ArgGroup::new("whose").required(true).multiple(true))]
    List {
        /// Bets of this room
        #[arg(long, group = "whose")]
        room: Option<RoomKey>,
        /// Bets of this account
        #[arg(long, group = "whose", value_parser = account)]
        account: Option<AccountId>,
        /// Only bets that are not decided yet
        #[arg(long)]
        live: bool,
        #[command(flatten)]
        limit: Limit,
    },
}

#[derive(Debug, Subcommand)]
pub enum Settlement {
    /// Show the settlement of one room
    Show {
        /// Number or id; a number is looked up at room-svc
        room: RoomKey,
    },
}

#[derive(Debug, Args)]
pub struct Limit {
    /// Rows at most
    #[arg(long, value_name = "ROWS", default_value = "50")]
    pub limit: NonZeroU32,
}

/// By what a room is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomKey {
    Number(i64),
    Id(RoomId),
}

impl FromStr for RoomKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_prefix('#').unwrap_or(text);
        match number.parse::<i64>() {
            Ok(number) if number > 0 => Ok(RoomKey::Number(number)),
            _ => match Uuid::try_parse(text) {
                Ok(id) if !id.is_nil() => Ok(RoomKey::Id(RoomId::new(id))),
                _ => Err("neither the number nor the id of a room"),
            },
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum State {
    Queuing,
    Open,
    Locked,
    Settling,
    Settled,
    Voided,
    Archived,
}

impl From<State> for RoomState {
    fn from(state: State) -> Self {
        match state {
            State::Queuing => RoomState::Queuing,
            State::Open => RoomState::Open,
            State::Locked => RoomState::Locked,
            State::Settling => RoomState::Settling,
            State::Settled => RoomState::Settled,
            State::Voided => RoomState::Voided,
            State::Archived => RoomState::Archived,
        }
    }
}

/// Where a withdrawal stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Stage {
    Requested,
    Held,
    Approved,
    Signed,
    Submitted,
    Finalized,
    Failed,
    Expired,
    Cancelled,
    Rejected,
}

impl From<Stage> for WithdrawalState {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Requested => WithdrawalState::Requested,
            Stage::Held => WithdrawalState::Held,
            Stage::Approved => WithdrawalState::Approved,
            Stage::Signed => WithdrawalState::Signed,
            Stage::Submitted => WithdrawalState::Submitted,
            Stage::Finalized => WithdrawalState::Finalized,
            Stage::Failed => WithdrawalState::Failed,
            Stage::Expired => WithdrawalState::Expired,
            Stage::Cancelled => WithdrawalState::Cancelled,
            Stage::Rejected => WithdrawalState::Rejected,
        }
    }
}

fn withdrawal(text: &str) -> Result<WithdrawalId, &'static str> {
    match Uuid::try_parse(text) {
        Ok(id) if !id.is_nil() => Ok(WithdrawalId::new(id)),
        _ => Err("not the id of a withdrawal"),
    }
}

pub fn account(text: &str) -> Result<AccountId, &'static str> {
    match Uuid::try_parse(text) {
        Ok(id) if !id.is_nil() => Ok(AccountId::new(id)),
        _ => Err("not the id of an account"),
    }
}

fn request(text: &str) -> Result<Uuid, &'static str> {
    Uuid::try_parse(text).ok().filter(|id| !id.is_nil()).ok_or("not a UUID")
}

fn url(text: &str) -> Result<Uri, &'static str> {
    let uri = text.parse::<Uri>().map_err(|_| "not a URL")?;
    match uri.scheme_str() {
        Some("http" | "https") if uri.host().is_some() => Ok(uri),
        _ => Err("not an http:// URL or https:// URL"),
    }
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse::<u64>() {
        Ok(seconds @ 1..=600) => Ok(Duration::from_secs(seconds)),
        _ => Err("not a number from 1 to 600"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Every command that can be typed, by its words.
    fn commands(of: &clap::Command, words: &[&str]) -> Vec<String> {
        let all = of.get_subcommands().filter(|command| command.get_name() != "help");
        let below = all.flat_map(|command| commands(command, &[words, &[command.get_name()]].concat()));
        let below: Vec<String> = below.collect();
        if below.is_empty() { vec![words.join(" ")] } else { below }
    }

    /// The README has an example of each command, and each example can be typed.
    #[test]
    fn every_command_has_an_example() {
        let readme = include_str!("../README.md");
        let examples = readme.lines().filter_map(|line| line.strip_prefix("| `roomsctl "));
        let examples: Vec<&str> = examples.filter_map(|line| Some(line.split_once('`')?.0)).collect();
        for command in commands(&Cli::command(), &[]) {
            let typed = |example: &&str| **example == *command || example.starts_with(&format!("{command} "));
            assert!(examples.iter().any(typed), "no example of {command}");
        }
        for example in examples {
            let mut words = vec!["roomsctl"];
            for (place, part) in example.split('"').enumerate() {
                if place % 2 == 0 { words.extend(part.split_whitespace()) } else { words.push(part) }
            }
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{example}: {error}");
            }
        }
    }

    #[test]
    fn a_room_is_a_number_or_an_id() {
        assert_eq!("12".parse(), Ok(RoomKey::Number(12)));
        assert_eq!("#12".parse(), Ok(RoomKey::Number(12)));
        let id = "0197a0b1-0000-7000-8000-000000000001";
        assert_eq!(id.parse(), Ok(RoomKey::Id(RoomId::new(id.parse().unwrap()))));
        for wrong in ["", "0", "-3", "#", "twelve", "00000000-0000-0000-0000-000000000000"] {
            assert!(wrong.parse::<RoomKey>().is_err(), "{wrong}");
        }
    }
}
