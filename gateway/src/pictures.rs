//! Pictures above the text of a message: a room with its price, how somebody has fared, and the price of a
//! market elsewhere.
//!
//! A picture is drawn from plain values, the same bytes for the same values, with Latin letters and figures alone; the
//! caption below it has the words and every number that it shows. Where none can be drawn, the text stands alone.

mod canvas;
mod card;
mod chart;
mod colours;
mod font;
mod market;
mod pools;
mod portfolio;
mod scale;

pub use card::{Badge, Card};
pub use chart::{Chart, Event, Level, Moment, Point, Track};
pub use market::Course;
pub use pools::Pool;
pub use portfolio::{Portfolio, Step};

use crate::recent::Recent;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chassis::Fault;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OnceCell, Semaphore};

/// Pictures that are kept for whoever asks for the same; each has at most 300 KB, and a quarter of that as a rule.
const KEPT: usize = 96;

/// Drawing keeps a processor busy, and others want it, too.
const AT_ONCE: usize = 2;

/// A PNG picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// SHA-256 of the bytes: Telegram keeps what it has seen, and takes its name for it the next time.
    pub key: [u8; 32],
    /// The file. Base64 where it is handed over as text.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub bytes: Bytes,
}

impl Picture {
    /// Takes a PNG file.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { key: Sha256::digest(&bytes).into(), bytes: bytes.into() }
    }
}

/// What can be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Drawing {
    /// A room.
    Card(Card),
    /// How somebody has fared.
    Portfolio(Portfolio),
    /// The price of an outcome elsewhere.
    Course(Course),
}

impl Drawing {
    /// Draws it.
    ///
    /// # Errors
    /// Its values make no picture.
    pub fn draw(&self) -> Result<Picture, Fault> {
        let bytes = self.canvas()?.png().map_err(|error| Fault::bug(error.to_string()))?;
        Ok(Picture::new(bytes))
    }

    /// Everything that is written in it.
    ///
    /// # Errors
    /// Its values make no picture.
    pub fn texts(&self) -> Result<Vec<String>, Fault> {
        Ok(self.canvas()?.texts().to_vec())
    }

    fn canvas(&self) -> Result<canvas::Canvas, Fault> {
        let canvas = match self {
            Self::Card(card) => card::draw(card),
            Self::Portfolio(portfolio) => portfolio::draw(portfolio),
            Self::Course(course) => market::draw(course),
        };
        canvas.ok_or_else(|| Fault::bug("a picture without pixels"))
    }
}

/// Draws, each picture once for all who ask at about the same time.
#[derive(Debug)]
pub struct Pictures {
    drawn: Recent<Arc<Drawing>, Arc<OnceCell<Picture>>>,
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl Pictures {
    /// Whoever asks waits so long at most; with no patience at all nothing is drawn.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        Self { drawn: Recent::new(KEPT), turns: Arc::new(Semaphore::new(AT_ONCE)), patience }
    }

    /// The picture, or none if it cannot be drawn or takes too long: nobody waits for it.
    pub async fn draw(&self, drawing: Drawing) -> Option<Picture> {
        if self.patience.is_zero() {
            return None;
        }
        let drawing = Arc::new(drawing);
        let cell = self.drawn.get_or_put(&drawing, Arc::default);
        let drawn = cell.get_or_try_init(|| self.begin(Arc::clone(&drawing)));
        match tokio::time::timeout(self.patience, drawn).await {
            Ok(Ok(picture)) => Some(picture.clone()),
            Ok(Err(fault)) => {
                tracing::warn!(error = fault.chain(), "no picture");
                None
            }
            Err(_) => {
                tracing::info!("a picture is not drawn in time");
                None
            }
        }
    }

    /// Off the executor: other chats do not wait for it.
    async fn begin(&self, drawing: Arc<Drawing>) -> Result<Picture, Fault> {
        let away = |error: tokio::sync::AcquireError| Fault::bug(error.to_string());
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(away)?;
        let work = move || {
            let picture = drawing.draw();
            drop(turn);
            picture
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Fault::bug(error.to_string()))?
    }
}

fn to_base64<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests;
