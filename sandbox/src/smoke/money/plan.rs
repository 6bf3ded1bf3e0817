//! Who moves how much, decided by the seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// At most so many people take part.
pub const NAMES: [&str; 20] = [
    "Ada", "Ben", "Cleo", "Dov", "Eva", "Finn", "Gil", "Hana", "Ivo", "Jana", "Kai", "Lea", "Max", "Nia",
    "Otto", "Pia", "Rolf", "Sara", "Tom", "Uma",
];

/// In lamports; a first-used address takes at most 1 SOL a day.
const DEPOSITS: std::ops::Range<i64> = 300_000_000..1_500_000_000;
const WITHDRAWALS: std::ops::Range<i64> = 20_000_000..900_000_000;

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sends so many lamports to the deposit address.
    Deposit(i64),
    /// Asks for so many lamports at an address never used before.
    Withdraw(i64),
}

/// Somebody, and what they do one after the other.
#[derive(Clone, Debug)]
pub struct Part {
    /// As Telegram shows it.
    pub name: &'static str,
    /// In this order.
    pub steps: Vec<Step>,
}

/// What everybody does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// At the same time.
    pub parts: Vec<Part>,
}

impl Part {
    /// What must be left, in lamports.
    pub fn balance(&self) -> i64 {
        self.steps
            .iter()
            .map(|step| if let Step::Deposit(lamports) = step { *lamports } else { -step.lamports() })
            .sum()
    }
}

impl Step {
    /// How much, in lamports.
    pub const fn lamports(self) -> i64 {
        match self {
            Self::Deposit(lamports) | Self::Withdraw(lamports) => lamports,
        }
    }
}

impl Plan {
    /// The same for the same seed. Everybody begins with a deposit; nobody asks for more than they have.
    pub fn of(seed: u64, people: usize, steps: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut parts: Vec<Part> = NAMES
            .iter()
            .take(people)
            .map(|name| Part { name, steps: vec![Step::Deposit(rng.random_range(DEPOSITS))] })
            .collect();
        for _ in parts.len()..steps {
            let place = rng.random_range(0..parts.len().max(1));
            let Some(part) = parts.get_mut(place) else { break };
            let wanted = Step::Withdraw(rng.random_range(WITHDRAWALS));
            let deposit = Step::Deposit(rng.random_range(DEPOSITS));
            let takes = rng.random_bool(0.7) && wanted.lamports() <= part.balance();
            part.steps.push(if takes { wanted } else { deposit });
        }
        Self { parts }
    }

    /// Steps of one kind.
    pub fn count(&self, of_kind: impl Fn(&Step) -> bool) -> usize {
        self.parts.iter().flat_map(|part| &part.steps).filter(|step| of_kind(step)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything_and_nobody_overdraws() {
        let plan = Plan::of(7, 20, 60);
        let steps = |plan: &Plan| plan.parts.iter().map(|part| part.steps.clone()).collect::<Vec<_>>();
        assert_eq!(steps(&plan), steps(&Plan::of(7, 20, 60)));
        assert_ne!(steps(&plan), steps(&Plan::of(8, 20, 60)));
        assert_eq!(plan.count(|_| true), 60);
        assert!(plan.count(|step| matches!(step, Step::Withdraw(_))) >= 10);
        for seed in 0..50 {
            for part in Plan::of(seed, 20, 60).parts {
                for end in 0..part.steps.len() {
                    let so_far = Part { steps: part.steps[..=end].to_vec(), ..part.clone() };
                    assert!(so_far.balance() >= 0, "{part:?}");
                }
            }
        }
    }
}
