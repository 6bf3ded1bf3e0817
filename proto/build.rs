//! Compiles the contracts without a `protoc` on the machine.
use std::{error::Error, fs, path::PathBuf};

const FILES: [&str; 10] = [
    "rooms/chassis/v1/chassis.proto",
    "rooms/common/v1/common.proto",
    "rooms/gateway/v1/gateway.proto",
    "rooms/letters/v1/letters.proto",
    "rooms/notifier/v1/notifier.proto",
    "rooms/oracle/v1/oracle.proto",
    "rooms/oracle/v1/polymarket.proto",
    "rooms/room/v1/room.proto",
    "rooms/settlement/v1/settlement.proto",
    "rooms/wallet/v1/wallet.proto",
];

#[expect(clippy::disallowed_methods, reason = "this is how cargo tells a build script its folder")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=rooms");
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), prost::Message::encode_to_vec(&descriptors))?;
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    Ok(())
}
