//! Streaming scan of a `multipart/form-data` body: the model, the prompt and
//! where the model's value lies, in any chunking and constant memory.
//!
//! Layers, each knowing only the one before it: `split` cuts the body into parts,
//! `head` says what each is, `field` collects facts. Strict where servers differ
//! in what they read: whatever one of them could take for another part, name or
//! value is refused. The last `model` counts and all are rewritten; every prompt is
//! searched, since servers differ in which they take. Of files the size is read.

mod field;
mod find;
mod head;
mod malformed;
mod parameter;
mod scanner;
mod split;
mod text;

pub use head::boundary;
pub use scanner::FormScanner;

#[cfg(test)]
mod tests;
