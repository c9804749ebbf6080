//! A shadow that differs in one route: how it is counted. Providers notice nothing of it.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Ask, Group, Spec, ask, run};

/// Longer bodies than this either go on early or do not go on at all.
const BUFFER: u32 = 1 << 16;

static GROUP: LazyLock<Group> =
    LazyLock::new(|| Group::start(&Spec { buffer_bytes: BUFFER, ..Spec::new(document()) }));

fn document() -> Value {
    let facts = |input| json!({"input_usd_per_million": 0, "output_usd_per_million": input});
    let models = json!({
        "plain": {"candidates": ["one"]},
        "turns": {"strategy": "round_robin", "candidates": ["one", "two"]},
    });
    let mut of_shadow = models.clone();
    of_shadow["new"] = json!({"candidates": ["three"]});
    json!({
        "providers": {"alpha": {"cluster": "alpha"}, "beta": {"cluster": "beta"}, "gamma": {"cluster": "gamma"}},
        "deployments": {
            "one": {"provider": "alpha", "model": "one", "facts": facts(4)},
            "two": {"provider": "beta", "model": "two", "facts": facts(2)},
            "three": {"provider": "gamma", "model": "three", "facts": facts(1)},
        },
        "models": models,
        "routes": [{"name": "named", "when": {"model_in": ["plain"]}, "then": {"target_model": "plain"}}],
        "shadow": {
            "models": of_shadow,
            "routes": [
                {"name": "words", "priority": 200, "when": {"prompt_contains_any_of": ["weather"]},
                 "then": {"target_model": "new"}},
                {"name": "named", "when": {"model_in": ["plain"]}, "then": {"target_model": "plain"}},
            ],
        },
    })
}

/// Returns a body whose model comes first or last.
fn body(model: &str, text: &str, is_first: bool) -> String {
    let text = format!(r#""messages":[{{"role":"user","content":"{text}"}}],"max_tokens":500"#);
    let model = format!(r#""model":"{model}""#);
    if is_first { format!("{{{model},{text}}}") } else { format!("{{{text},{model}}}") }
}

/// Returns a long text with these words at its end.
fn long(words: &str) -> String {
    format!("{} {words}", "How are you? ".repeat(20_000))
}

/// What the shadow would do with a request, and which model it asks for.
struct Kind {
    model: &'static str,
    words: &'static str,
    is_long: bool,
    result: &'static str,
    status: u16,
}

const KINDS: [Kind; 7] = [
    kind("plain", "Hello", false, "same", 200),
    kind("plain", "What weather!", false, "other_model", 200),
    kind("plain", "Hello", true, "same", 200),
    kind("plain", "What weather!", true, "other_model", 200),
    kind("turns", "Hello", false, "same", 200),
    kind("nothing", "Hello", false, "same", 404),
    kind("new", "Hello", false, "live_refuses", 404),
];

const fn kind(
    model: &'static str,
    words: &'static str,
    is_long: bool,
    result: &'static str,
    status: u16,
) -> Kind {
    Kind { model, words, is_long, result, status }
}

impl Kind {
    fn ask(&self) -> Ask<'static> {
        if !self.is_long {
            return ask(&GROUP).body(body(self.model, self.words, false));
        }
        let body = body(self.model, &long(self.words), true).into_bytes();
        ask(&GROUP).pieces(body.chunks(10_000).map(<[u8]>::to_vec))
    }

    /// Sends one request and checks that it went where the live rules send it.
    fn send(&self) {
        let reply = self.ask().send();
        if self.status != 200 {
            reply.refused(self.status);
            return;
        }
        let (provider, model) = reply.served();
        let is_right = match self.model {
            "plain" => (provider, model) == ("alpha", "one"),
            _ => [("alpha", "one"), ("beta", "two")].contains(&(provider, model)),
        };
        assert!(is_right, "{} went to {provider} as {model}", self.model);
    }
}

/// How many clients send at a time.
const CLIENTS: u64 = 8;
const TIMES: u64 = 8;

fn counter(metric: &str, label: &str, value: &str) -> u64 {
    let name = format!("pointsman.shadow.{metric}.{label}=.{value};");
    run(GROUP.envoy().counted(&name))
}

/// Waits until a counter has this value. Workers publish their counts from time to time.
#[track_caller]
fn assert_comes_to(metric: &str, label: &str, value: &str, wanted: u64) {
    let started = Instant::now();
    loop {
        let found = counter(metric, label, value);
        if found == wanted {
            return;
        }
        let is_late = started.elapsed() > Duration::from_secs(20);
        assert!(!is_late && found < wanted, "{metric} {value}: {found}, not {wanted}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_shadow_is_counted_on_live_traffic_without_changing_it() {
    LazyLock::force(&GROUP);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                for time in 0..TIMES {
                    for at in 0..KINDS.len() {
                        let turned = at + usize::try_from(client + time).unwrap();
                        KINDS[turned % KINDS.len()].send();
                    }
                }
                // These requests reach no rules.
                ask(&GROUP).body("{\"model\":").send().refused(400);
            });
        }
    });
    let each = CLIENTS * TIMES;
    let of = |result: &str| KINDS.iter().filter(|kind| kind.result == result).count() as u64 * each;
    for result in ["same", "other_model", "live_refuses"] {
        assert_comes_to("requests", "kind", result, of(result));
    }
    // Only these results are counted.
    for result in
        ["other_deployment", "other_passing", "shadow_refuses", "other_refusal", "undecided"]
    {
        assert_eq!(counter("requests", "kind", result), 0, "{result}");
    }
    assert_comes_to("live_routes", "route", "named", of("other_model"));
    assert_comes_to("live_routes", "route", "none", of("live_refuses"));
    assert_comes_to("routes", "route", "words", of("other_model"));
    // Each has 500 tokens of output. Each set of rules prices them at the deployment that it picks.
    let served = KINDS.iter().filter(|kind| kind.status == 200).count() as u64 * each;
    assert_comes_to("costed", "kind", "known", served);
    let saved = of("other_model") * 500 * (4 - 1) * 1000;
    let costs = ["live", "shadow"].map(|rules| counter("cost.nano_usd", "kind", rules));
    assert_eq!(costs[0] - costs[1], saved, "{costs:?}");
    leave();
    assert_comes_to("requests", "kind", "undecided", 1);
    GROUP.assert_no_trap();
}

/// Sends part of a request that the shadow would have to read to its end.
fn leave() {
    let text = long("Hello");
    let body = body("plain", &text, true);
    run(async {
        use tokio::io::AsyncWriteExt;
        let port = GROUP.port();
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
             x-case: left\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body.as_bytes()[..100_000]).await.unwrap();
        stream.shutdown().await.unwrap();
    });
}
