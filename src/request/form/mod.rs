//! Streaming scan of a `multipart/form-data` body: the model, the prompt and
//! where the model's value lies, in any chunking and constant memory.
//!
//! Layers, each knowing only the one before it: `split` cuts the body into parts,
//! `head` says what each is, `field` collects facts. Strict where servers differ
//! in what they read: whatever one of them could take for another part, name or
//! value is refused, a second `model` or `stream` among it. The text of every other field is
//! searched, but for those that are known to be settings (`field_name`). Of files the size is read.

mod field;
mod find;
mod head;
mod malformed;
mod scanner;
mod split;
mod text;

pub use scanner::FormScanner;

#[cfg(test)]
mod tests;
