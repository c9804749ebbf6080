//! Clients and providers that mean no good: what they cannot bring about for others.

use serde_json::json;

use crate::{document, engine, head, host};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_403_cools_at_once_only_where_it_cannot_be_of_what_the_request_says() {
    let denied = json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
                                  "message": "The caller does not have permission"}});
    let denied = denied.to_string();
    let page = "<html>Attention Required!</html>";
    let file = r#"{"model":"own","messages":[{"role":"user","content":[
        {"type":"file","file":{"file_url":"gs://other/file"}}]}]}"#;
    let image = r#"{"model":"own","messages":[{"role":"user","content":[
        {"type":"image_url","image_url":{"url":"gs://other/image"}}]}]}"#;
    let chat = r#"{"model":"own","messages":[{"role":"user","content":"Hello"}]}"#;
    let state = r#"{"model":"own","messages":[{"role":"user","content":[
        {"type":"file","file":{"file_id":"file-1"}}]}]}"#;
    let html = ("content-type", "text/html; charset=UTF-8");
    let cases: [(&[&str], (&str, &str), &str, (u64, bool)); 6] = [
        (&[chat], JSON, &denied, (1, true)),
        // It may be somebody else's.
        (&[file], JSON, &denied, (0, false)),
        (&[image], JSON, &denied, (0, false)),
        (&[state], JSON, &denied, (0, false)),
        // It went on before that was known.
        (&[r#"{"model":"own","#, r#""messages":[]}"#], JSON, &denied, (0, false)),
        // A firewall goes by words in the request, or by addresses.
        (&[chat], html, page, (1, false)),
    ];
    for (pieces, kind, answer, wanted) in cases {
        let host = host();
        let mut document = document();
        document["models"]["own"]["candidates"] = json!(["own", "open"]);
        let engine = engine(&host, &document);
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        let mut stream = host.request(&engine, &head(&[]), &pieces);
        host.answer(&mut stream, 403, &[kind], &[answer.as_bytes()]);
        let record = host.shared.record("own");
        let found = (record.total.failures, record.until_ms > 0);
        assert_eq!(found, wanted, "{pieces:?} {kind:?}");
    }
}
