//! The operators' side: a world whose service knows two operators, and commands that go the way of all commands.

use crate::world::{World, eventually};
use chassis::{Outgoing, bus::Bus};
use prost::Message;
use proto::{
    AccountId, Command, Refusal, Service, WithdrawalId,
    common::Outcome,
    statement::Statement,
    timestamp,
    wallet::{
        ApproveWithdrawal, ApproveWithdrawalDone, CancelWithdrawal, CancelWithdrawalDone, OperatorSignature,
        PauseWithdrawals, PauseWithdrawalsDone, RejectWithdrawal, RejectWithdrawalDone, RequestWithdrawal,
        RequestWithdrawalDone, ResumeWithdrawals, ResumeWithdrawalsDone, Withdrawal,
        wallet_operator_service_client::WalletOperatorServiceClient,
    },
};
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use time::OffsetDateTime;
use tonic::transport::Channel;
use uuid::Uuid;

/// What a world lowers, at its default again.
pub const DEFAULTS: [(&str, &str); 2] =
    [("WITHDRAW_NEW_ADDRESS_HOLD", "24h"), ("DEPOSIT_WITHDRAWABLE_AFTER", "10m")];

pub struct Office {
    pub world: World,
    pub operators: [Keypair; 2],
    bus: Bus,
}

impl Office {
    /// A service with capital and two operators, and some settings changed.
    pub async fn open(changed: &[(&str, &str)]) -> Self {
        let mut world = World::parts().await;
        let operators = [Keypair::new(), Keypair::new()];
        let keys = operators.each_ref().map(|key| key.pubkey().to_string()).join(",");
        let url = world.chain.url();
        world.serve(&[&url], &[changed, &[("OPERATOR_KEYS", keys.as_str())]].concat()).await;
        world.fund_capital(crate::world::SOL).await;
        let bus = world.bus().await;
        Self { world, operators, bus }
    }

    /// What the database says the time is.
    pub async fn now(&self) -> OffsetDateTime {
        self.world.unit().await.now().await.unwrap()
    }

    /// Publishes a command under an id.
    pub async fn publish(&self, id: Uuid, command: &impl Command) {
        let message = Outgoing::command(command).id(id).reply_to(Service::Gateway).into_message();
        self.bus.publish(&[(&message, "")]).await.unwrap();
    }

    /// Waits for the stored outcome of a command.
    pub async fn outcome(&self, id: Uuid) -> Outcome {
        eventually("outcome", || async { self.world.outcome(id).await.is_some() }).await;
        self.world.outcome(id).await.unwrap()
    }

    pub async fn obeyed<D: Message + Default>(&self, command: &impl Command) -> Result<D, Refusal> {
        let id = Uuid::now_v7();
        self.publish(id, command).await;
        self.outcome(id).await.decided().unwrap()
    }

    pub async fn request(
        &self,
        account: AccountId,
        to: impl ToString,
        lamports: i64,
    ) -> Result<Withdrawal, Refusal> {
        let address = to.to_string();
        let command =
            RequestWithdrawal { account_id: account.bytes(), address, lamports, ..Default::default() };
        let done: RequestWithdrawalDone = self.obeyed(&command).await?;
        Ok(done.withdrawal.unwrap())
    }

    pub async fn cancel(&self, account: AccountId, id: WithdrawalId) -> Result<Withdrawal, Refusal> {
        let command = CancelWithdrawal { withdrawal_id: id.bytes(), account_id: account.bytes() };
        let done: CancelWithdrawalDone = self.obeyed(&command).await?;
        Ok(done.withdrawal.unwrap())
    }

    /// The approval of a withdrawal by a key, signed now.
    pub async fn approval(&self, key: &Keypair, withdrawal: &Withdrawal) -> ApproveWithdrawal {
        signed(key, self.now().await, |by| ApproveWithdrawal {
            withdrawal_id: withdrawal.withdrawal_id.clone(),
            lamports: withdrawal.lamports,
            address: withdrawal.address.clone(),
            by: Some(by),
        })
    }

    pub async fn approve(
        &self,
        key: &Keypair,
        withdrawal: &Withdrawal,
    ) -> Result<ApproveWithdrawalDone, Refusal> {
        self.obeyed(&self.approval(key, withdrawal).await).await
    }

    pub async fn reject(&self, id: WithdrawalId, reason: &str) -> Result<Withdrawal, Refusal> {
        let command = signed(&self.operators[0], self.now().await, |by| RejectWithdrawal {
            withdrawal_id: id.bytes(),
            reason: reason.to_owned(),
            by: Some(by),
        });
        let done: RejectWithdrawalDone = self.obeyed(&command).await?;
        Ok(done.withdrawal.unwrap())
    }

    pub async fn pausing(&self, reason: &str) -> PauseWithdrawals {
        signed(&self.operators[0], self.now().await, |by| PauseWithdrawals {
            reason: reason.to_owned(),
            by: Some(by),
        })
    }

    pub async fn pause(&self, reason: &str) -> Result<PauseWithdrawalsDone, Refusal> {
        self.obeyed(&self.pausing(reason).await).await
    }

    pub async fn resume(&self, cause: &str) -> Result<ResumeWithdrawalsDone, Refusal> {
        let command = signed(&self.operators[0], self.now().await, |by| ResumeWithdrawals {
            cause: cause.to_owned(),
            by: Some(by),
        });
        self.obeyed(&command).await
    }

    /// The other door.
    pub async fn client(&self) -> WalletOperatorServiceClient<Channel> {
        WalletOperatorServiceClient::connect(format!("http://{}", self.world.grpc())).await.unwrap()
    }
}

/// An action that bears the signature of a key.
pub fn signed<S: Statement>(key: &Keypair, at: OffsetDateTime, action: impl Fn(OperatorSignature) -> S) -> S {
    let by = OperatorSignature {
        operator: key.pubkey().to_string(),
        signature: Vec::new(),
        signed_at: Some(timestamp(at)),
    };
    let signature = key.sign_message(&action(by.clone()).bytes().unwrap());
    action(OperatorSignature { signature: signature.as_ref().to_vec(), ..by })
}

pub fn id_of(withdrawal: &Withdrawal) -> WithdrawalId {
    WithdrawalId::try_from_bytes(&withdrawal.withdrawal_id).unwrap()
}
