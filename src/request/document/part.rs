//! Parts of messages in the OpenAI family: they carry the same names in chat and responses.

use super::common::{CACHE_CONTROL, plain};
use super::place::{Alike, ObjectKind, ObjectShape, Place};
use super::word::Modality::{self, Audio, File, Image, Text};
use super::word::Parting;
use super::word::Saying::LowDetail;

// vLLM's, Mistral's and Perplexity's among them.
const PARTS: &[(&str, Modality)] = &[
    ("text", Text),
    ("input_text", Text),
    ("output_text", Text),
    ("refusal", Text),
    ("image_url", Image),
    ("input_image", Image),
    ("image", Image),
    ("image_pil", Image),
    ("image_embeds", Image),
    ("computer_screenshot", Image),
    ("input_audio", Audio),
    ("audio_url", Audio),
    ("file", File),
    ("input_file", File),
    ("document_url", File),
    ("pdf_url", File),
    ("file_url", File),
    ("document", File),
    ("video_url", File),
    ("input_video", File),
];
static FILE: ObjectShape =
    plain(&[("file_id", Place::STATE), ("file_data", Place::MEDIA), ("file_url", Place::LINK)]);
const DETAIL: (&str, Place) = ("detail", Place::says_if(LowDetail, &["low"]));
static LINK_SHAPE: ObjectShape =
    plain(&[("url", Place::LINK), DETAIL]).with(&[(&Place::SETTING, &["format"])]);
static SOUND: ObjectShape =
    plain(&[("data", Place::MEDIA)]).with(&[(&Place::SETTING, &["format"])]);
const LINK: Place = Place::LINK.members(&LINK_SHAPE);
const HARMLESS: &[Alike] = &[
    (&Place::SETTING, &["annotations_format", "prompt_cache_breakpoint"]),
    (&Place::ID, &["id", "uuid"]),
    // Nobody documents what a part with one is without it.
    (&Place::signed(&Parting::Never), &["signature"]),
    (&Place::OPAQUE, &["image_embeds", "audio_embeds"]),
];

macro_rules! openai_part {
    ($text:expr, $others:expr) => {
        ObjectShape::new(
            ObjectKind::Part(PARTS),
            &[
                ("type", Place::TYPE),
                ("text", $text.joined()),
                ("image_url", LINK.implies(Image)),
                DETAIL,
                ("input_audio", Place::MEDIA.members(&SOUND).implies(Audio)),
                ("audio_url", LINK.implies(Audio)),
                ("video_url", LINK.implies(File)),
                ("file", Place::object(&FILE).implies(File)),
                ("file_data", Place::MEDIA.implies(File)),
                ("file_url", LINK.implies(File)),
                ("pdf_url", LINK.implies(File)),
                ("document_url", LINK.implies(File)),
                ("file_id", Place::STATE.implies(File)),
                CACHE_CONTROL,
            ],
        )
        .with(HARMLESS)
        .others($others)
    };
}
/// A part of a prompt.
pub(super) static PART: ObjectShape = openai_part!(Place::PROMPT, &Place::UNKNOWN);
pub(super) static PART_ITEM: Place = Place::PROMPT.members(&PART).items(&PART_ITEM);
pub(super) const CONTENT: Place = Place::PROMPT.items(&PART_ITEM).members(&PART);
static OUTPUT_PART: ObjectShape = openai_part!(Place::TOOLS, &Place::TOOLS);
static OUTPUT_ITEM: Place = Place::TOOLS.members(&OUTPUT_PART).items(&OUTPUT_ITEM);
/// What a tool answered.
pub(super) const OUTPUT: Place = Place::TOOLS.items(&OUTPUT_ITEM).members(&OUTPUT_PART);
static ASIDE_PART: ObjectShape = openai_part!(Place::ASIDE, &Place::UNKNOWN);
static ASIDE_ITEM: Place = Place::ASIDE.members(&ASIDE_PART).items(&ASIDE_ITEM);
/// Parts that are filled in or put beside the prompt.
pub(super) const ASIDE: Place = Place::ASIDE.items(&ASIDE_ITEM).members(&ASIDE_PART);
/// The same, as what any other key of an object is.
pub(super) static ASIDE_CONTENT: Place = ASIDE;
