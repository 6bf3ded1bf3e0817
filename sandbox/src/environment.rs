//! The environment the sandbox was started in. Whatever a user sets there for a service wins over what
//! the world would have set, so real endpoints replace simulated ones by the production variables.

/// A variable's value; an empty one counts as unset.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place of the sandbox that reads the environment")]
pub fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
