"""Members that no package describes: providers' documentation does.

Where a package has types of the parts, these say what the body around them is.
"""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, Union

from google.genai import types as genai
from typing_extensions import Required, TypedDict


# Gemini: the SDK spreads the body over arguments and one configuration.


class GeminiContents(TypedDict, total=False):
    contents: Required[List[genai.Content]]
    systemInstruction: genai.Content
    tools: List[genai.Tool]
    toolConfig: genai.ToolConfig
    safetySettings: List[genai.SafetySetting]
    generationConfig: genai.GenerationConfig
    cachedContent: str
    labels: Dict[str, str]
    modelArmorConfig: genai.ModelArmorConfig


class GeminiEmbedContent(TypedDict, total=False):
    model: str
    content: Required[genai.Content]
    taskType: str
    title: str
    embedContentConfig: Dict[str, Any]


# Vertex AI's prediction by text models: an instance has one of these.


class VertexInstance(TypedDict, total=False):
    prompt: str
    content: str
    text: str
    title: str
    task_type: str
    context: str
    messages: List[VertexMessage]


class VertexMessage(TypedDict, total=False):
    author: Required[str]
    content: Required[str]


class VertexPredict(TypedDict, total=False):
    instances: Required[List[VertexInstance]]


# Chat completions: members of vLLM, SGLang, llama.cpp, DeepSeek, Azure, Qwen, Zhipu, xAI.


class ChatExtraMessage(TypedDict, total=False):
    role: Required[Literal["assistant"]]
    content: Required[str]
    # DeepSeek, vLLM; OpenRouter and vLLM's newer name.
    reasoning_content: str
    reasoning: str


class ChatExtraPart(TypedDict, total=False):
    type: Required[Literal["video_url"]]
    video_url: Required[ChatExtraUrl]


class ChatExtraAudioPart(TypedDict, total=False):
    type: Required[Literal["audio_url"]]
    audio_url: Required[ChatExtraUrl]


class ChatExtraUrl(TypedDict, total=False):
    url: Required[str]


class ChatExtraUserMessage(TypedDict, total=False):
    role: Required[Literal["user"]]
    content: Required[List[Union[ChatExtraPart, ChatExtraAudioPart]]]


class ChatExtraStructured(TypedDict, total=False):
    json: Any
    regex: str
    choice: List[str]
    grammar: str
    structural_tag: str


class ChatExtraSource(TypedDict, total=False):
    type: Required[Literal["rss", "web", "x", "news"]]
    links: List[str]
    allowed_websites: List[str]
    excluded_websites: List[str]
    included_x_handles: List[str]


class ChatExtraSearch(TypedDict, total=False):
    mode: str
    sources: List[ChatExtraSource]


class ChatExtraDataSource(TypedDict, total=False):
    type: Required[str]
    parameters: Required[Any]


class ChatExtraTerm(TypedDict, total=False):
    source: Required[str]
    target: Required[str]


class ChatExtraTranslation(TypedDict, total=False):
    source_lang: str
    target_lang: str
    terms: List[ChatExtraTerm]
    tm_list: List[ChatExtraTerm]
    domains: str


class ChatExtraWebSearch(TypedDict, total=False):
    search_query: str
    search_prompt: str


class ChatExtraWebSearchTool(TypedDict, total=False):
    type: Required[Literal["web_search"]]
    web_search: Required[ChatExtraWebSearch]


class ChatExtraRetrieval(TypedDict, total=False):
    knowledge_id: str
    prompt_template: str


class ChatExtraRetrievalTool(TypedDict, total=False):
    type: Required[Literal["retrieval"]]
    retrieval: Required[ChatExtraRetrieval]


class ChatExtra(TypedDict, total=False):
    model: Required[str]
    messages: Required[List[Union[ChatExtraMessage, ChatExtraUserMessage]]]
    # vLLM
    documents: List[Dict[str, str]]
    chat_template: str
    chat_template_kwargs: Dict[str, Any]
    guided_json: Any
    guided_regex: str
    guided_choice: List[str]
    guided_grammar: str
    structured_outputs: ChatExtraStructured
    bad_words: List[str]
    stop: Union[str, List[str]]
    # SGLang, llama.cpp
    regex: str
    ebnf: str
    grammar: str
    json_schema: Any
    # Azure
    data_sources: List[ChatExtraDataSource]
    # Qwen's translation
    translation_options: ChatExtraTranslation
    # Zhipu
    tools: List[Union[ChatExtraWebSearchTool, ChatExtraRetrievalTool]]
    # xAI
    search_parameters: ChatExtraSearch


class CompletionsExtra(TypedDict, total=False):
    model: Required[str]
    prompt: Required[str]
    guided_json: Any
    guided_regex: str
    guided_choice: List[str]
    guided_grammar: str
    structured_outputs: ChatExtraStructured
    bad_words: List[str]
    # Fireworks, llama.cpp
    input_prefix: str
    input_suffix: str
    input_extra: List[CompletionsExtraFile]
    grammar: str


class CompletionsExtraFile(TypedDict, total=False):
    filename: Required[str]
    text: Required[str]


# Embeddings: Jina, Voyage, NVIDIA, vLLM.


class EmbeddingText(TypedDict, total=False):
    text: Required[str]


class EmbeddingImage(TypedDict, total=False):
    image: Required[str]


class EmbeddingMessage(TypedDict, total=False):
    role: Required[Literal["user"]]
    content: Required[str]


class EmbeddingsExtra(TypedDict, total=False):
    model: Required[str]
    input: Required[List[Union[EmbeddingText, EmbeddingImage]]]
    task: str
    input_type: str
    instruction: str
    prompt: str
    messages: List[EmbeddingMessage]
    inputs: List[VoyageInput]


class VoyagePart(TypedDict, total=False):
    type: Required[Literal["text"]]
    text: Required[str]


class VoyageInput(TypedDict, total=False):
    content: Required[List[VoyagePart]]


# Rerankers: Jina, Voyage, vLLM and others; Text Embeddings Inference.


class RerankDocument(TypedDict, total=False):
    text: str
    image: str


class RerankQuery(TypedDict, total=False):
    text: str
    image: str


class RerankExtra(TypedDict, total=False):
    model: Required[str]
    query: Required[Union[str, RerankQuery]]
    documents: Required[Union[List[str], List[RerankDocument], List[Dict[str, Any]]]]
    texts: List[str]
    instruction: str
    rank_fields: List[str]
    user: str


# Images and speech: members of other servers.


class ImagesExtra(TypedDict, total=False):
    model: Required[str]
    prompt: Required[str]
    negative_prompt: str


class ImageReference(TypedDict, total=False):
    image_url: str
    file_id: str


class ImagesEditsExtra(TypedDict, total=False):
    # As JSON, where the SDK has a form.
    model: Required[str]
    prompt: Required[str]
    images: List[ImageReference]
    mask: ImageReference


# Ollama: members of the older embeddings that the SDK lacks.


class OllamaEmbeddings(TypedDict, total=False):
    model: Required[str]
    prompt: Required[str]
    keep_alive: Optional[str]
    options: Dict[str, Any]


# Anthropic's messages at AWS and Google.


class AnthropicExtra(TypedDict, total=False):
    model: Required[str]
    max_tokens: Required[int]
    messages: Required[List[EmbeddingMessage]]
    anthropic_version: str
    anthropic_beta: List[str]


# Anthropic's older completions, as the first SDKs had them.


class AnthropicComplete(TypedDict, total=False):
    model: Required[str]
    prompt: Required[str]
    max_tokens_to_sample: Required[int]
    stop_sequences: List[str]
    metadata: AnthropicMetadata


class AnthropicMetadata(TypedDict, total=False):
    user_id: str
