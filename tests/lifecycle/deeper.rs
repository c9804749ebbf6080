//! Another model that a body names elsewhere than in its `model`: deeper in it, or in a form.

use std::rc::Rc;

use pointsman::lifecycle::Engine;

use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

/// Returns a host, and an engine with a provider that takes requests of every format.
fn started() -> (FakeHost, Rc<Engine>) {
    let host = host();
    let mut document = document();
    document["providers"]["own"]["api"] = "any".into();
    let engine = engine(&host, &document);
    (host, engine)
}

/// Makes a head one for that path.
fn path(head: &mut [(&str, &'static str)], path: &'static str) {
    head[1].1 = path;
}

/// What a tool or a session asks another model for is asked of the one that was judged.
#[test]
fn a_model_deeper_in_the_body_is_the_one_that_serves() {
    let (host, engine) = started();
    for (to, body, wanted) in [
        (
            "/v1/messages",
            r#"{"model":"own","tools":[{"type":"advisor_20260301","name":"advisor","model":"dear"}]}"#,
            r#"{"model":"own-model","tools":[{"type":"advisor_20260301","name":"advisor","model":"own-model"}]}"#,
        ),
        (
            "/v1/chat/completions",
            r#"{"model":"own","tools":[{"type":"openrouter:fusion","parameters":{"model":"dear","analysis_models":["a","b"]}}],"plugins":[{"id":"fusion","model":"dear"}]}"#,
            r#"{"model":"own-model","tools":[{"type":"openrouter:fusion","parameters":{"model":"own-model","analysis_models":["own-model","own-model"]}}],"plugins":[{"id":"fusion","model":"own-model"}]}"#,
        ),
        (
            "/v1/chat/completions",
            r#"{"model":"own","tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"model":{"const":"m"}}}}}]}"#,
            r#"{"model":"own-model","tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"model":{"const":"m"}}}}}]}"#,
        ),
    ] {
        let mut sent = head(&[]);
        path(&mut sent, to);
        host.request(&engine, &sent, &[body.as_bytes()]);
        assert_eq!(host.sent_body(), wanted, "{body}");
    }
}

/// A session is opened with the model in it, whichever stands first.
#[test]
fn a_model_deeper_in_the_body_does_not_come_too_late() {
    let (host, engine) = started();
    let long = "word ".repeat(2000);
    let mut sent = head(&[]);
    path(&mut sent, "/v1/realtime/client_secrets");
    let start = format!(r#"{{"model":"own","x":"{long}""#);
    let (mut stream, _) = host.begin(&engine, &sent, false);
    host.piece(&mut stream, start.as_bytes(), false);
    host.piece(&mut stream, br#","session":{"model":"own"}}"#, true);
    let wanted = start.replace(r#""own""#, r#""own-model""#);
    assert_eq!(host.sent_body(), format!(r#"{wanted},"session":{{"model":"own-model"}}}}"#));

    path(&mut sent, "/v1/messages");
    let (mut stream, _) = host.begin(&engine, &sent, false);
    host.piece(&mut stream, start.as_bytes(), false);
    host.piece(&mut stream, br#","tools":[{"model":"dear"}]}"#, true);
    assert_eq!(host.refused().unwrap().0, 400);
}

#[test]
fn a_part_of_a_form_that_names_another_model_goes_as_a_member_does() {
    let (host, engine) = started();
    let mut sent = head(&[]);
    sent[3].1 = "multipart/form-data; boundary=B";
    path(&mut sent, "/v1/audio/transcriptions");
    let part = |name: &str, value: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let form = |parts: &[(&str, &str)]| {
        parts.iter().map(|(name, value)| part(name, value)).collect::<String>() + "--B--\r\n"
    };
    let wanted = form(&[("model", "own-model"), ("language", "en")]);
    for parts in [
        &[("models", "a"), ("model", "own"), ("language", "en")][..],
        &[("model", "own"), ("fallbacks[]", "a"), ("api_key", "k"), ("language", "en")],
        &[("model", "own"), ("language", "en"), ("api_base", "x"), ("models[0]", "a")],
    ] {
        host.request(&engine, &sent, &[form(parts).as_bytes()]);
        assert_eq!(host.sent_body(), wanted, "{parts:?}");
    }
    for name in ["Models", "/models", "API_KEY"] {
        host.request(&engine, &sent, &[form(&[("model", "own"), (name, "a")]).as_bytes()]);
        assert_eq!(host.refused().unwrap().0, 400, "{name}");
    }
    // Once it has gone on, nothing can be taken out of it.
    let (mut stream, _) = host.begin(&engine, &sent, false);
    let first = part("model", "own") + &part("language", "en");
    host.piece(&mut stream, first.trim_end().as_bytes(), false);
    assert!(host.refused().is_none());
    host.piece(&mut stream, format!("\r\n{}", form(&[("models", "a")])).as_bytes(), true);
    let (status, error) = host.refused().unwrap();
    assert!(status == 400 && error.contains("names another model"), "{error}");
}
