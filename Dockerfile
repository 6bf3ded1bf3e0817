# One build of all binaries, one image per service: docker build --target wallet-svc .
# The versions are those of rust-toolchain.toml and of Debian's stable point release.

FROM rust:1.95.0-slim-bookworm AS build
# Without it rustup would fetch clippy and rustfmt, which rust-toolchain.toml asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
# The caches outlive a build and are no part of any image.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --locked --release --workspace --bin gateway --bin room-svc --bin wallet-svc \
        --bin settlement-svc --bin oracle-svc --bin notifier-svc --bin roomsctl --bin sandbox \
    && install -D -t /out target/release/gateway target/release/room-svc target/release/wallet-svc \
        target/release/settlement-svc target/release/oracle-svc target/release/notifier-svc target/release/roomsctl target/release/sandbox

# What every image is: certificates for calls to the world, a user without rights, a health check.
# Debian's slim image has no curl and needs none: deploy/healthy speaks HTTP with bash alone.
FROM debian:12.12-slim AS runtime
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=0755 deploy/healthy /usr/local/bin/healthy
ENV HTTP_ADDR=0.0.0.0:8080 GRPC_ADDR=0.0.0.0:8081
USER 65532:65532
WORKDIR /
EXPOSE 8080 8081
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 CMD ["healthy"]

FROM runtime AS gateway
COPY --from=build /out/gateway /usr/local/bin/gateway
ENTRYPOINT ["gateway"]

FROM runtime AS room-svc
COPY --from=build /out/room-svc /usr/local/bin/room-svc
ENTRYPOINT ["room-svc"]

FROM runtime AS wallet-svc
COPY --from=build /out/wallet-svc /usr/local/bin/wallet-svc
ENTRYPOINT ["wallet-svc"]

FROM runtime AS settlement-svc
COPY --from=build /out/settlement-svc /usr/local/bin/settlement-svc
ENTRYPOINT ["settlement-svc"]

FROM runtime AS oracle-svc
COPY --from=build /out/oracle-svc /usr/local/bin/oracle-svc
ENTRYPOINT ["oracle-svc"]

FROM runtime AS notifier-svc
COPY --from=build /out/notifier-svc /usr/local/bin/notifier-svc
ENTRYPOINT ["notifier-svc"]

# Operators' command line; nothing to be healthy.
FROM runtime AS roomsctl
COPY --from=build /out/roomsctl /usr/local/bin/roomsctl
HEALTHCHECK NONE
ENTRYPOINT ["roomsctl"]

# For trials: the world outside the services. The chain has a workspace of its own and is built for this image alone.
FROM build AS chain
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/sandbox/localchain/target,sharing=locked \
    cargo build --locked --release --manifest-path sandbox/localchain/Cargo.toml \
    && install -D -t /out sandbox/localchain/target/release/localchain

FROM runtime AS sandbox
COPY --from=build /out/sandbox /usr/local/bin/sandbox
COPY --from=chain /out/localchain /usr/local/bin/localchain
ENV ROOMS_LOCALCHAIN=/usr/local/bin/localchain
HEALTHCHECK NONE
ENTRYPOINT ["sandbox"]
