//! The words about a request: that it is too long, refused for its content, names what is not
//! there, or is wrong.
//!
//! None of them counts against a deployment, so they may stand anywhere in a message. They
//! decide whether another deployment is tried, and which.

use super::words;

words! {
    REQUEST
    ContextWindow {
        Part [] "context_length", "openai and compatible", "https://platform.openai.com/docs/guides/error-codes";
        Part [] "context_window", "openai and compatible", "public code";
        Part [] "context_size", "llama.cpp", "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md";
        Contains [0 400 413 422 424] "prompt is too long", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "input is too long", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "too many tokens", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "context length", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "context window", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "context limit", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "context size", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "maximum prompt length", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "exceeds the maximum number of tokens", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "reduce the length of the messages", "several, groq, cerebras", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "longer than the maximum model length", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "maximum input length", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "request entity too large", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "model only supports up to", "several", "tests/wire/responses, and the rows below";
        Contains [0 400 413 422 424] "context_length", "several", "tests/wire/responses, and the rows below";
        Begins [0 400 413 422 424] "this endpoint's maximum context length is *", "openrouter", "earendil-works/pi packages/ai/src/utils/overflow.ts";
        Contains [0 400 413 422 424] "exceeds the maximum allowed input length", "openrouter/poolside, baseten", "earendil-works/pi packages/ai/src/utils/overflow.ts";
        Begins [0 400 413 422 424] "prompt is too long: * tokens > * maximum", "anthropic", "public code";
        Contains [0 400 413 422 424] "long context beta is not yet available", "anthropic", "public code";
        Contains [0 400 413 422 424] "too many input tokens", "bedrock", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Contains [0 400 413 422 424] "prompt tokens (*) exceed model maximum (*)", "bedrock", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Contains [0 400 413 422 424] "request payload size exceeds", "vertex, gemini", "public code";
        Word [0 400 413 422 424] "model_max_prompt_tokens_exceeded", "github copilot", "https://github.com/microsoft/copilot-intellij-feedback/issues/94";
        Begins [0 400 413 422 424] "prompt token count of * exceeds the limit of *", "github copilot", "https://github.com/zed-industries/zed/issues/20362";
        Word [0 400 413 422 424] "tokens_limit_reached", "github models", "public code";
        Begins [0 400 413 422 424] "request body too large for", "github models", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Contains [0 400 413 422 424] "exceeded model token limit", "moonshot", "https://github.com/MoonshotAI/kimi-cli/issues/2011";
        Contains [0 400 413 422 424] "input token length too long", "moonshot", "https://platform.kimi.ai/docs/api/errors";
        Word [400] "1261", "zhipu, z.ai", "public code";
        Contains [0 400 413 422 424] "prompt exceeds max length", "zhipu, z.ai", "public code";
        Contains [0 400 413 422 424] "range of input length should be [*, *]", "alibaba", "public code";
        Word [0] "1039", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Word [0 400 413 422 424] "tokens_too_long", "baidu", "https://cloud.baidu.com/doc/qianfan-api/s/rmwbl43x7";
        Word [0 400 413 422 424] "characters_too_long", "baidu", "https://cloud.baidu.com/doc/qianfan-api/s/rmwbl43x7";
        Contains [0 400 413 422 424] "prompt contains at least * input tokens", "vllm", "earendil-works/pi packages/ai/src/utils/overflow.ts";
        Contains [0 400 413 422 424] "is too long and exceeds limit", "vllm", "public code";
        Contains [0 400 413 422 424] "`inputs` tokens + `max_new_tokens` must be <= *", "tgi, together, sagemaker", "huggingface/text-generation-inference router/src/validation.rs";
        Contains [0 400 413 422 424] "`inputs` must have less than * tokens", "tgi", "huggingface/text-generation-inference router/src/validation.rs";
        Contains [0 400 413 422 424] "`max_new_tokens` must be <= *", "tgi", "huggingface/text-generation-inference router/src/validation.rs";
        Begins [0 400 413 422 424] "too many tokens: total number of tokens in the prompt cannot exceed *", "cohere", "public code";
        Begins [0 400 413 422 424] "too many tokens: size limit exceeded by", "cohere", "reported";
        Contains [0 400 413 422 424] "total tokens * exceeds the model's max", "cohere", "openclaw/openclaw src/agents/pi-embedded-helpers/provider-error-patterns.ts";
        Contains [0 400 413 422 424] "current length is * while limit is *", "cerebras", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Contains [0 400 413 422 424] "input tokens exceed the configured limit", "openai", "public code";
        Contains [0 400 413 422 424] "string too long. expected a string with maximum length", "openai", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Contains [0 400 413 422 424] "input text length should not exceed", "nlp cloud", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Word [0 400 413 422 424] "promptoolongerror", "anyscale", "https://portkey.ai/error-library/input-length-error-10000";
        Contains [0 400 413 422 424] "conversation is too long", "anthropic-compatible", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Contains [0 400 413 422 424] "input tokens and requested", "openai-compatible", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Contains [0 400 413 422 424] "上下文长度超", "chinese proxies", "openclaw/openclaw src/agents/pi-embedded-helpers/errors.ts";
        Contains [0 400 413 422 424] "输入长度超过模型上限", "chinese providers", "public code";
    }
    ContentPolicy {
        Part [0 400 413 422 424 403] "content_policy", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Part [0 400 413 422 424 403] "content_filter", "azure, mistral", "https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter";
        Part [0 400 413 422 424 403] "policy_violation", "azure", "https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter";
        Part [0 400 413 422 424 403] "policyviolation", "azure", "https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter";
        Word [0 400 413 422 424] "invalid_prompt", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Contains [0 400 413 422 424] "content filtering policy", "anthropic", "public code";
        Contains [0 400 413 422 424] "content management policy", "azure", "https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter";
        Contains [0 400 413 422 424] "content policy", "various", "public code";
        Contains [0 400 413 422 424] "our safety system", "openai", "public code";
        Contains [0 400 413 422 424] "our usage policy", "openai", "public code";
        Begins [0 400 413 422 424] "the response was filtered due to the prompt triggering azure openai's content management", "azure", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Word [0 400 413 422 424] "moderation_blocked", "openai", "public code";
        Contains [0 400 413 422 424] "this content was flagged for possible cybersecurity risk", "openai", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Begins [0 400 413 422 424] "output blocked by content filtering policy", "anthropic", "public code";
        Contains [0 400 413 422 424] "your request contains prohibited content", "anthropic", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Begins [0 400 403 413 422 424] "content violates usage guidelines", "xai", "public code";
        Contains [0 400 403 413 422 424] "safety_check_type", "xai", "public code";
        Begins [0 400 413 422 424] "content exists risk", "deepseek", "public code";
        Contains [0 400 413 422 424] "rejected because it was considered high risk", "moonshot", "https://platform.kimi.ai/docs/api/errors";
        Word [0 400 413 422 424] "data_inspection_failed", "alibaba", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Word [0 400 413 422 424] "datainspectionfailed", "alibaba", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Contains [0 400 413 422 424] "data may contain inappropriate content", "alibaba, sensenova", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Word [400] "1301", "zhipu, z.ai", "https://docs.bigmodel.cn/cn/api/api-code";
        Contains [0 400 413 422 424] "new_sensitive (10", "minimax", "public code";
        Word [0] "1026", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Word [0] "1027", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Word [0 400 413 422 424] "unsafe_request", "baidu", "https://cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w";
        Part [0 400 413 422 424] "inputtextriskdetection", "volcengine", "https://www.volcengine.com/docs/82379/1099476";
        Part [0 400 413 422 424] "inputimageriskdetection", "volcengine", "https://www.volcengine.com/docs/82379/1099476";
        Part [0 400 413 422 424] "outputtextriskdet", "volcengine", "https://www.volcengine.com/docs/82379/1099476";
        Contains [0 400 403 413 422 424] "violation of provider terms of service", "openrouter", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Contains [0 400 413 422 424] "the response was blocked", "vertex", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Word [0 400 413 422 424] "sensitive_words_detected", "new-api, one-api", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Word [0 400 403 413 422 424] "safety_check_failed", "zenmux", "https://docs.zenmux.ai/guide/advanced/error-codes.html";
    }
    File {
        Begins [403] "you do not have permission to access the file", "gemini", "public code";
        Begins [403 404] "cachedcontent not found (or permission denied)", "gemini", "public code";
        Begins [404] "file * not found", "gemini", "public code";
        Word [400 404] "previous_response_not_found", "openai", "public code";
        Contains [404] "item with id 'rs_", "openai", "public code";
        Contains [400] "input item id does not belong to this connection", "openai", "openclaw/openclaw src/agents/pi-embedded-helpers/errors.ts";
        Begins [404] "file not found: *", "anthropic", "reported";
        Contains [400] "is not in an active state", "gemini", "reported";
        Contains [400] "failed to download or process media content", "openai-compatible", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Begins [400] "unable to download the file", "openai-compatible", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Contains [422] "could not fetch image", "tgi", "huggingface/text-generation-inference router/src/validation.rs";
        Begins [404] "no vector store found with id", "openai", "public code";
    }
    State {
        Word [400] "invalid_encrypted_content", "openai, azure", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Contains [400] "encrypted content * could not be verified", "openai, azure", "https://github.com/openai/codex/issues/8145";
        Contains [400] "invalid `signature` in `thinking`", "anthropic", "public code";
        Contains [400] "invalid `data` in `redacted_thinking`", "anthropic", "https://github.com/anthropics/claude-code/issues/56708";
        Contains [400] "blocks in the latest assistant message cannot be modified", "anthropic", "https://github.com/anthropics/claude-code/issues/63267";
        Contains [400] "thought signature is not valid", "vertex", "https://github.com/decolua/9router/issues/301";
        Contains [400] "invalid thought signature", "gemini", "https://github.com/lbjlaq/Antigravity-Manager/pull/3342";
        Contains [400] "corrupted thought signature", "gemini", "https://github.com/google-gemini/gemini-cli/issues/13467";
    }
    TooLarge {
        Word [413] "request_too_large", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [413 429] "request too large", "openai, groq", "tests/wire/responses/openai_429_request_too_large_tpm.json";
        Begins [429] "extra usage is required for long context", "anthropic", "public code";
        Begins [402] "this request requires more credits, or fewer max_tokens", "openrouter", "https://openrouter.ai/docs/api-reference/errors";
    }
    Request {
        Word [0 400 422] "invalid_value", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "invalid_type", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "invalid_request", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "missing_required_parameter", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "unknown_parameter", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "unsupported_parameter", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "unsupported_value", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "invalid_json", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "invalid_function_parameters", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "invalid_base64", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "integer_above_max_value", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "integer_below_min_value", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "decimal_above_max_value", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "decimal_below_min_value", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "string_above_max_length", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "string_below_min_length", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "array_above_max_length", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 422] "array_below_min_length", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Word [0 400 413 422] "image_too_large", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "image_too_small", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "image_parse_error", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "invalid_image", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "invalid_image_format", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "invalid_image_mode", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "invalid_image_url", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "invalid_base64_image", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "unsupported_image_media_type", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "empty_image_file", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "image_file_too_large", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "image_file_not_found", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0 400 413 422] "failed_to_download_image", "openai", "https://platform.openai.com/docs/api-reference/responses-streaming";
        Word [0] "2013", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Word [0] "1042", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Word [0 400 422] "json_validate_failed", "groq", "https://console.groq.com/docs/errors";
        Word [0 400 422] "tool_use_failed", "groq", "https://console.groq.com/docs/errors";
        Begins [0 400 404 422] "invalid value", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "invalid type for", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "invalid parameter", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "invalid schema for", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "invalid '", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "invalid `", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "unsupported parameter", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "unsupported value", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "unknown parameter", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "unrecognized request argument", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "missing required parameter", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "you must provide a model", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "additional properties are not allowed", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "could not parse the json body", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "we could not parse the json body", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "invalid image", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "invalid base64", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "you uploaded an unsupported image", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "an assistant message with 'tool_calls'", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "messages with role 'tool'", "openai", "https://platform.openai.com/docs/guides/error-codes";
        Begins [0 400 404 422] "messages.", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "messages:", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "tools.", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "tools:", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "system.", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "system:", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "max_tokens:", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "temperature:", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "top_p:", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "thinking.", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "tool_choice", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "could not process image", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "unexpected role", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "`temperature`", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "`max_tokens`", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Begins [0 400 404 422] "invalid json payload", "gemini, vertex", "https://ai.google.dev/gemini-api/docs/troubleshooting";
        Begins [0 400 404 422] "* generatecontentrequest", "gemini, vertex", "https://ai.google.dev/gemini-api/docs/troubleshooting";
        Begins [0 400 404 422] "request contains an invalid argument. ", "gemini, vertex", "https://ai.google.dev/gemini-api/docs/troubleshooting";
        Begins [0 400 404 422] "please ensure that", "gemini, vertex", "https://ai.google.dev/gemini-api/docs/troubleshooting";
        Begins [0 400 404 422] "unable to process input image", "gemini, vertex", "https://ai.google.dev/gemini-api/docs/troubleshooting";
        Begins [0 400 404 422] "please use a valid role", "gemini, vertex", "https://ai.google.dev/gemini-api/docs/troubleshooting";
        Begins [0 400 404 422] "provided image is not valid", "gemini, vertex", "https://ai.google.dev/gemini-api/docs/troubleshooting";
        Begins [0 400 404 422] "malformed input request", "bedrock, xai", "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html";
        Begins [0 400 404 422] "failed to deserialize the json body", "bedrock, xai", "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html";
        Begins [0 400 404 422] "json deserialize error", "bedrock, xai", "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html";
        Begins [0 400 404 422] "the model returned the following errors: malformed", "bedrock, xai", "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html";
        Begins [0 400 404 422] "1 validation error", "vllm, fastapi", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Begins [0 400 404 422] "2 validation errors", "vllm, fastapi", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Begins [0 400 404 422] "3 validation errors", "vllm, fastapi", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Begins [0 400 404 422] "[{'type':", "vllm, fastapi", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Begins [0 400 404 422] "[{\\\"type\\\":", "vllm, fastapi", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Begins [0 400 404 422] "value error", "vllm, fastapi", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Begins [0 400 404 422] "input should be", "vllm, fastapi", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Begins [0 400 404 422] "field required", "vllm, fastapi", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Begins [0 400 404 422] "invalid request: messages", "various", "public code";
        Begins [0 400 404 422] "invalid request: tool", "various", "public code";
        Begins [0 400 404 422] "invalid request body", "various", "public code";
    }
    Other {
        Word [0] "invalid_request_error", "openai and compatible, anthropic", "https://platform.openai.com/docs/guides/error-codes";
        Word [0] "bad_request", "various", "public code";
        Word [0] "badrequesterror", "vllm", "https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/serving_engine.py";
        Word [0] "invalid_argument", "gemini, vertex", "https://cloud.google.com/apis/design/errors";
        Word [0] "failed_precondition", "gemini, vertex", "https://cloud.google.com/apis/design/errors";
        Word [0] "validationexception", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html";
        Begins [404] "no endpoints found that", "openrouter", "https://github.com/OpenRouterTeam/openrouter-examples";
    }
}
