#!/usr/bin/env python3
"""Writes tests/members/FORMAT.json: every string of every request, in a body each.

Usage: generate.py [DIRECTORY]
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import pathlib
import re
import sys

from nodes import MARK, Any, Map, Row, Text, rows
from sources import Botocore, Discovery, Protobuf, PythonTypes

HERE = pathlib.Path(__file__).resolve().parent
GEMINI_ROLES = ["user", "model", "function"]
CHAT_ROLES = ["system", "user", "assistant", "tool"]
DICTIONARIES = PythonTypes(models=False)
MODELS = PythonTypes(
    roles={"Message": CHAT_ROLES, "Content": GEMINI_ROLES},
    instead={
        "ollama._types.Image": Text(kind="data"),
        # A member for each of 130 providers, of any shape.
        "openrouter.components.provideroptions.ProviderOptions": Map(Any()),
    },
)
VERTEX = "GoogleCloudAiplatformV1beta1"


def package(name: str) -> pathlib.Path:
    return pathlib.Path(importlib.util.find_spec(name).origin).parent


def dictionary(module: str, name: str):
    """Returns a typed dictionary; of two, for a whole answer and for a stream, the former."""
    known = importlib.import_module(module)
    return DICTIONARIES.node(getattr(known, f"{name}NonStreaming", None) or getattr(known, name))


def model(module: str, name: str):
    return MODELS.node(getattr(importlib.import_module(module), name))


def extra(name: str):
    return model("extra", name)


@functools.cache
def discovery() -> Discovery:
    documents = package("googleapiclient") / "discovery_cache/documents"
    return Discovery(documents / "aiplatform.v1beta1.json", GEMINI_ROLES)


def vertex(name: str):
    # The path says which model.
    return discovery().type(VERTEX + name, leave=("model",))


def gemini(name: str):
    known = importlib.import_module("google.ai.generativelanguage_v1beta")
    message = getattr(known, name)
    return PROTOBUF.type(message.pb(message()).DESCRIPTOR)


PROTOBUF = Protobuf(GEMINI_ROLES)


@functools.cache
def bedrock(name: str):
    path = package("botocore") / "data/bedrock-runtime/2023-09-30/service-2.json.gz"
    return Botocore(str(path)).type(name)


def cohere(method: str):
    client = importlib.import_module("cohere.v2.client").V2Client
    return MODELS.signature(getattr(client, method), leave={"request_options"})


OPENAI = "openai.types"
MISTRAL = "mistralai.client.models"

# For each file: where its types come from, best first. Of two types of one place, the first
# one's body is taken.
FORMATS = {
    "openai-chat": [
        ("openai", lambda: dictionary(f"{OPENAI}.chat.completion_create_params", "CompletionCreateParams")),
        ("mistral", lambda: model(f"{MISTRAL}.chatcompletionrequest", "ChatCompletionRequest")),
        ("groq", lambda: dictionary("groq.types.chat.completion_create_params", "CompletionCreateParams")),
        ("together", lambda: dictionary("together.types.chat.completion_create_params", "CompletionCreateParams")),
        ("cerebras", lambda: dictionary("cerebras.cloud.sdk.types.chat.completion_create_params", "CompletionCreateParams")),
        ("perplexity", lambda: dictionary("perplexity.types.chat.completion_create_params", "CompletionCreateParams")),
        ("openrouter", lambda: model("openrouter.components.chatrequest", "ChatRequest")),
        ("extra", lambda: extra("ChatExtra")),
    ],
    "openai-responses": [
        ("openai", lambda: dictionary(f"{OPENAI}.responses.response_create_params", "ResponseCreateParams")),
        ("beta", lambda: dictionary(f"{OPENAI}.beta.response_create_params", "ResponseCreateParams")),
        ("perplexity", lambda: dictionary("perplexity.types.response_create_params", "ResponseCreateParams")),
    ],
    "openai-input-tokens": [
        ("openai", lambda: dictionary(f"{OPENAI}.responses.input_token_count_params", "InputTokenCountParams")),
    ],
    "openai-completions": [
        ("openai", lambda: dictionary(f"{OPENAI}.completion_create_params", "CompletionCreateParams")),
        ("together", lambda: dictionary("together.types.completion_create_params", "CompletionCreateParams")),
        ("cerebras", lambda: dictionary("cerebras.cloud.sdk.types.completion_create_params", "CompletionCreateParams")),
        ("extra", lambda: extra("CompletionsExtra")),
    ],
    "openai-fim": [
        ("mistral", lambda: model(f"{MISTRAL}.fimcompletionrequest", "FIMCompletionRequest")),
    ],
    "openai-embeddings": [
        ("openai", lambda: dictionary(f"{OPENAI}.embedding_create_params", "EmbeddingCreateParams")),
        ("mistral", lambda: model(f"{MISTRAL}.embeddingrequest", "EmbeddingRequest")),
        ("extra", lambda: extra("EmbeddingsExtra")),
    ],
    "openai-moderations": [
        ("openai", lambda: dictionary(f"{OPENAI}.moderation_create_params", "ModerationCreateParams")),
        ("mistral", lambda: model(f"{MISTRAL}.classificationrequest", "ClassificationRequest")),
        ("mistral", lambda: model(f"{MISTRAL}.chatmoderationrequest", "ChatModerationRequest")),
    ],
    "openai-images-generations": [
        ("openai", lambda: dictionary(f"{OPENAI}.image_generate_params", "ImageGenerateParams")),
        ("together", lambda: dictionary("together.types.image_generate_params", "ImageGenerateParams")),
        ("extra", lambda: extra("ImagesExtra")),
    ],
    "openai-images-edits": [
        ("openai", lambda: dictionary(f"{OPENAI}.image_edit_params", "ImageEditParams")),
        ("extra", lambda: extra("ImagesEditsExtra")),
    ],
    "openai-images-variations": [
        ("openai", lambda: dictionary(f"{OPENAI}.image_create_variation_params", "ImageCreateVariationParams")),
    ],
    "openai-audio-speech": [
        ("openai", lambda: dictionary(f"{OPENAI}.audio.speech_create_params", "SpeechCreateParams")),
        ("mistral", lambda: model(f"{MISTRAL}.speechrequest", "SpeechRequest")),
        ("groq", lambda: dictionary("groq.types.audio.speech_create_params", "SpeechCreateParams")),
        ("together", lambda: dictionary("together.types.audio.speech_create_params", "SpeechCreateParams")),
    ],
    "openai-audio-transcriptions": [
        ("openai", lambda: dictionary(f"{OPENAI}.audio.transcription_create_params", "TranscriptionCreateParams")),
        ("mistral", lambda: model(f"{MISTRAL}.audiotranscriptionrequest", "AudioTranscriptionRequest")),
        ("groq", lambda: dictionary("groq.types.audio.transcription_create_params", "TranscriptionCreateParams")),
    ],
    "openai-audio-translations": [
        ("openai", lambda: dictionary(f"{OPENAI}.audio.translation_create_params", "TranslationCreateParams")),
        ("groq", lambda: dictionary("groq.types.audio.translation_create_params", "TranslationCreateParams")),
    ],
    "anthropic-messages": [
        ("beta", lambda: dictionary("anthropic.types.beta.message_create_params", "MessageCreateParams")),
        ("extra", lambda: extra("AnthropicExtra")),
    ],
    "anthropic-count-tokens": [
        ("beta", lambda: dictionary("anthropic.types.beta.message_count_tokens_params", "MessageCountTokensParams")),
    ],
    "anthropic-complete": [("extra", lambda: extra("AnthropicComplete"))],
    "gemini-generate": [
        ("vertex", lambda: vertex("GenerateContentRequest")),
        ("gemini", lambda: gemini("GenerateContentRequest")),
        ("genai", lambda: extra("GeminiContents")),
    ],
    "gemini-count-tokens": [
        ("vertex", lambda: vertex("CountTokensRequest")),
        ("gemini", lambda: gemini("CountTokensRequest")),
    ],
    "gemini-embed-content": [
        ("vertex", lambda: vertex("EmbedContentRequest")),
        ("gemini", lambda: gemini("EmbedContentRequest")),
        ("genai", lambda: extra("GeminiEmbedContent")),
    ],
    "gemini-batch-embed-contents": [
        ("gemini", lambda: gemini("BatchEmbedContentsRequest")),
    ],
    "gemini-predict": [
        ("vertex", lambda: vertex("PredictRequest")),
        ("extra", lambda: extra("VertexPredict")),
    ],
    "bedrock-converse": [("aws", lambda: bedrock("ConverseRequest"))],
    "bedrock-converse-stream": [("aws", lambda: bedrock("ConverseStreamRequest"))],
    "cohere-chat": [("cohere", lambda: cohere("chat"))],
    "cohere-embed": [("cohere", lambda: cohere("embed"))],
    "rerank": [
        ("cohere", lambda: cohere("rerank")),
        ("together", lambda: dictionary("together.types.rerank_create_params", "RerankCreateParams")),
        ("extra", lambda: extra("RerankExtra")),
    ],
    "ollama-chat": [("ollama", lambda: model("ollama._types", "ChatRequest"))],
    "ollama-generate": [("ollama", lambda: model("ollama._types", "GenerateRequest"))],
    "ollama-embed": [("ollama", lambda: model("ollama._types", "EmbedRequest"))],
    "ollama-embeddings": [
        ("ollama", lambda: model("ollama._types", "EmbeddingsRequest")),
        ("extra", lambda: extra("OllamaEmbeddings")),
    ],
}

# Operations that share a body with another: only what that one lacks is written.
SAME_AS = {
    "openai-input-tokens": "openai-responses",
    "anthropic-count-tokens": "anthropic-messages",
    "gemini-count-tokens": "gemini-generate",
    "bedrock-converse-stream": "bedrock-converse",
}


# A type may be reached in many ways, and the test would learn nothing from all of them: files
# would have megabytes. A member has one row for each role and kind of block it is within; if
# it is of these kinds, only one.
ONE_IN_ALL = ("enum", "id", "time")
PROMPT = ("text", "any")
# What prompts are mostly made of has a row wherever it may be.
EVERYWHERE = re.compile(r"\.(text|content|arguments|input|output|data)$|\.properties\.\*\.description$")
WITHIN = re.compile(
    r"\[(user|assistant|model|system|developer|tool|function|tool_result|function_call_output)\]"
    r"|toolResult|functionResponse"
)
# Blocks that mean the same in a message of any role.
ALIKE = re.compile(r"\[(tool_addition|tool_removal|additional_tools)\]")


def collect(name: str) -> dict[str, tuple[Row, str]]:
    """Returns a row for each place, with the name of its source. From sources after the first,
    enums and ids are left out."""
    first = FORMATS[name][0][0]
    found: dict[str, tuple[Row, str]] = {}
    for origin, source in FORMATS[name]:
        for row in rows(source()):
            if origin != first and row.kind in ("enum", "id", "time"):
                continue
            row.at = row.at.removeprefix(".")
            found.setdefault(row.at, (row, origin))
    return found


def thinned(found: dict[str, tuple[Row, str]]) -> dict[str, tuple[Row, str]]:
    """Returns the rows to keep: of each member those of users, then texts, then the shallowest.
    Every member that holds texts or media is on the way to one of them."""
    seen = set()
    kept = {}
    for at, (row, origin) in sorted(found.items(), key=nearness):
        finder = ALIKE if ALIKE.search(at) else WITHIN
        within = () if row.kind in ONE_IN_ALL else tuple(each[0] for each in finder.finditer(at))
        places = {(row.way[0], at.rsplit(".", 1)[-1], within)}
        if row.kind in (*PROMPT, "url", "data", "file"):
            places |= {(member, within) for member in row.way[1:]}
        if not places <= seen or (row.kind in PROMPT and EVERYWHERE.search(f".{at}")):
            kept[at] = (row, origin)
            seen |= places
    return kept


def nearness(item: tuple[str, tuple[Row, str]]) -> tuple:
    at, (row, _) = item
    return "[user]" not in at, row.kind not in PROMPT, at.count(".") + at.count("["), at


def line(row: Row, origin: str, first: str) -> str:
    value = {"at": row.at, "kind": row.kind}
    if row.kind == "enum":
        value["values"] = row.values
    if origin != first:
        value["from"] = origin
    value["body"] = row.body
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    assert json.dumps(row.body).count(MARK) == 1, text
    return text


def main() -> None:
    directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parents[1] / "tests/members")
    directory.mkdir(parents=True, exist_ok=True)
    known = {}
    for name in FORMATS:
        found = collect(name)
        known[name] = set(found)
        for at in known.get(SAME_AS.get(name), ()):
            found.pop(at, None)
        found = thinned(found)
        first = FORMATS[name][0][0]
        lines = [line(row, origin, first) for _, (row, origin) in sorted(found.items())]
        body = "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"
        (directory / f"{name}.json").write_text(body)
        print(f"{name}: {len(lines)} rows, {len(body)} bytes")


if __name__ == "__main__":
    main()
