//! The wire formats, and what is known of each.
//!
//! Everything that tells one format from another is in its row of the `table`: the compiler
//! asks for each column. The columns are used where their subjects are; what a body says and
//! where is in its [`document`](super::document), and how paths are compared in
//! [`path`](super::path).

mod column;
mod table;

pub use column::{BodyKind, Dialect, Family, ModelPlace, PathRow, Task};
pub use table::Format;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(Format::from_name("openai"), None);
    }

    /// Attempts of another version of the module may read them.
    #[test]
    fn codes_never_change() {
        let codes = [
            (0, "openai-chat"),
            (1, "openai-responses"),
            (2, "openai-completions"),
            (3, "openai-embeddings"),
            (4, "openai-moderations"),
            (5, "openai-images"),
            (6, "openai-audio"),
            (7, "anthropic-messages"),
            (8, "gemini-generate"),
            (9, "azure-openai"),
            (10, "openai-realtime"),
            (11, "bedrock-converse"),
            (12, "cohere-chat"),
            (13, "rerank"),
            (14, "ollama"),
            (15, "bedrock-invoke"),
            (16, "vertex-predict"),
        ];
        for (code, name) in codes {
            let format = Format::from_code(code).unwrap();
            assert_eq!((format.name(), format.code()), (name, code));
        }
        assert_eq!(Format::ALL.len(), codes.len(), "a new format is a new line here");
        assert_eq!(Format::from_code(17), None);
    }
}
