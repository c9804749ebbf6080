# Images of Pointsman, all from this one file:
#
#   docker build -t pointsman .                    the module alone, as /plugin.wasm: what Istio pulls
#   docker build -t pointsman-mock --target mock . the mock provider
#   docker build -t pointsman-envoy --target envoy .  Envoy with the module and envoy/failover.yaml
#
# envoy/docker-compose.yaml builds and starts the last two.

ARG RUST=1.95.0
ARG ENVOY=1.40.0

FROM rust:${RUST}-slim-bookworm AS build
RUN rustup target add wasm32-wasip1
WORKDIR /pointsman
COPY . .
RUN cargo build --release --locked --lib --target wasm32-wasip1 \
 && rustc --edition 2024 -O -o /usr/local/bin/strip_exports scripts/strip_exports.rs \
 && strip_exports src/filter/exports.txt target/wasm32-wasip1/release/pointsman.wasm

FROM rust:${RUST}-slim-bookworm AS build-mock
WORKDIR /pointsman
COPY . .
RUN cargo build --release --locked --manifest-path tests/mock/Cargo.toml --target-dir target/mock

FROM debian:bookworm-slim AS mock
COPY --from=build-mock /pointsman/target/mock/release/mock_provider /usr/local/bin/
USER nobody
ENTRYPOINT ["mock_provider"]

FROM envoyproxy/envoy:v${ENVOY} AS envoy
# Where failover.yaml names the module, from the folder that Envoy is started in.
COPY --from=build /pointsman/target/wasm32-wasip1/release/pointsman.wasm /pointsman/target/wasm32-wasip1/release/
COPY envoy/failover.yaml envoy/compose.sed /pointsman/envoy/
WORKDIR /pointsman
RUN sed -i -f envoy/compose.sed envoy/failover.yaml && chmod a+r envoy/failover.yaml
CMD ["envoy", "-c", "/pointsman/envoy/failover.yaml", "-l", "warning", "--component-log-level", "wasm:info"]

FROM scratch AS module
COPY --from=build /pointsman/target/wasm32-wasip1/release/pointsman.wasm /plugin.wasm
