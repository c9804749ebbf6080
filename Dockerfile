# Images of Pointsman, all from this one file:
#
#   docker build -t pointsman .                    the module alone, as /plugin.wasm: what Istio pulls
#   docker build -t pointsman-mock --target mock . the mock provider
#   docker build -t pointsman-envoy --target envoy .  Envoy with the module and envoy/failover.yaml
#
# envoy/docker-compose.yaml builds and starts the last two.

ARG RUST=1.95.0
ARG ENVOY=1.40.0

FROM docker.io/library/rust:${RUST}-slim-bookworm AS rust
ARG RUST
# Not what rust-toolchain.toml names besides: lints need it, and images do not.
ENV RUSTUP_TOOLCHAIN=${RUST}

FROM rust AS build
RUN rustup target add wasm32-wasip1
WORKDIR /pointsman
# What the build reads, so that nothing else makes the next one start over.
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY scripts/strip_exports.rs scripts/
RUN cargo build --release --locked --lib --target wasm32-wasip1 \
 && rustc --edition 2024 -O -o /usr/local/bin/strip_exports scripts/strip_exports.rs \
 && strip_exports src/filter/exports.txt target/wasm32-wasip1/release/pointsman.wasm

FROM rust AS build-mock
WORKDIR /pointsman
COPY tests/mock tests/mock
COPY tests/support/mock tests/support/mock
RUN cargo build --release --locked --manifest-path tests/mock/Cargo.toml --target-dir target/mock

FROM docker.io/library/debian:bookworm-slim AS mock
COPY --from=build-mock /pointsman/target/mock/release/mock_provider /usr/local/bin/
USER nobody
ENTRYPOINT ["mock_provider"]

FROM docker.io/envoyproxy/envoy:v${ENVOY} AS envoy
# Where failover.yaml names the module, from the folder that Envoy is started in.
COPY --from=build /pointsman/target/wasm32-wasip1/release/pointsman.wasm /pointsman/target/wasm32-wasip1/release/
COPY envoy/failover.yaml envoy/compose.sed /pointsman/envoy/
WORKDIR /pointsman
RUN sed -i -f envoy/compose.sed envoy/failover.yaml && chmod a+r envoy/failover.yaml
CMD ["envoy", "-c", "/pointsman/envoy/failover.yaml", "-l", "warning", "--component-log-level", "wasm:info"]

FROM scratch AS module
COPY --from=build /pointsman/target/wasm32-wasip1/release/pointsman.wasm /plugin.wasm
