//! What proxies answer, for people.

use serde_json::Value;

use crate::cli::table::section;

use super::AdminCommand;
use super::client::Told;

/// Returns the answers of all proxies as one table, and what went wrong after it.
pub(super) fn text(command: &AdminCommand, told: &[Told]) -> String {
    let mut out = String::new();
    for one in told {
        let rows = match (&one.answer, command) {
            (Err(error), _) => vec![vec![error.clone()]],
            (Ok(answer), AdminCommand::State { .. }) => state(answer),
            (Ok(answer), AdminCommand::Explain { .. }) => explanation(answer),
            (Ok(answer), AdminCommand::Routes) => routes(answer),
            (Ok(answer), AdminCommand::Unroute { .. } | AdminCommand::Route { .. }) => {
                vec![vec![answer.to_string()]]
            }
            (Ok(answer), _) => vec![deployment(answer)],
        };
        section(&mut out, &one.proxy, rows);
        if let (Ok(answer), AdminCommand::State { .. }) = (&one.answer, command)
            && !list(answer, "/tenants/named").is_empty()
        {
            let rows = list(answer, "/tenants/named").iter().map(tenant).collect();
            section(&mut out, &format!("tenants of {}", one.proxy), rows);
        }
    }
    out.trim_end().to_owned()
}

fn text_of(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Returns a row for each deployment of a proxy.
fn state(answer: &Value) -> Vec<Vec<String>> {
    let heading = ["deployment", "health", "in flight", "this minute", "cause"].map(str::to_owned);
    let rows = list(answer, "/deployments").iter().map(deployment);
    std::iter::once(heading.to_vec()).chain(rows).collect()
}

/// Returns the row of one deployment.
fn deployment(of: &Value) -> Vec<String> {
    let is_drained = of.get("drained").and_then(Value::as_bool).unwrap_or(false);
    let health = text_of(of, "/health");
    let left = of.pointer("/cooldown/left_ms").and_then(Value::as_f64);
    let health = match left {
        // A deployment that is half open has no time left.
        Some(ms) if ms > 0.0 && !is_drained => format!("{health} for {:.1} s", ms / 1000.0),
        _ if is_drained => format!("drained, {health}"),
        _ => health,
    };
    vec![
        text_of(of, "/id"),
        health,
        text_of(of, "/in_flight"),
        format!("{}, {}", counted(of, "attempt"), counted(of, "failure")),
        text_of(of, "/cooldown/cause"),
    ]
}

/// Returns how many of something there were this minute: `1 attempt`.
fn counted(of: &Value, what: &str) -> String {
    let count = text_of(of, &format!("/minute/{what}s"));
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Returns the row of a tenant with a budget of its own: what it has spent of each limit.
fn tenant(of: &Value) -> Vec<String> {
    let limits = of.pointer("/limits").and_then(Value::as_object);
    let spent = |(limit, most): (&String, &Value)| {
        // A limit is named after what it counts and after its window: `tokens_per_day`.
        let (what, window) = limit.split_once("_per_").unwrap_or((limit, ""));
        let spent = of.pointer(&format!("/{window}/{what}")).and_then(Value::as_u64);
        share(limit, spent, most.as_u64())
    };
    std::iter::once(text_of(of, "/name")).chain(limits.into_iter().flatten().map(spent)).collect()
}

/// Returns how much of a limit is spent: `$12.5 of $20 usd_per_day`.
fn share(limit: &str, spent: Option<u64>, most: Option<u64>) -> String {
    let amount = |amount: Option<u64>, unit: f64, sign: &str| match amount {
        #[expect(clippy::cast_precision_loss, reason = "budgets are below 2^53")]
        Some(amount) => format!("{sign}{}", amount as f64 / unit),
        None => "?".to_owned(),
    };
    let (name, unit, sign) = match limit.strip_prefix("nano_") {
        Some(name) => (name, 1e9, "$"),
        None => (limit, 1.0, ""),
    };
    format!("{} of {} {name}", amount(spent, unit, sign), amount(most, unit, sign))
}

/// Returns the candidates and the decision of an explained request.
fn explanation(answer: &Value) -> Vec<Vec<String>> {
    let candidate = |of: &Value| {
        let is_eligible = of.get("eligible").and_then(Value::as_bool).unwrap_or(false);
        let eligible = if is_eligible { "eligible" } else { "no" };
        vec![text_of(of, "/deployment"), eligible.to_owned(), text_of(of, "/because")]
    };
    let mut rows: Vec<Vec<String>> = list(answer, "/candidates").iter().map(candidate).collect();
    let plan: Vec<&str> = list(answer, "/plan").iter().filter_map(Value::as_str).collect();
    for (name, value) in [
        ("route", text_of(answer, "/route")),
        ("model", text_of(answer, "/model")),
        ("plan", plan.join(" → ")),
        ("tenant", text_of(answer, "/tenant/name")),
        ("error", text_of(answer, "/error/message")),
    ] {
        if !value.is_empty() {
            rows.push(vec![name.to_owned(), value]);
        }
    }
    let number = |of: &Value, member: &str| of.get(member).and_then(Value::as_u64);
    rows.extend(list(answer, "/tenant/limits").iter().map(|of| {
        let spent = share(&text_of(of, "/limit"), number(of, "spent"), number(of, "most"));
        vec!["budget".to_owned(), spent]
    }));
    rows
}

/// Returns a row for each model.
fn routes(answer: &Value) -> Vec<Vec<String>> {
    let model = |of: &Value| {
        let endpoint =
            |at: &Value| format!("{}:{}", text_of(at, "/provider"), text_of(at, "/model_id"));
        let endpoints: Vec<String> = list(of, "/endpoints").iter().map(endpoint).collect();
        vec![
            text_of(of, "/model"),
            text_of(of, "/source"),
            text_of(of, "/strategy"),
            endpoints.join(", "),
        ]
    };
    list(answer, "/routes").iter().map(model).collect()
}
