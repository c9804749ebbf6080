//! Compares the translation of requests and answers with another implementation:
//! [`switchyard_translation`](https://crates.io/crates/switchyard-translation).
//!
//! Both translate the same documents, which [`dice`] makes. Then [`rule::Rule`]s correct the result of the other
//! implementation. Each rule names one difference: the other result contradicts the providers' documentation there, or
//! both results are right. A rule changes nothing else. After that, both results have to be equal. A rule that corrects
//! nothing in a whole run fails too.
#![cfg(test)]

mod answers;
mod chat_answer;
mod chat_request;
mod collected;
mod dice;
mod from_chat;
mod from_messages;
mod from_responses;
mod messages_answer;
mod messages_request;
mod normal;
mod requests;
mod responses_request;
mod round;
mod rule;
mod to_chat;
mod to_messages;
mod to_responses;
