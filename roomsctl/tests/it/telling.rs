//! Broadcasts, smart wallets and statistics, against a peer that verifies what is signed.

use crate::{
    operators::{Folder, obey, said},
    peer::Peer,
};
use proto::{
    Refusal,
    common::RefusalCode,
    notifier::{
        notifier_operator_service_server::NotifierOperatorService, notifier_service_server::NotifierService,
        *,
    },
    timestamp,
};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

/// Keeps what operators said.
#[derive(Clone, Default)]
pub struct Teller(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    asked: BTreeSet<Vec<u8>>,
    broadcasts: Vec<(Broadcast, i32)>,
    wallets: Vec<(String, String)>,
}

#[tonic::async_trait]
impl NotifierOperatorService for Teller {
    async fn set_smart_wallet(
        &self,
        request: Request<SetSmartWalletRequest>,
    ) -> Answer<SetSmartWalletResponse> {
        let SetSmartWalletRequest { request_id, command } = request.into_inner();
        let (command, said) = (command.unwrap(), &mut *self.0.lock().unwrap());
        let outcome = obey(&mut said.asked, &request_id, &command, |_| {
            said.wallets.retain(|(address, _)| *address != command.address);
            if command.listed {
                said.wallets.push((command.address.clone(), command.label.clone()));
            }
            Ok(SetSmartWalletDone {})
        })?;
        Ok(Response::new(SetSmartWalletResponse { outcome }))
    }

    async fn start_broadcast(
        &self,
        request: Request<StartBroadcastRequest>,
    ) -> Answer<StartBroadcastResponse> {
        let StartBroadcastRequest { request_id, command } = request.into_inner();
        let (command, said) = (command.unwrap(), &mut *self.0.lock().unwrap());
        let outcome = obey(&mut said.asked, &request_id, &command, |_| {
            said.broadcasts.insert(0, (command.broadcast.clone().unwrap(), BroadcastState::Running.into()));
            Ok(StartBroadcastDone { recipients: 1_234 })
        })?;
        Ok(Response::new(StartBroadcastResponse { outcome }))
    }

    async fn steer_broadcast(
        &self,
        request: Request<SteerBroadcastRequest>,
    ) -> Answer<SteerBroadcastResponse> {
        let SteerBroadcastRequest { request_id, command } = request.into_inner();
        let (command, said) = (command.unwrap(), &mut *self.0.lock().unwrap());
        let outcome = obey(&mut said.asked, &request_id, &command, |_| {
            let ended = i32::from(BroadcastState::Ended);
            let found = said
                .broadcasts
                .iter_mut()
                .find(|(broadcast, state)| broadcast.broadcast_id == command.broadcast_id && *state != ended);
            let (_, state) = found.ok_or_else(|| Refusal::new(RefusalCode::BroadcastState))?;
            *state = command.state;
            Ok(SteerBroadcastDone {})
        })?;
        Ok(Response::new(SteerBroadcastResponse { outcome }))
    }
}

#[tonic::async_trait]
impl NotifierService for Teller {
    async fn preview_broadcast(
        &self,
        request: Request<PreviewBroadcastRequest>,
    ) -> Answer<PreviewBroadcastResponse> {
        let texts = request.into_inner().broadcast.unwrap().texts;
        assert_eq!(texts[0].language, "en");
        Ok(Response::new(PreviewBroadcastResponse { recipients: 1_234 }))
    }

    async fn list_broadcasts(&self, _: Request<ListBroadcastsRequest>) -> Answer<ListBroadcastsResponse> {
        let progress = |(broadcast, state): &(Broadcast, i32)| BroadcastProgress {
            broadcast: Some(broadcast.clone()),
            state: *state,
            recipients: 1_234,
            sent: 200,
            failed: 3,
            started_at: Some(timestamp(time::OffsetDateTime::UNIX_EPOCH)),
            ended_at: None,
        };
        let broadcasts = self.0.lock().unwrap().broadcasts.iter().map(progress).collect();
        Ok(Response::new(ListBroadcastsResponse { broadcasts, next_page_token: String::new() }))
    }

    async fn list_smart_wallets(
        &self,
        _: Request<ListSmartWalletsRequest>,
    ) -> Answer<ListSmartWalletsResponse> {
        let wallet = |(address, label): &(String, String)| SmartWallet {
            address: address.clone(),
            label: label.clone(),
            listed_at: Some(timestamp(time::OffsetDateTime::UNIX_EPOCH)),
        };
        let wallets = self.0.lock().unwrap().wallets.iter().map(wallet).collect();
        Ok(Response::new(ListSmartWalletsResponse { wallets, next_page_token: String::new() }))
    }

    async fn get_deliveries(&self, request: Request<GetDeliveriesRequest>) -> Answer<GetDeliveriesResponse> {
        let money = DeliveryStatistics {
            day: "2026-11-22".to_owned(),
            category: Category::Money.into(),
            sent: 1_000,
            failed: 1,
            blocked: 2,
            superseded: 30,
            waiting: 4,
            p50_ms: 180,
            p99_ms: 2_400,
            ..DeliveryStatistics::default()
        };
        let digests = DeliveryStatistics {
            category: Category::Unspecified.into(),
            sent: u64::from(request.get_ref().days),
            ..money.clone()
        };
        Ok(Response::new(GetDeliveriesResponse { days: vec![digests, money] }))
    }

    async fn list_notifications(
        &self,
        _: Request<ListNotificationsRequest>,
    ) -> Answer<ListNotificationsResponse> {
        Err(Status::unimplemented("nobody asks"))
    }
    async fn get_preferences(&self, _: Request<GetPreferencesRequest>) -> Answer<GetPreferencesResponse> {
        Err(Status::unimplemented("nobody asks"))
    }
    async fn get_webhook(&self, _: Request<GetWebhookRequest>) -> Answer<GetWebhookResponse> {
        Err(Status::unimplemented("nobody asks"))
    }
    async fn list_tracked(&self, _: Request<ListTrackedRequest>) -> Answer<ListTrackedResponse> {
        Err(Status::unimplemented("nobody asks"))
    }
    async fn list_price_alerts(&self, _: Request<ListPriceAlertsRequest>) -> Answer<ListPriceAlertsResponse> {
        Err(Status::unimplemented("nobody asks"))
    }
    async fn list_signals(&self, _: Request<ListSignalsRequest>) -> Answer<ListSignalsResponse> {
        Err(Status::unimplemented("nobody asks"))
    }
}

async fn key(peer: &Peer, folder: &Folder) -> String {
    let key = folder.file("key.json");
    crate::table(peer, &["operator", "new-key", &key]).await;
    key
}

#[tokio::test]
async fn a_broadcast_is_previewed_started_paused_resumed_and_ended() {
    let peer = Peer::start().await;
    let folder = Folder::make();
    let key = key(&peer, &folder).await;
    let file = folder.file("es.txt");
    std::fs::write(&file, "Nos mudamos esta noche.\nNo se pierde nada.\n").unwrap();
    let spanish = format!("es={file}");
    let words = ["--file", &spanish, "--text", "en=We move tonight"];

    let preview = crate::table(&peer, &[&["broadcast", "preview"][..], &words].concat()).await;
    for part in ["1234", "We move tonight", "No se pierde nada."] {
        assert!(preview.contains(part), "{part} is missing in\n{preview}");
    }
    let start = [&["broadcast", "start", "--yes", "--key", &key][..], &words].concat();
    let started = crate::json(&peer, &start).await;
    assert_eq!(started["recipients"], 1_234);
    let id = started["id"].as_str().unwrap();
    let listed = crate::json(&peer, &["broadcast", "list"]).await["broadcasts"][0].clone();
    assert_eq!((&listed["id"], &listed["state"]), (&started["id"], &json!("RUNNING")));
    assert_eq!((&listed["languages"], &listed["text"]), (&json!(["en", "es"]), &json!("We move tonight")));

    for (step, state) in [("pause", "PAUSED"), ("resume", "RUNNING"), ("end", "ENDED")] {
        crate::table(&peer, &["broadcast", step, id, "--yes", "--key", &key]).await;
        let text = crate::table(&peer, &["broadcast", "list"]).await;
        assert!(text.contains(state) && text.contains("200/1234"), "{text}");
    }
    let (code, error) = said(&crate::roomsctl(&peer, &["broadcast", "resume", id, "--key", &key]).await);
    assert!(code == Some(2) && error.contains("it has ended, or there is none"), "{error}");
    let wordless = crate::roomsctl(&peer, &["broadcast", "start", "--key", &key]).await;
    assert_eq!(wordless.status.code(), Some(2));
}

#[tokio::test]
async fn smart_wallets_are_added_and_removed() {
    let peer = Peer::start().await;
    let folder = Folder::make();
    let key = key(&peer, &folder).await;
    let address = format!("0x{}", "Ab".repeat(20));
    let add = ["smart-wallet", "add", &address, "--label", "Ada", "--key", &key];
    crate::table(&peer, &add).await;
    let wallets = crate::json(&peer, &["smart-wallet", "list"]).await;
    assert_eq!(wallets["wallets"][0]["address"], address.to_lowercase());
    assert!(crate::table(&peer, &["smart-wallet", "list"]).await.contains("Ada"));
    crate::table(&peer, &["smart-wallet", "remove", &address, "--key", &key]).await;
    assert_eq!(crate::json(&peer, &["smart-wallet", "list"]).await["wallets"], json!([]));
    assert_eq!(
        crate::roomsctl(&peer, &["smart-wallet", "add", "0x1", "--key", &key]).await.status.code(),
        Some(2)
    );
}

#[tokio::test]
async fn deliveries_are_counted_in_tables_json_and_csv() {
    let peer = Peer::start().await;
    let days = crate::json(&peer, &["notifications", "deliveries", "--days", "30"]).await;
    assert_eq!((&days["days"][0]["category"], &days["days"][0]["sent"]), (&json!("DIGEST"), &json!(30)));
    assert_eq!((&days["days"][1]["category"], &days["days"][1]["p99_ms"]), (&json!("MONEY"), &json!(2_400)));
    let text = crate::table(&peer, &["notifications", "deliveries"]).await;
    assert!(text.contains("MONEY") && text.contains("2400"), "{text}");
    let csv = crate::table(&peer, &["notifications", "deliveries", "--csv"]).await;
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "day,category,sent,failed,blocked,expired,digested,superseded,unwanted,waiting,p50_ms,p99_ms"
    );
    assert_eq!(lines[2], "2026-11-22,MONEY,1000,1,2,0,0,30,0,4,180,2400");
    let both = ["notifications", "deliveries", "--csv", "--json"];
    assert_eq!(crate::roomsctl(&peer, &both).await.status.code(), Some(2));
    assert_eq!(
        crate::roomsctl(&peer, &["notifications", "deliveries", "--days", "91"]).await.status.code(),
        Some(2)
    );
}
