//! Dead letters, against a peer that has one.

use crate::{
    operators::{Folder, obey, said},
    peer::{Peer, id},
};
use proto::{
    Refusal,
    common::RefusalCode,
    letters::{dead_letter_service_server::DeadLetterService, *},
    timestamp,
};
use std::{collections::BTreeSet, sync::Mutex};
use time::OffsetDateTime;
use tonic::{Request, Response, Status};

const MESSAGE: u128 = 0xe;

/// Puts one message aside, until somebody wants it handled again.
#[derive(Default)]
pub struct Letters {
    asked: Mutex<BTreeSet<Vec<u8>>>,
    replayed: Mutex<bool>,
}

impl Letters {
    fn letter(&self) -> DeadLetter {
        let at = Some(timestamp(OffsetDateTime::UNIX_EPOCH));
        DeadLetter {
            message_id: MESSAGE.to_be_bytes().to_vec(),
            subject: "rooms.cmd.wallet.07.post_payouts".to_owned(),
            r#type: "rooms.wallet.v1.PostPayouts".to_owned(),
            reason: "a hold vanished".to_owned(),
            buried_at: at,
            replay_asked_at: if *self.replayed.lock().unwrap() { at } else { None },
            payload_bytes: 99,
        }
    }
}

#[tonic::async_trait]
impl DeadLetterService for Letters {
    async fn list_dead_letters(
        &self,
        request: Request<ListDeadLettersRequest>,
    ) -> Result<Response<ListDeadLettersResponse>, Status> {
        assert_eq!(request.get_ref().size, 50);
        Ok(Response::new(ListDeadLettersResponse { letters: vec![self.letter()], total: 3 }))
    }

    async fn replay_dead_letter(
        &self,
        request: Request<ReplayDeadLetterRequest>,
    ) -> Result<Response<ReplayDeadLetterResponse>, Status> {
        let ReplayDeadLetterRequest { request_id, command } = request.into_inner();
        let command = command.unwrap();
        assert_eq!(command.service, "wallet");
        let outcome = obey(&mut self.asked.lock().unwrap(), &request_id, &command, |_| {
            if command.message_id != MESSAGE.to_be_bytes() {
                return Err(Refusal::new(RefusalCode::NotFound));
            }
            *self.replayed.lock().unwrap() = true;
            Ok(ReplayDeadLetterDone { letter: Some(self.letter()) })
        })?;
        Ok(Response::new(ReplayDeadLetterResponse { outcome }))
    }
}

#[tokio::test]
async fn what_was_put_aside_is_listed_and_handled_again() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let key = folder.file("key");
    crate::table(&peer, &["operator", "new-key", &key]).await;
    let list = ["dead-letters", "list", "--service", "wallet"];
    let text = crate::table(&peer, &list).await;
    for part in [&id(MESSAGE), "post_payouts", "99", "a hold vanished", "1970-01-01 00:00:00", "1 of 3"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let replay = async |message: &str, how: &[&str]| {
        let all = ["dead-letters", "replay", message, "--service", "wallet", "--key", &key];
        crate::roomsctl(&peer, &[&all, how].concat()).await
    };
    assert_eq!(replay(&id(MESSAGE), &[]).await.status.code(), Some(5));
    assert!(crate::json(&peer, &list).await["letters"][0]["replay_asked_at"].is_null());
    let view = crate::parsed(&replay(&id(MESSAGE), &["--yes", "--json"]).await);
    assert_eq!(
        (&view["id"], &view["replay_asked_at"]),
        (&id(MESSAGE).into(), &"1970-01-01T00:00:00Z".into())
    );
    let (code, error) = said(&replay(&id(0xdead), &["--yes"]).await);
    assert!(code == Some(3) && error.contains("dead letter"), "{error}");
    assert_eq!(replay("letter", &["--yes"]).await.status.code(), Some(2));
}
