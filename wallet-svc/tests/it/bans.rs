//! Accounts that operators keep from playing.

use crate::{
    bank::stake_hold,
    office::{Office, signed},
    world::{SOL, eventually},
};
use proto::{
    AccountId, Refusal, RoomId,
    common::{Outcome, RefusalCode},
    wallet::{
        CloseAccount, CloseAccountDone, GetLimitsRequest, HoldStakes, ListBansRequest, SetBan, SetBanDone,
        SetBanRequest, StakeState, StakesDecided,
        wallet_operator_service_client::WalletOperatorServiceClient,
    },
};
use solana_keypair::Keypair;
use tonic::{Code, transport::Channel};
use uuid::Uuid;
use wallet_svc::{domain::withdrawal::State, limits};

async fn ban(office: &Office, key: &Keypair, account: AccountId, banned: bool, reason: &str) -> SetBan {
    signed(key, office.now().await, |by| SetBan {
        account_id: account.bytes(),
        banned,
        reason: reason.to_owned(),
        by: Some(by),
    })
}

/// The rule against a bet of this account.
async fn refused(office: &Office, account: AccountId) -> Option<RefusalCode> {
    let hold = stake_hold(Uuid::now_v7(), account, RoomId::new(Uuid::now_v7()), SOL / 10);
    office.publish(Uuid::now_v7(), &HoldStakes { items: vec![hold.clone()] }).await;
    let decided = async || {
        let told = office.world.told::<StakesDecided>().await;
        told.into_iter().flat_map(|told| told.items).find(|item| item.bet_id == hold.bet_id)
    };
    eventually("decided", || async { decided().await.is_some() }).await;
    let decision = decided().await.unwrap();
    (decision.state() == StakeState::Refused).then(|| Refusal::from(&decision.refusal.unwrap()).code)
}

/// Asks again with the same id, as roomsctl does, while the service is still working.
async fn through(door: &mut WalletOperatorServiceClient<Channel>, request: &SetBanRequest) -> Outcome {
    for _ in 0..30 {
        match door.set_ban(request.clone()).await {
            Ok(answer) => return answer.into_inner().outcome.unwrap(),
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
    }
    panic!("no outcome");
}

#[tokio::test]
async fn who_is_banned_does_not_play_and_keeps_the_money() {
    let office = Office::open(&[]).await;
    let world = &office.world;
    let account = world.rich_account(2 * SOL).await;
    let [olga, oleg] = &office.operators;
    let mut door = office.client().await;

    let stranger = ban(&office, &Keypair::new(), account, true, "two accounts").await;
    let told: Result<SetBanDone, Refusal> = office.obeyed(&stranger).await;
    assert_eq!(told.unwrap_err().code, RefusalCode::OperatorSignature);
    let nobody = ban(&office, olga, AccountId::new(Uuid::now_v7()), true, "two accounts").await;
    let told: Result<SetBanDone, Refusal> = office.obeyed(&nobody).await;
    assert_eq!(told.unwrap_err().code, RefusalCode::AccountUnknown);
    let why = ban(&office, olga, account, true, " ").await;
    let told: Result<SetBanDone, Refusal> = office.obeyed(&why).await;
    assert_eq!(told.unwrap_err().code, RefusalCode::Malformed);
    assert_eq!(refused(&office, account).await, None);

    // Through the other door, and again: it is the same ban.
    let command = Some(ban(&office, olga, account, true, "two accounts").await);
    let request = SetBanRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command };
    let outcome = through(&mut door, &request).await;
    assert_eq!(through(&mut door, &request).await, outcome);
    let first = outcome.decided::<SetBanDone>().unwrap().unwrap().ban.unwrap();
    let again: SetBanDone =
        office.obeyed(&ban(&office, oleg, account, true, "three accounts").await).await.unwrap();
    assert_eq!(again.ban.as_ref(), Some(&first), "the first one stands");
    let listed = door.list_bans(ListBansRequest::default()).await.unwrap().into_inner();
    assert_eq!((listed.bans, listed.total), (vec![first], 1));

    assert_eq!(refused(&office, account).await, Some(RefusalCode::AccountBanned));
    let request = GetLimitsRequest { account_id: account.bytes() };
    assert!(limits::answer(world.unit().await.conn(), &request).await.unwrap().banned);
    let close = CloseAccount { account_id: account.bytes(), give_up: true };
    let closed: Result<CloseAccountDone, Refusal> = office.obeyed(&close).await;
    assert_eq!(closed.unwrap_err().code, RefusalCode::AccountBanned);
    let id = world.request(account, &solana_signer::Signer::pubkey(&Keypair::new()), SOL).await;
    world.until_state(id, State::Finalized).await;

    let lifted: SetBanDone =
        office.obeyed(&ban(&office, oleg, account, false, "a mistake").await).await.unwrap();
    assert_eq!(lifted.ban, None);
    assert_eq!(refused(&office, account).await, None);
    let twice: Result<SetBanDone, Refusal> =
        office.obeyed(&ban(&office, olga, account, false, "a mistake").await).await;
    assert_eq!(twice.unwrap_err().code, RefusalCode::NotFound);
}
