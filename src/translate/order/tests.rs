//! Checks that writers get the documented grammar, whatever providers send and in which order.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::waiting::MOST_WAITING;
use super::*;

/// What a writer was given, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NotedStep {
    Start,
    /// A block of words, with its kind.
    Words(&'static str),
    /// A tool call, with its id and name.
    Call(String, String),
    Delta(String),
    Signature,
    Close,
    Ping,
    Finish(StopReason),
    Failed(&'static str),
}

/// Notes what it is given.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<Mutex<Vec<NotedStep>>>);

impl StepWriter for Recorder {
    fn write(&mut self, step: AnswerStep<'_>, _: &mut Vec<u8>) {
        let noted = match step {
            AnswerStep::Start { .. } => NotedStep::Start,
            AnswerStep::Open(BlockStart::Text) => NotedStep::Words("text"),
            AnswerStep::Open(BlockStart::Thinking) => NotedStep::Words("thinking"),
            AnswerStep::Open(BlockStart::Redacted(_)) => NotedStep::Words("redacted"),
            AnswerStep::Open(BlockStart::Refusal) => NotedStep::Words("refusal"),
            AnswerStep::Open(BlockStart::Tool { id, name, .. }) => {
                NotedStep::Call(id.plain().into(), name.plain().into())
            }
            AnswerStep::Delta(text) => NotedStep::Delta(text.plain().into()),
            AnswerStep::Signature(_) => NotedStep::Signature,
            AnswerStep::Close => NotedStep::Close,
            AnswerStep::Ping => NotedStep::Ping,
            AnswerStep::Finish { reason, .. } => NotedStep::Finish(reason),
            AnswerStep::Failed(refusal) => NotedStep::Failed(refusal.code),
        };
        self.0.lock().unwrap().push(noted);
    }
}

/// Returns an order, and what its writer is given.
fn recorded() -> (AnswerOrder, Recorder) {
    let recorder = Recorder::default();
    let names = AnswerNames { id: "id".into(), ..AnswerNames::default() };
    (AnswerOrder::new(names, Box::new(recorder.clone())), recorder)
}

/// Returns what the writer is given of an answer that ends as providers' answers do.
fn steps(events: Vec<AnswerEvent<'_>>) -> Vec<NotedStep> {
    let (mut order, recorder) = recorded();
    for event in events {
        order.take(event, &mut Vec::new());
    }
    order.finish(&mut Vec::new());
    recorder.0.lock().unwrap().clone()
}

fn call(index: u32, id: &'static str, name: &'static str) -> AnswerEvent<'static> {
    let (id, name) = (Some(JsonText::of(id)), Some(JsonText::of(name)));
    AnswerEvent::Tool(ToolPart { index, id, name, ..ToolPart::default() })
}

fn input(index: u32, input: &'static str) -> AnswerEvent<'static> {
    AnswerEvent::Tool(ToolPart { index, input: Some(JsonText::of(input)), ..ToolPart::default() })
}

fn stop() -> AnswerEvent<'static> {
    AnswerEvent::Stop { reason: StopReason::Done, sequence: None }
}

#[test]
fn words_after_a_tool_call_are_closed_at_the_end() {
    let noted = steps(vec![call(0, "c", "f"), AnswerEvent::Text(JsonText::of("after")), stop()]);
    let wanted = [
        NotedStep::Start,
        NotedStep::Call("c".into(), "f".into()),
        NotedStep::Close,
        NotedStep::Words("text"),
        NotedStep::Delta("after".into()),
        NotedStep::Close,
        NotedStep::Finish(StopReason::Tools),
    ];
    assert_eq!(noted, wanted);
}

#[test]
fn names_of_calls_that_are_over_take_no_room() {
    const NAME: &str = "a_name_of_a_tool_that_is_neither_short_nor_longer_than_allowed__";
    let (mut order, recorder) = recorded();
    for index in 0..20_000 {
        order.take(call(index, NAME, NAME), &mut Vec::new());
        order.take(AnswerEvent::ToolEnd(index), &mut Vec::new());
    }
    order.take(stop(), &mut Vec::new());
    order.finish(&mut Vec::new());
    let noted = recorder.0.lock().unwrap();
    assert_eq!(noted.last(), Some(&NotedStep::Finish(StopReason::Tools)));
}

#[test]
fn overlapping_calls_come_one_after_the_other() {
    let noted = steps(vec![
        input(1, "{\"b\""),
        call(0, "c0", "f"),
        input(0, "{\"a\":1}"),
        input(1, ":2}"),
        call(1, "c1", "g"),
        AnswerEvent::ToolEnd(1),
        AnswerEvent::ToolEnd(0),
        stop(),
    ]);
    let wanted = [
        NotedStep::Start,
        NotedStep::Call("c1".into(), "g".into()),
        NotedStep::Delta("{\"b\":2}".into()),
        NotedStep::Close,
        NotedStep::Call("c0".into(), "f".into()),
        NotedStep::Delta("{\"a\":1}".into()),
        NotedStep::Close,
        NotedStep::Finish(StopReason::Tools),
    ];
    assert_eq!(noted, wanted);
}

/// Gives up after so many steps.
#[derive(Debug)]
struct Reluctant(Recorder, usize);

impl StepWriter for Reluctant {
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        self.0.write(step, to);
    }

    fn obstacle(&self) -> Option<&'static str> {
        (self.0.0.lock().unwrap().len() >= self.1).then_some("is too long")
    }
}

#[test]
fn a_writer_that_can_go_no_further_gets_the_error_alone() {
    for most in 1..8 {
        let recorder = Recorder::default();
        let writer = Box::new(Reluctant(recorder.clone(), most));
        let mut order = AnswerOrder::new(AnswerNames::default(), writer);
        for event in [call(0, "c", "f"), AnswerEvent::Text(JsonText::of("after")), stop()] {
            order.take(event, &mut Vec::new());
        }
        order.finish(&mut Vec::new());
        assert!(order.is_over());
        let noted = recorder.0.lock().unwrap();
        assert_eq!(noted.len(), (most + 1).min(7), "{most} {noted:?}");
        assert_eq!(
            matches!(noted.last(), Some(NotedStep::Failed(..))),
            most < 7,
            "{most} {noted:?}"
        );
        assert_eq!(order.failure().is_some(), most < 7);
    }
}

/// Returns why what was noted does not follow the grammar; an empty text if it does.
fn fault_of(noted: &[NotedStep]) -> &'static str {
    let (mut is_started, mut is_over, mut open) = (false, false, None);
    for step in noted {
        match step {
            _ if is_over => return "something comes after the end",
            NotedStep::Start if is_started => return "it starts twice",
            NotedStep::Start => is_started = true,
            NotedStep::Ping => {}
            _ if !is_started => return "something comes before the start",
            NotedStep::Words(_)
            | NotedStep::Call(..)
            | NotedStep::Finish(_)
            | NotedStep::Failed(_)
                if open.is_some() =>
            {
                return "a block is not closed";
            }
            NotedStep::Words(kind) => open = Some(*kind),
            NotedStep::Call(..) => open = Some("tool"),
            NotedStep::Delta(text) if text.is_empty() => return "a delta is empty",
            NotedStep::Delta(_) if matches!(open, None | Some("redacted")) => {
                return "a stray delta";
            }
            NotedStep::Signature if open != Some("thinking") => return "a stray signature",
            NotedStep::Delta(_) | NotedStep::Signature => {}
            NotedStep::Close if open.take().is_none() => return "nothing is open that could close",
            NotedStep::Close => {}
            NotedStep::Finish(_) | NotedStep::Failed(_) => is_over = true,
        }
    }
    if is_over { "" } else { "it does not end" }
}

/// Any event of a provider's answer.
pub(in crate::translate) fn any_event() -> impl Strategy<Value = AnswerEvent<'static>> {
    let words = || "[a-z\"é]{0,3}".prop_map(JsonText::made);
    let part = (0_u32..4, any::<[bool; 4]>(), words()).prop_map(|(index, has, text)| {
        let text = |at: usize| has[at].then(|| text.clone());
        let (id, name, signature, input) = (text(0), text(1), text(2), text(3));
        AnswerEvent::Tool(ToolPart { index, id, name, signature, input })
    });
    let whole = (0_u32..4).prop_map(|index| call(index, "c", "f"));
    let reasons = [StopReason::Done, StopReason::Length, StopReason::Tools, StopReason::Refused];
    let reason = proptest::sample::select(reasons.to_vec());
    prop_oneof![
        4 => words().prop_map(AnswerEvent::Text),
        2 => words().prop_map(AnswerEvent::Thinking),
        1 => words().prop_map(AnswerEvent::Refusal),
        1 => words().prop_map(AnswerEvent::Signature),
        1 => words().prop_map(AnswerEvent::Redacted),
        1 => Just(AnswerEvent::TextBreak),
        1 => Just(AnswerEvent::Ping),
        1 => (proptest::option::of(words()), proptest::option::of(words()))
            .prop_map(|(id, model)| AnswerEvent::Start { id, model }),
        1 => (0_u64..9).prop_map(|input| {
            AnswerEvent::Usage(AnswerUsage { input: Some(input), ..AnswerUsage::default() })
        }),
        5 => part,
        4 => whole,
        3 => (0_u32..4).prop_map(AnswerEvent::ToolEnd),
        1 => reason.prop_map(|reason| AnswerEvent::Stop { reason, sequence: None }),
    ]
}

/// Returns all that an answer says in words, apart from tool calls.
fn words_of(noted: &[NotedStep]) -> String {
    let mut words = String::new();
    let mut is_call = false;
    for step in noted {
        match step {
            NotedStep::Call(..) => is_call = true,
            NotedStep::Words(_) => is_call = false,
            NotedStep::Delta(text) if !is_call => words.push_str(text),
            _ => {}
        }
    }
    words
}

proptest! {
    /// Whatever comes, in whatever order: the writer gets the grammar.
    #[test]
    fn writers_get_the_grammar(
        events in proptest::collection::vec(any_event(), 0..40),
        has_failed: bool,
    ) {
        let (mut order, recorder) = recorded();
        for event in events {
            order.take(event, &mut Vec::new());
        }
        if has_failed {
            let refusal = Refusal::new(500, "server_error", "");
            order.take(AnswerEvent::Failed(refusal), &mut Vec::new());
        }
        order.finish(&mut Vec::new());
        let noted = recorder.0.lock().unwrap().clone();
        prop_assert_eq!(fault_of(&noted), "", "{:?}", noted);
        prop_assert_eq!(order.waiting.counted(), 0);
    }

    /// Nothing that is said is lost, unless the answer fails.
    #[test]
    fn no_words_are_lost(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut said = String::new();
        for event in &events {
            if let AnswerEvent::Text(text) | AnswerEvent::Thinking(text) | AnswerEvent::Refusal(text) = event {
                said.push_str(&text.plain());
            }
        }
        let noted = steps(events);
        if !matches!(noted.last(), Some(NotedStep::Failed(_))) {
            prop_assert_eq!(words_of(&noted), said);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What waits is bounded, whatever comes.
    #[test]
    fn what_waits_is_bounded(sizes in proptest::collection::vec(0_usize..200_000, 1..60)) {
        let (mut order, _) = recorded();
        order.take(call(0, "c", "f"), &mut Vec::new());
        for (at, size) in (1..).zip(sizes) {
            let text = JsonText::made("x".repeat(size));
            let part = ToolPart { index: at, input: Some(text.clone()), ..ToolPart::default() };
            let event = if at % 3 == 0 { AnswerEvent::Text(text) } else { AnswerEvent::Tool(part) };
            order.take(event, &mut Vec::new());
            prop_assert!(order.waiting.counted() <= MOST_WAITING);
            prop_assert!(!order.waiting.is_too_much());
        }
    }
}
