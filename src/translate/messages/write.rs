//! Writes a request to `POST /v1/messages` (<https://platform.claude.com/docs/en/api/messages/create>).
//!
//! It decides what becomes of settings that Anthropic's API does not have or that the model refuses. Other modules
//! write what the model reads.
//!
//! JSON without a schema has no counterpart. OpenAI's API requires that the prompt also asks for JSON in words. So
//! without the setting the request still asks for JSON, and the answer is only less certain to be JSON.

use super::super::ModelTarget;
use super::super::claude::ModelRules;
use super::super::conversation::{AnswerFormat, Conversation};
use super::super::loss::Losses;
use super::super::text::JsonText;
use super::arrange::{Arranged, is_blank};
use super::schema;
use super::surrogates::without_lone_surrogates;
use super::write_blocks::BlockWriter;
use super::write_settings::{Knobs, ThinkingPlan};
use super::write_tools::write_tools;
use crate::json::Json;

/// The longest name of a user, in characters.
/// <https://platform.claude.com/docs/en/api/messages/create#create.metadata>
const LONGEST_USER: usize = 256;

/// Returns the body of a request.
#[inline(never)]
pub(in super::super) fn write_request(
    conversation: &Conversation<'_>,
    target: &mut ModelTarget<'_>,
    losses: &mut Losses,
) -> String {
    let rules = ModelRules::of(target.model);
    let max_tokens = conversation.max_tokens.unwrap_or(target.max_tokens);
    let arranged = Arranged::of(conversation, losses);
    let knobs = Knobs::of(&conversation.sampling, rules, losses);
    let plan = ThinkingPlan::of(conversation, rules, (max_tokens, &knobs, &arranged), losses);
    let format = answer_format(conversation, rules, losses);
    let mut json = Json::default();
    json.object(|json| {
        json.member("model", target.model);
        json.key("max_tokens").number(max_tokens);
        let mut blocks = BlockWriter::new(&mut target.names, losses);
        if !arranged.system.is_empty() {
            json.key("system").list(|json| blocks.system(json, &arranged.system));
        }
        json.key("messages").list(|json| blocks.messages(json, &arranged.messages));
        write_tools(json, conversation, rules, (&arranged, &mut blocks));
        knobs.write(json);
        plan.write(json);
        if plan.effort.is_some() || format.is_some() {
            json.key("output_config").object(|json| {
                if let Some(effort) = plan.effort {
                    json.member("effort", effort);
                }
                if let Some(schema) = format {
                    json.key("format").object(|json| {
                        json.member("type", "json_schema");
                        json.key("schema").value(schema);
                    });
                }
            });
        }
        write_stop(json, &conversation.stop, losses);
        write_user(json, conversation.user.as_ref(), losses);
        if conversation.stream {
            json.key("stream").flag(true);
        }
    });
    if conversation.store == Some(true) {
        losses.drop("store", "has no counterpart");
    }
    without_lone_surrogates(json.finish())
}

/// Returns the schema that the answer is to follow.
/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>
#[inline(never)]
fn answer_format<'c>(
    conversation: &'c Conversation<'_>,
    rules: ModelRules,
    losses: &mut Losses,
) -> Option<&'c str> {
    let (description, schema) = match conversation.format.as_ref()? {
        AnswerFormat::Json => {
            losses.drop("response_format", "is JSON without a schema, which has no counterpart");
            return None;
        }
        AnswerFormat::Schema { description, schema, .. } => (description, schema),
    };
    if description.is_some() {
        losses.drop("response_format", "has a description, which has no counterpart");
    }
    if !rules.follows_schemas() {
        losses.refuse("response_format", "has a schema, which the model cannot follow");
    } else if rules.is_claude() && !schema::is_closed(schema) {
        let why = "has objects without \"additionalProperties\": false, which Anthropic refuses";
        losses.refuse("response_format", why);
    } else if let Some(word) = schema::unheld(schema).filter(|_| rules.is_claude()) {
        let why = format_args!("has {word:?} in its schema, which Anthropic refuses");
        losses.refuse("response_format", why);
    }
    Some(schema)
}

/// Writes the texts to stop at. The API refuses a text of only white space. Without that text the answer would not
/// stop there, so the request is refused.
fn write_stop(json: &mut Json, stop: &[JsonText<'_>], losses: &mut Losses) {
    if stop.iter().any(|text| is_blank(text) && !text.is_empty()) {
        losses.refuse("stop", "is only white space, which Anthropic refuses");
    }
    if stop.iter().any(|text| !is_blank(text)) {
        json.key("stop_sequences").list(|json| {
            for text in stop.iter().filter(|text| !is_blank(text)) {
                json.escaped(&text.escaped());
            }
        });
    }
}

fn write_user(json: &mut Json, user: Option<&JsonText<'_>>, losses: &mut Losses) {
    let Some(user) = user.filter(|user| !user.is_empty()) else { return };
    if user.plain().chars().nth(LONGEST_USER).is_some() {
        losses.drop("user", "is longer than 256 characters, which Anthropic refuses");
        return;
    }
    json.key("metadata").object(|json| user.write(json.key("user_id")));
}
