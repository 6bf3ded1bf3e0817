//! The DevTools protocol (<https://chromedevtools.github.io/devtools-protocol/>): JSON calls over one WebSocket, each with
//! an id that its answer repeats; what comes without one is an event.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config, tungstenite::Message};

/// How long one call may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Longest message: a picture of a page in base64.
const LONGEST: usize = 64 << 20;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection; clones share it, and calls wait for each other.
#[derive(Clone)]
pub struct DevTools {
    line: Arc<Mutex<Line>>,
    next: Arc<AtomicU64>,
}

struct Line {
    socket: Socket,
    /// Errors that pages reported by themselves.
    complaints: Vec<String>,
}

impl DevTools {
    /// Connects to a browser.
    ///
    /// # Errors
    /// It does not listen there.
    pub async fn connect(url: &str) -> Result<Self> {
        let config = WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
        let connected = connect_async_with_config(url, Some(config), true).await;
        let (socket, _) = connected.context("connect to the browser")?;
        let line = Arc::new(Mutex::new(Line { socket, complaints: Vec::new() }));
        Ok(Self { line, next: Arc::default() })
    }

    /// Calls a method, of a page if a session is given.
    ///
    /// # Errors
    /// The browser refuses or is gone.
    pub async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut call = json!({ "id": id, "method": method, "params": params });
        if let (Some(session), Some(fields)) = (session, call.as_object_mut()) {
            fields.insert("sessionId".to_owned(), session.into());
        }
        let mut line = self.line.lock().await;
        let answering = async {
            line.socket.send(Message::text(call.to_string())).await?;
            line.answer(id).await
        };
        let answer = tokio::time::timeout(ANSWER, answering).await;
        answer.with_context(|| format!("{method} is not answered"))?.with_context(|| method.to_owned())
    }

    /// What pages complained about since the last call of this.
    pub async fn complaints(&self) -> Vec<String> {
        std::mem::take(&mut self.line.lock().await.complaints)
    }
}

impl Line {
    async fn answer(&mut self, id: u64) -> Result<Value> {
        while let Some(message) = self.socket.next().await {
            let Message::Text(text) = message? else { continue };
            let mut message: Value = serde_json::from_str(&text)?;
            if message.get("id").and_then(Value::as_u64) == Some(id) {
                if let Some(error) = message.get("error") {
                    bail!("{error}");
                }
                return Ok(message.get_mut("result").map(Value::take).unwrap_or_default());
            }
            self.note(&message);
        }
        bail!("the browser is gone")
    }

    /// Keeps exceptions, and errors of the log.
    fn note(&mut self, event: &Value) {
        let text = |path: &str| event.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let complaint = match event.get("method").and_then(Value::as_str) {
            Some("Runtime.exceptionThrown") => text("/params/exceptionDetails/exception/description")
                .or_else(|| text("/params/exceptionDetails/text")),
            Some("Log.entryAdded") if text("/params/entry/level").as_deref() == Some("error") => {
                text("/params/entry/text")
            }
            _ => None,
        };
        self.complaints.extend(complaint);
    }
}
