//! How messages are read.

use super::outline::outline;
use super::{read, told, with_messages};

/// A row: messages, the turns they are read as, and what is lost.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

fn check(rows: &[Row]) {
    for (messages, turns, losses) in rows {
        let (conversation, lost) = read(&with_messages(messages));
        assert_eq!(outline(&conversation), *turns, "{messages}");
        assert_eq!(told(&lost), *losses, "{messages}");
    }
}

#[test]
fn roles_become_turns() {
    check(&[
        (
            r#"[{"role":"system","content":"a"},{"role":"developer","content":[{"type":"text","text":"b"}]},
                {"role":"user","content":"c"},{"role":"system","content":"d"},{"role":"assistant","content":"e"}]"#,
            &["before: text(a) text(b)", "user: text(c)", "system: text(d)", "assistant: text(e)"],
            &[],
        ),
        // What says nothing is left out.
        (
            r#"[{"role":"user","content":""},{"role":"assistant","content":null},
                {"role":"assistant","content":""},{"role":"user","content":[{"type":"text","text":""}]}]"#,
            &[],
            &[],
        ),
        (
            r#"[{"role":"user","name":"alice","content":"a"}]"#,
            &["user: text(a)"],
            &["-messages[0].name has no counterpart"],
        ),
        (
            r#"[{"role":"owner","content":"a"},{"content":"a"},{"role":7},"a",{"role":"user"}]"#,
            &[],
            &[
                "!messages[0].role is \"owner\", which has no counterpart",
                "!messages[1].role is missing or not a text",
                "!messages[2].role is missing or not a text",
                "!messages[3].role is missing or not a text",
                "!messages[4].content is missing",
            ],
        ),
        (
            r#"[{"role":"user","content":7},{"role":"user","content":"a","content":"b"},
                {"role":"user","content":"a","tool_calls":[]}]"#,
            &["user: text(b)", "user: text(a)"],
            &[
                "!messages[0].content is not a text",
                "!messages[1].content is given twice",
                "!messages[2].tool_calls is not known to the translation",
            ],
        ),
    ]);
}

#[test]
fn parts_are_read() {
    check(&[
        (
            r#"[{"role":"user","content":[{"type":"text","text":"é\n"},
                {"type":"image_url","image_url":{"url":"https:\/\/x\/a.png","detail":"low"}},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"auto"}},
                {"type":"image_url","image_url":{"url":"DATA:image\/jpeg;charset=x;BASE64,A\/A="}},
                {"type":"image_url","image_url":"data:image/gif;base64,R0"},
                {"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}},
                {"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}},
                {"type":"input_audio","input_audio":{"data":"T2dn","format":"ogg"}},
                {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}}]}]"#,
            &[
                "user: text(é\n) image(https://x/a.png+low) image(image/png;AA==) image(image/jpeg;A/A=) \
               image(image/gif;R0) audio(audio/wav;UklG) audio(audio/mpeg;SUQz) audio(audio/ogg;T2dn) \
               file(application/pdf;JVBE+a.pdf)",
            ],
            &[],
        ),
        (
            r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"AA=="}},
                {"type":"image_url","image_url":{"url":"data:image/png,AA"}},
                {"type":"image_url","image_url":{"url":"data:;base64,AA"}},
                {"type":"image_url","image_url":{"url":"data:image/png;base64"}},
                {"type":"image_url","image_url":{"url":7}},{"type":"image_url"},
                {"type":"input_audio","input_audio":"UklG"},
                {"type":"input_audio","input_audio":{"data":"A","format":"a b"}},
                {"type":"file","file":{"file_id":"file-1"}},
                {"type":"video_url","video_url":{"url":"https://x"}},{"text":"a"},
                {"type":"refusal","refusal":"no"}]}]"#,
            &["user: refusal(no)"],
            &[
                "!messages[0].content[0].image_url.url is neither a URL nor a data URL",
                "!messages[0].content[1].image_url.url is a data URL whose data are not base64",
                "!messages[0].content[2].image_url.url is a data URL without a media type",
                "!messages[0].content[3].image_url.url is a data URL without data",
                "!messages[0].content[4].image_url.url is not a text",
                "!messages[0].content[5].image_url is missing",
                "!messages[0].content[6].input_audio is not an object",
                "!messages[0].content[6].input_audio.data is missing",
                "!messages[0].content[6].input_audio.format is missing",
                "!messages[0].content[7].input_audio.format is not an audio format",
                "!messages[0].content[8].file.file_id refers to something stored at another provider",
                "!messages[0].content[9].type is \"video_url\", which has no counterpart",
                "!messages[0].content[10].type is missing or not a text",
                "!messages[0].content[11].type is not allowed in a message of that role",
            ],
        ),
        (
            r#"[{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x"}}]},
                {"role":"assistant","content":[{"type":"refusal","refusal":"no"},
                    {"type":"image_url","image_url":{"url":"https://x"}}]}]"#,
            &["before: image(https://x)", "assistant: refusal(no) image(https://x)"],
            &[
                "!messages[0].content[0].type is not allowed in a message of that role",
                "!messages[1].content[1].type is not allowed in a message of that role",
            ],
        ),
    ]);
}

#[test]
fn marks_of_what_is_to_be_cached_are_read_in_every_form() {
    check(&[
        (
            r#"[{"role":"system","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
                {"role":"user","content":"b","cache_control":{"type":"ephemeral"}},
                {"role":"user","content":[{"type":"text","text":"c","prompt_cache_breakpoint":{"mode":"explicit"}},
                    {"type":"text","text":"d","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}]},
                {"role":"tool","tool_call_id":"1","content":"e","cache_control":{"type":"ephemeral"}}]"#,
            &[
                "before: text(a)#cache1h",
                "user: text(b)#cache",
                "user: text(c)#cache text(d)#cache",
                "user: result(1 text(e))#cache",
            ],
            &["-messages[2].content[1].prompt_cache_breakpoint.ttl has no counterpart"],
        ),
        (
            r#"[{"role":"user","content":"b","cache_control":{"type":"eternal"}}]"#,
            &["user: text(b)#cache"],
            &["!messages[0].cache_control.type is \"eternal\", which has no counterpart"],
        ),
    ]);
}

#[test]
fn calls_and_results_are_read() {
    check(&[
        (
            r#"[{"role":"assistant","content":null,"refusal":null,"annotations":[],"tool_calls":[
                {"id":"1","type":"function","function":{"name":"f","arguments":"{\"b\":\"\\u00e9\\n\",\"a\":1.0}"}},
                {"index":1,"id":"2","function":{"name":"g","arguments":""}},
                {"id":"3","function":{"name":"g","arguments":" {} "}},
                {"id":"4","function":{"name":"g","arguments":{"x": 1}}},
                {"id":"5","function":{"name":"g"},"extra_content":{"google":{"thought_signature":"S\/="}}}]},
              {"role":"tool","tool_call_id":"1","content":"one"},
              {"role":"tool","tool_call_id":"2","name":"g","content":[{"type":"text","text":"two"},
                  {"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]},
              {"role":"tool","tool_call_id":"3","content":""}]"#,
            &[
                "assistant: call(1 f {\"b\":\"\\u00e9\\n\",\"a\":1.0}) call(2 g {}) call(3 g {}) \
                 call(4 g {\"x\": 1}) call(5 g {}+S/=)",
                "user: result(1 text(one))",
                "user: result(2 text(two) image(image/png;AA))",
                "user: result(3)",
            ],
            &[],
        ),
        (
            r#"[{"role":"assistant","content":"a","tool_calls":[
                {"id":"1","function":{"name":"f","arguments":"[1]"}},
                {"id":"2","function":{"name":"f","arguments":"{"}},
                {"id":"3","function":{"name":"f","arguments":7}},
                {"function":{"name":"f","arguments":"{}"}},
                {"id":"4","function":{"arguments":"{}"}},{"id":"5"},
                {"id":"6","type":"custom","custom":{"name":"patch","input":"x"}}]},
              {"role":"tool","content":"x"},{"role":"function","name":"f","content":"x"}]"#,
            &["assistant: text(a)"],
            &[
                "!messages[0].tool_calls[0].function.arguments is not the text of a JSON object",
                "!messages[0].tool_calls[1].function.arguments is not the text of a JSON object",
                "!messages[0].tool_calls[2].function.arguments is not a text",
                "!messages[0].tool_calls[3].id is missing",
                "!messages[0].tool_calls[4].function.name is missing",
                "!messages[0].tool_calls[5].function is missing",
                "!messages[0].tool_calls[6].type of \"patch\" is \"custom\", which has no counterpart",
                "!messages[1].tool_call_id is missing",
                "!messages[2].role is `function`, but no function has been called",
            ],
        ),
        // The form before today's has no ids.
        (
            r#"[{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
                {"role":"function","name":"f","content":"x"}]"#,
            &["assistant: call(call_function_0 f {})", "user: result(call_function_0 text(x))"],
            &[],
        ),
    ]);
}

#[test]
fn what_servers_add_to_answers_comes_back() {
    check(&[(
        r#"[{"role":"assistant","content":"a","reasoning_content":"r","reasoning":"r","audio":null},
                {"role":"assistant","content":"a","reasoning":"r","reasoning_details":[{"type":"reasoning.text"}]},
                {"role":"assistant","content":"a","reasoning_content":"r","thinking_blocks":[
                    {"type":"thinking","thinking":"r","signature":"S"},{"type":"redacted_thinking","data":"D"}]},
                {"role":"assistant","content":"a","reasoning_content":"","thinking_blocks":[]},
                {"role":"assistant","content":"","refusal":"no","annotations":[{"type":"url_citation"}]},
                {"role":"assistant","audio":{"id":"audio_1"}},
                {"role":"assistant","content":"{}","parsed":{"a":1},"tool_calls":[
                    {"id":"1","index":0,"type":"function",
                     "function":{"name":"f","arguments":"{}","parsed_arguments":{}}}]}]"#,
        &[
            "assistant: thinking(r) text(a)",
            "assistant: thinking(r) text(a)",
            "assistant: thinking(r+S) redacted(D) text(a)",
            "assistant: text(a)",
            "assistant: refusal(no)",
            "assistant: text({}) call(1 f {})",
        ],
        &[
            "-messages[1].reasoning_details has no counterpart",
            "-messages[4].annotations has no counterpart",
            "!messages[5].audio refers to an answer stored at another provider",
        ],
    )]);
}
