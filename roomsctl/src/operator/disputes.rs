//! `roomsctl dispute …`.

use super::{OperatorKey, request_id, settle};
use crate::{
    cli::{Disputes, Judgement, Options, RoomKey},
    client,
    commands::{Pages, malformed, room_id},
    failure::Failure,
    output,
    view::desk::{DisputeView, JudgedView},
};
use proto::settlement::{
    DisputeState, JudgeDispute, JudgeDisputeDone, JudgeDisputeRequest, Judgement as Judged,
    ListDisputesRequest,
};
use serde_json::json;
use std::{num::NonZeroU32, path::Path};

pub async fn run(options: &Options, command: Disputes) -> Result<(), Failure> {
    match command {
        Disputes::List { state, limit } => {
            list(options, state.map_or(DisputeState::Unspecified, Into::into), limit.limit).await
        }
        Disputes::Judge { room, judgement, reason, key } => {
            judge(options, room, judgement, reason, &key.key).await
        }
    }
}

async fn list(options: &Options, state: DisputeState, limit: NonZeroU32) -> Result<(), Failure> {
    let service = client::settlement_operators(options)?;
    let mut disputes = Vec::new();
    let mut pages = Pages::new(limit);
    while let Some(page) = pages.next() {
        let request = ListDisputesRequest { state: state.into(), page: Some(page) };
        let answer = service.ask(async |mut client| client.list_disputes(request).await).await?;
        for dispute in &answer.disputes {
            disputes.push(DisputeView::try_from(dispute).map_err(malformed(service.name))?);
        }
        pages.read(answer.disputes.len(), answer.next_page_token, 0);
    }
    if options.json {
        output::json(&json!({"disputes": disputes}))
    } else {
        output::desk::disputes(&disputes)
    }
}

async fn judge(
    options: &Options,
    room: RoomKey,
    judgement: Judgement,
    reason: String,
    key: &Path,
) -> Result<(), Failure> {
    let key = OperatorKey::read(key)?;
    let room = room_id(options, room).await?;
    let judgement = Judged::from(judgement);
    let name = judgement.as_str_name();
    let name = name.strip_prefix("JUDGEMENT_").unwrap_or(name);
    let what = format!(
        "Judge the disputes of room {room}: {name}, because \"{reason}\". The second operator who says so has it done."
    );
    let command = key.confirmed(options, &what, |by| JudgeDispute {
        room_id: room.bytes(),
        judgement: judgement.into(),
        reason: reason.clone(),
        by: Some(by),
    })?;
    let service = client::settlement_operators(options)?;
    let request = JudgeDisputeRequest { request_id: request_id(options), command: Some(command) };
    let done: JudgeDisputeDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.judge_dispute(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    let view = JudgedView::new(room, name, &done);
    if options.json { output::json(&view) } else { output::desk::judged(&view) }
}
