//! In which language somebody is spoken to.

use crate::{delivery, stage::Stage};
use proto::{Service, common::Outcome, wallet::OpenAccount};

const ANNA: i64 = 5_000_000_001;
const PAULO: i64 = 5_000_000_002;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_language_comes_from_the_app_and_stays_as_it_is_chosen() {
    let mut stage = Stage::set().await;
    stage.telegram.speaks(ANNA, "ru");
    stage.telegram.say(ANNA, "/start");
    stage.telegram.sees(ANNA, "Добро пожаловать в ROOMS").await;
    stage.telegram.press(ANNA, "Мне есть 18").await;
    let open = stage.next::<OpenAccount>().await;
    let account = open.command.account_id.clone();
    let done = proto::wallet::OpenAccountDone { account: Some(crate::stage::wallet_account(&account)) };
    stage.tell(Service::Wallet, Outcome::done(open.id.as_bytes(), &done)).await;
    stage.telegram.sees(ANNA, "Ваш кошелёк готов").await;
    stage.told().await;

    // The app changes its language, the account does not.
    stage.telegram.speaks(ANNA, "en");
    stage.telegram.say(ANNA, "/language");
    let choice = stage.telegram.sees(ANNA, "Меню команд следует").await;
    for name in ["English", "Español", "• Русский", "中文"] {
        assert!(choice.button(name).is_some(), "{name} in {}", choice.keyboard);
    }
    stage.telegram.press(ANNA, "Español").await;
    let chosen = stage.telegram.sees(ANNA, "Desde ahora escribo en español").await;
    assert_eq!(chosen.id, choice.id, "told in the same message");
    assert!(chosen.button("• Español").is_some() && chosen.button("• Русский").is_none());

    // Kept, sealed, and used by another process for answers, for notices and for faults.
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed FROM gateway.person").fetch_one(stage.db.pool()).await.unwrap();
    assert!(!sealed.windows(8).any(|part| part == b"language"), "in the clear");
    stage.start().await;
    stage.stop().await;
    stage.telegram.say(ANNA, "/settings");
    stage.telegram.sees(ANNA, "Idioma: Español").await;
    delivery::credited(&stage, account).await;
    stage.telegram.sees(ANNA, "Depósito abonado").await;
    stage.services.state.lock().unwrap().broken = true;
    stage.telegram.say(ANNA, "/wallet");
    stage.telegram.sees(ANNA, "Algo ha fallado por nuestra parte").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_language_without_texts_is_answered_in_english_and_every_other_has_its_menu() {
    let stage = Stage::set().await;
    stage.telegram.speaks(PAULO, "pt-br");
    stage.telegram.say(PAULO, "/start");
    stage.telegram.sees(PAULO, "Welcome to ROOMS").await;
    crate::eventually("the menus", || async { stage.telegram.menus().len() == 4 }).await;
    let menus = stage.telegram.menus();
    let described = |code: &str, command: &str| menus[code][command].clone();
    assert_eq!(described("", "language"), "In which language I write");
    assert_eq!(described("es", "withdraw"), "Retirar SOL");
    assert_eq!(described("ru", "withdraw"), "Вывести SOL");
    assert_eq!(described("zh", "withdraw"), "提现 SOL");
    assert!(menus.values().all(|menu| !menu.contains_key("admin")), "operators know it");
}
