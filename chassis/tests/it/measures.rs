//! What Prometheus reads of messages, refusals and questions.

use crate::{
    counter::{EXPIRING, Ground, commands, ids},
    eventually,
};
use chassis::{
    grpc,
    settings::{Endpoint, Value},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Other tests of this process are measured, too.
struct Page(String);

impl Page {
    async fn of(http: std::net::SocketAddr) -> Self {
        Self(reqwest::get(format!("http://{http}/metrics")).await.unwrap().text().await.unwrap())
    }

    /// The value of the series with these labels.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<u64> {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let line = self.0.lines().find(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'))
                && labels.iter().all(|label| line.contains(label))
        });
        line?.rsplit(' ').next()?.parse().ok()
    }
}

#[tokio::test]
async fn messages_and_questions_are_measured_under_their_names_and_refusals_by_their_codes() {
    let _alone = EXPIRING.lock().await;
    let ground = Ground::prepare("none").await;
    let running = ground.counter().await;
    let expired = [("message", "FreezeRoom"), ("code", "REFUSAL_CODE_EXPIRED")];
    let refused = async || Page::of(running.http()).await.value("rooms_refused_total", &expired).unwrap_or(0);
    let before = refused().await;
    let mut late = commands(ids(1)).remove(0);
    late.expires_at_us = 1;
    late.reply_to = "gateway".to_owned();
    let mut messages = commands(ids(3));
    messages.push(late.clone());
    ground.publish(&messages).await;
    eventually("a refusal is counted", async || refused().await == before + 1).await;
    // Its answer is told again, but it was refused once.
    ground.bus.publish(&[(&late, ":again")]).await.unwrap();
    ground.publish(&commands(ids(1))).await;
    eventually("the last is obeyed", async || ground.counted().await == (4, 1)).await;

    let to = Endpoint::parse(&format!("http://{}", running.grpc())).unwrap();
    let mut health = HealthClient::new(grpc::channel(&to).unwrap());
    health.check(HealthCheckRequest::default()).await.unwrap();
    health.check(HealthCheckRequest { service: "nobody".to_owned() }).await.unwrap_err();

    let page = Page::of(running.http()).await;
    assert_eq!(refused().await, before + 1);
    let freezes = [("message", "FreezeRoom")];
    assert!(page.value("rooms_handled_total", &freezes) >= Some(5));
    assert!(page.value("rooms_message_seconds_count", &freezes) >= Some(5));
    let method = ("method", "grpc.health.v1.Health/Check");
    for code in ["Ok", "NotFound"] {
        let answered = page.value("rooms_grpc_requests_total", &[method, ("code", code)]);
        assert!(answered >= Some(1), "{code}");
    }
    assert!(page.value("rooms_grpc_request_seconds_count", &[method]) >= Some(2));
    running.stop().await.unwrap();
}
