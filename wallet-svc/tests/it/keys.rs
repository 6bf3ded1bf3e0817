//! Master keys: rotated without a pause, restored from a dump, and refused when they are the wrong ones.

use crate::world::{SOL, World, eventually, master};
use servers::TestDb;
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};
use wallet_svc::{
    WalletSvc,
    domain::withdrawal::State,
    keys::{
        self, KeyOwner, KeySettings, LocalKeystore, MasterKey, Masters, Operators, Policy, RotationError,
        Signer as _,
    },
    store,
};

fn key(text: &str) -> MasterKey {
    MasterKey::try_from_hex(&text.repeat(32)).unwrap()
}

fn keystore(masters: &Arc<Masters>) -> LocalKeystore {
    let policy = Policy::new(Operators::default(), proto::Lamports::MAX, proto::Lamports::ZERO);
    LocalKeystore::new(Arc::clone(masters), policy)
}

#[test]
fn settings_name_what_is_missing_and_quote_no_secret() {
    let problems = |changed: &[(&str, &str)]| {
        let variables = changed.iter().copied().collect();
        chassis::settings::read(variables, KeySettings::declare).err().map(|problems| problems.to_string())
    };
    let (master, remote) = (master(), ("SIGNER", "turnkey"));
    let own = ("WALLET_MASTER_KEY", master.as_str());
    let organization = ("TURNKEY_ORGANIZATION", "x");
    for (changed, wanted) in [
        (vec![], "WALLET_MASTER_KEY_FILE: is needed, or WALLET_MASTER_KEY"),
        (vec![own, ("WALLET_MASTER_KEY_FILE", "/dev/null")], "and WALLET_MASTER_KEY_FILE are both set"),
        (
            vec![("WALLET_MASTER_KEY_FILE", "/etc/passwd")],
            "WALLET_MASTER_KEY_FILE: file is open to everybody",
        ),
        (vec![("WALLET_MASTER_KEY", "abcdef")], "WALLET_MASTER_KEY: is not 64 hexadecimal digits"),
        (
            vec![own, ("WALLET_MASTER_KEY_OLD", "abcdef")],
            "WALLET_MASTER_KEY_OLD: is not 64 hexadecimal digits",
        ),
        (vec![own, remote], "TURNKEY_ORGANIZATION: is needed with SIGNER=turnkey"),
        (vec![own, remote, organization], "TURNKEY_API_KEY_FILE: or TURNKEY_API_KEY is needed"),
        (
            vec![own, remote, organization, ("TURNKEY_API_KEY", "abcdef")],
            "TURNKEY_API_KEY: is not a P-256 private key",
        ),
        (vec![own, ("NETWORK", "mainnet"), ("TOTP_COUNTS_AFTER", "1h")], "TOTP_COUNTS_AFTER"),
    ] {
        let said = problems(&changed).unwrap_or_default();
        assert!(said.contains(wanted) && !said.contains("abcdef"), "{changed:?}: {said}");
    }
    assert_eq!(problems(&[own, remote, organization, ("TURNKEY_API_KEY", &"3c".repeat(32))]), None);
}

async fn left_under(db: &TestDb, masters: &Masters) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM wallet.key WHERE master IS DISTINCT FROM $1")
        .bind(masters.id().bytes())
        .fetch_one(db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn keys_are_rotated_while_the_service_pays() {
    let mut world = World::funded().await;
    let account = world.rich_account(3 * SOL).await;
    for _ in 0..1_100 {
        world.account_hot_for(Duration::ZERO).await;
    }
    let first = world.request(account, &Keypair::new().pubkey(), SOL).await;
    world.until_state(first, State::Finalized).await;
    world.stop().await;

    // Replicas that know both keys come first, then the rotation, then replicas that know the new one alone.
    let (new, old) = ("6b".repeat(32), master());
    let url = world.chain.url();
    world.serve(&[&url], &[("WALLET_MASTER_KEY", &new), ("WALLET_MASTER_KEY_OLD", &old)]).await;
    let masters = Masters::new(key("6b"), Some(key("5a")));
    let second = world.request(account, &Keypair::new().pubkey(), SOL / 2).await;
    // Half a rotation: it was killed after its first chunk.
    let mut one = world.db.pool().begin().await.unwrap();
    let mut chunk = store::key::lock_older(&mut one, &masters.id(), 500).await.unwrap();
    assert_eq!(chunk.len(), 500);
    for key in &mut chunk {
        let what = keys::Sealed::Key(key.owner, &key.address);
        key.sealed = masters.seal(what, &masters.open(what, &key.sealed).unwrap()).unwrap();
    }
    store::key::reseal(&mut one, &masters.id(), &chunk).await.unwrap();
    one.commit().await.unwrap();
    let rest = left_under(&world.db, &masters).await;
    let names = [("WALLET_MASTER_KEY", new.as_str()), ("WALLET_MASTER_KEY_OLD", old.as_str())];
    let (succeeded, said) = world.command("rotate-keys", &names).await;
    assert!(succeeded, "{said}");
    assert!(said.contains(&format!("sealed anew: {rest} keys, 0 authenticators")), "{said}");
    assert!(
        said.contains(&format!("all {} secrets open under master key {} alone", rest + 500, masters.id())),
        "{said}"
    );
    assert_eq!(left_under(&world.db, &masters).await, 0);
    world.until_state(second, State::Finalized).await;
    world.stop().await;

    world.serve(&[&url], &[("WALLET_MASTER_KEY", &new)]).await;
    let third = world.request(account, &Keypair::new().pubkey(), SOL / 2).await;
    world.until_state(third, State::Finalized).await;
    world.check_books().await;
}

#[tokio::test]
async fn a_rotation_stops_at_what_neither_key_opens() {
    let world = World::parts().await;
    let stranger = keystore(&Arc::new(key("77").into())).create(KeyOwner::Treasury).await.unwrap();
    let mut unit = world.unit().await;
    store::key::add(unit.conn(), &stranger, Duration::ZERO).await.unwrap();
    unit.commit().await.unwrap();
    let masters = Masters::new(key("6b"), Some(key("5a")));
    let error = keys::rotate(&world.db.pool().clone().into(), &masters).await.unwrap_err();
    assert!(matches!(error, RotationError::Closed { owner, .. } if owner.is_nil()), "{error:?}");
    // The id alone proves nothing: somebody wrote the new one without sealing anew.
    sqlx::query("UPDATE wallet.key SET master = $1")
        .bind(masters.id().bytes())
        .execute(world.db.pool())
        .await
        .unwrap();
    assert!(matches!(
        keys::rotate(&world.db.pool().clone().into(), &masters).await,
        Err(RotationError::Closed { .. })
    ));
}

/// Dumps the schema with PostgreSQL's own tool and restores it into a fresh database.
async fn dumped_and_restored(db: &TestDb) -> TestDb {
    let bin = servers::provision::postgres_bin().unwrap();
    let tool = |name: &str, database: &str| {
        let mut command = Command::new(bin.join(name));
        command.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &db.port().to_string(), "-d", database]);
        command
    };
    let dump = tool("pg_dump", db.name()).args(["-n", "wallet"]).output().await.unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let migrator = chassis::db::migrator(&<WalletSvc as chassis::Service>::migrator());
    let fresh = TestDb::create("wallet", &migrator).await.unwrap();
    sqlx::query("DROP SCHEMA wallet CASCADE").execute(fresh.superuser()).await.unwrap();
    let mut restore = tool("psql", fresh.name());
    restore
        .args(["-q", "-v", "ON_ERROR_STOP=1"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    let mut restore = restore.spawn().unwrap();
    restore.stdin.take().unwrap().write_all(&dump.stdout).await.unwrap();
    let restored = restore.wait_with_output().await.unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    fresh
}

#[tokio::test]
async fn a_dump_and_the_master_key_are_enough_to_go_on() {
    let mut world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    let treasury = world.treasury().await;
    world.stop().await;

    // The machine is gone. What is left is a dump, the master key and the chain.
    world.reopen(dumped_and_restored(&world.db).await);
    let url = world.chain.url();

    // With another master key it says so and moves nothing, however often it looks.
    world.serve(&[&url], &[("WALLET_MASTER_KEY", &"77".repeat(32))]).await;
    let wrong = "the master key is not the one that the treasury's key is sealed under";
    let id = world.request(account, &Keypair::new().pubkey(), SOL).await;
    eventually("the wrong key is named, again and again", || async {
        world.said().matches(wrong).count() > 2
    })
    .await;
    assert!(world.ready().await.to_string().contains(wrong));
    assert_eq!(world.withdrawal(id).await.state, State::Requested);
    world.stop().await;

    world.serve(&[&url], &[]).await;
    world.until_state(id, State::Finalized).await;
    assert_eq!(world.treasury().await, treasury);
    world.check_books().await;
}
