//! Tokens that somebody wants to open a room on. oracle-svc reads a token from the chain for each question, and that
//! takes longer than the bets of a batch may wait. So it is asked beside the batches; the opening comes again until
//! there is an answer.

use chassis::{clock::monotonic, grpc::Channel};
use proto::oracle::{GetTokenRequest, Token, oracle_service_client::OracleServiceClient};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long oracle-svc may take. Below the deadline of the call.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(5);

/// Tokens that are remembered or asked about at once; others wait.
const MOST: usize = 256;

/// What is remembered of a token.
#[derive(Debug)]
enum Memory {
    Asking { since: Instant },
    Answered { at: Instant, token: Option<Box<Token>> },
}

impl Memory {
    fn counts(&self) -> bool {
        match self {
            // Longer than the patience: whoever asked is gone.
            Self::Asking { since } => since.elapsed() < 2 * PATIENCE,
            Self::Answered { at, .. } => at.elapsed() < FRESH,
        }
    }
}

/// Asks oracle-svc about tokens. Cloning is cheap.
#[derive(Clone)]
pub struct Tokens {
    oracle: OracleServiceClient<Channel>,
    memory: Arc<Mutex<HashMap<String, Memory>>>,
}

impl Tokens {
    /// Knows nothing yet.
    pub fn new(oracle: OracleServiceClient<Channel>) -> Self {
        Self { oracle, memory: Arc::default() }
    }

    /// What a token is: nothing while oracle-svc is asked, and nothing inside where it does not know.
    pub fn ask(&self, mint: &str) -> Option<Option<Token>> {
        if !is_address(mint) {
            return Some(None);
        }
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.retain(|_, memory| memory.counts());
        match memory.get(mint) {
            Some(Memory::Answered { token, .. }) => return Some(token.as_deref().cloned()),
            Some(Memory::Asking { .. }) => return None,
            None if memory.len() >= MOST => return None,
            None => {}
        }
        memory.insert(mint.to_owned(), Memory::Asking { since: monotonic() });
        let (asking, mint) = (self.clone(), mint.to_owned());
        tokio::spawn(async move { asking.fetch(mint).await });
        None
    }

    async fn fetch(mut self, mint: String) {
        let mut request = tonic::Request::new(GetTokenRequest { mint: mint.clone() });
        request.set_timeout(PATIENCE);
        let token = match self.oracle.get_token(request).await {
            Ok(answer) => answer.into_inner().token.map(Box::new),
            Err(status) => {
                tracing::warn!(mint, %status, "an opening is without its token");
                None
            }
        };
        let answered = Memory::Answered { at: monotonic(), token };
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(mint, answered);
    }
}

/// 32 bytes in base58 have such a length, and nobody has to be asked about anything else.
fn is_address(text: &str) -> bool {
    let letter = |letter: u8| letter.is_ascii_alphanumeric() && !matches!(letter, b'0' | b'O' | b'I' | b'l');
    (32..=44).contains(&text.len()) && text.bytes().all(letter)
}
