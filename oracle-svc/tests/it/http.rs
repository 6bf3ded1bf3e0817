//! How a host is asked, against HTTP servers that misbehave.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use chassis::breaker::Breakers;
use oracle_svc::venues::http::{self, Host, HttpError, Manners};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, time::Instant};

/// How the server answers.
#[derive(Clone, Copy, Debug, Default)]
pub enum Manner {
    #[default]
    Well,
    Status(u16),
    Later(&'static str),
    Never,
    Endless,
    Elsewhere,
}

/// A server with one answer.
#[derive(Clone, Default)]
pub struct Server {
    pub manner: Arc<Mutex<Manner>>,
    pub asked: Arc<AtomicUsize>,
    pub key: Arc<Mutex<Option<String>>>,
}

impl Server {
    pub async fn serve(&self) -> String {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(answer)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}/")
    }

    pub fn count(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn is(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
}

async fn answer(State(server): State<Server>, headers: HeaderMap) -> Response {
    server.asked.fetch_add(1, Ordering::SeqCst);
    *server.key.lock().unwrap() = headers.get("x-key").map(|value| value.to_str().unwrap().to_owned());
    let manner = *server.manner.lock().unwrap();
    match manner {
        Manner::Well => "well".into_response(),
        Manner::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Manner::Later(after) => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", after)]).into_response(),
        Manner::Never => std::future::pending().await,
        Manner::Endless => {
            let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("more ".repeat(100)));
            axum::body::Body::from_stream(chunks).into_response()
        }
        Manner::Elsewhere => (StatusCode::FOUND, [("location", "/")]).into_response(),
    }
}

fn host(url: &str, every: Duration) -> Host {
    let manners = Manners { every, deadline: Duration::from_secs(1), body: 10_000 };
    Host::new(http::client().unwrap(), url, &Breakers::default(), manners)
}

#[tokio::test]
async fn an_answer_is_its_body_and_the_key_goes_along() {
    let server = Server::default();
    let url = server.serve().await;
    let host = host(&url, Duration::ZERO);
    assert_eq!(host.get(&url, |request| request.header("x-key", "secret")).await.unwrap(), b"well");
    assert_eq!(server.key.lock().unwrap().as_deref(), Some("secret"));
}

#[tokio::test]
async fn requests_keep_their_distance() {
    let server = Server::default();
    let url = server.serve().await;
    let host = host(&url, Duration::from_millis(300));
    let began = Instant::now();
    for _ in 0..3 {
        host.get(&url, |request| request).await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());
}

#[tokio::test]
async fn who_says_later_is_not_asked_before() {
    let server = Server::default();
    let url = server.serve().await;
    let host = host(&url, Duration::ZERO);
    server.is(Manner::Later("2"));
    let refused = host.get(&url, |request| request).await.unwrap_err();
    assert!(
        matches!(refused, HttpError::TooMany { retry_in, .. } if retry_in == Duration::from_secs(2)),
        "{refused}"
    );
    server.is(Manner::Well);
    let began = Instant::now();
    while let Err(error) = host.get(&url, |request| request).await {
        assert!(matches!(error, HttpError::Later { .. }), "{error}");
        assert_eq!(server.count(), 1, "asked although it said later");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() >= Duration::from_millis(1_900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_host_that_is_down_is_left_alone() {
    for manner in [Manner::Status(500), Manner::Never] {
        let server = Server::default();
        let url = server.serve().await;
        let host = host(&url, Duration::ZERO);
        server.is(manner);
        for _ in 0..5 {
            let failed = host.get(&url, |request| request).await.unwrap_err();
            assert!(matches!(failed, HttpError::Status(_) | HttpError::TooSlow(_)), "{failed}");
        }
        let left = host.get(&url, |request| request).await.unwrap_err();
        assert!(matches!(left, HttpError::LeftAlone { .. }), "{left}");
        assert_eq!(server.count(), 5, "{manner:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_no_failure_of_the_host() {
    let server = Server::default();
    let url = server.serve().await;
    let host = host(&url, Duration::ZERO);
    for manner in [Manner::Status(401), Manner::Status(404), Manner::Elsewhere] {
        server.is(manner);
        for _ in 0..6 {
            let refused = host.get(&url, |request| request).await.unwrap_err();
            assert!(matches!(refused, HttpError::Status(_)), "{refused}");
        }
    }
    assert_eq!(server.count(), 18, "a redirect is not followed either");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server = Server::default();
    let url = server.serve().await;
    server.is(Manner::Endless);
    let long = host(&url, Duration::ZERO).get(&url, |request| request).await.unwrap_err();
    assert!(matches!(long, HttpError::TooLong(10_000)), "{long}");
}

#[tokio::test]
async fn errors_do_not_tell_the_address() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = "http://127.0.0.1:1/secret-key";
    let failed = host(url, Duration::ZERO).get(url, |request| request).await.unwrap_err();
    assert!(!chassis::tasks::with_sources(&failed).contains("secret"), "{failed:?}");
}
