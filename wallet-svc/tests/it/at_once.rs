//! Two requests at the same moment for what only one of them can have.

use crate::{
    totp::{Desk, Holder},
    world::SOL,
};
use proto::common::RefusalCode;

/// The balance is read under a lock, or both would find enough: many times.
#[tokio::test(flavor = "multi_thread")]
async fn two_withdrawals_at_once_take_no_more_than_there_is() {
    let desk = Desk::open().await;
    for round in 0..10 {
        let account = desk.account_with(SOL * 3 / 2).await;
        let holder = Holder::without_authenticator(account);
        let (first, second) = tokio::join!(holder.withdraw(&desk, SOL, ""), holder.withdraw(&desk, SOL, ""));
        let refused: Vec<RefusalCode> =
            [first, second].into_iter().filter_map(Result::err).map(|it| it.code).collect();
        assert_eq!(refused, [RefusalCode::WithdrawNotEnough], "round {round}");
        assert_eq!(desk.available(account).await, SOL / 2, "round {round}");
    }
}

/// The cap of all accounts is one number: two who ask at once do not each see the whole rest of it.
#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_at_once_do_not_pass_the_cap_of_all_together() {
    for round in 0..5 {
        let desk = Desk::open_with(&[("WITHDRAW_TOTAL_DAY_CAP", "1500000000")]).await;
        let [ann, bob] = [desk.account_with(2 * SOL).await, desk.account_with(2 * SOL).await];
        let [by_ann, by_bob] = [ann, bob].map(Holder::without_authenticator);
        let (first, second) = tokio::join!(by_ann.withdraw(&desk, SOL, ""), by_bob.withdraw(&desk, SOL, ""));
        let refused: Vec<RefusalCode> =
            [first, second].into_iter().filter_map(Result::err).map(|it| it.code).collect();
        assert_eq!(refused, [RefusalCode::WithdrawCap], "round {round}");
        assert_eq!(desk.available(ann).await + desk.available(bob).await, 3 * SOL, "round {round}");
    }
}
