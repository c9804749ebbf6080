//! The rows: headers and query parameters in which a client's credential or account is known to
//! stand.
//!
//! Names that a row lacks are caught by their words (`words.rs`). A row is for a name whose words
//! tell nothing, for one that means an account rather than a key, and for what users look up here.

use super::{CarrierRow, Carries};

const fn key(name: &'static str, source: &'static str) -> CarrierRow {
    CarrierRow { name, carries: Carries::Key, source }
}

const fn account(name: &'static str, source: &'static str) -> CarrierRow {
    CarrierRow { name, carries: Carries::Account, source }
}

const fn browser(name: &'static str, source: &'static str) -> CarrierRow {
    CarrierRow { name, carries: Carries::Browser, source }
}

const fn choice(name: &'static str, source: &'static str) -> CarrierRow {
    CarrierRow { name, carries: Carries::Choice, source }
}

/// Headers, in lower case. A name that ends with a dash is the beginning of others.
pub(super) const HEADERS: &[CarrierRow] = &[
    // A key that a provider of models reads.
    key("authorization", "RFC 9110, section 11.6.2"),
    key("x-api-key", "Anthropic: docs.claude.com/en/api/overview"),
    key("api-key", "Azure OpenAI: learn.microsoft.com/azure/ai-foundry/openai/reference"),
    key("x-goog-api-key", "Gemini: ai.google.dev/gemini-api/docs/api-key"),
    key("ocp-apim-subscription-key", "Azure API Management and Azure AI services"),
    key("sec-websocket-protocol", "OpenAI realtime, from browsers: openai-insecure-api-key.KEY"),
    // Keys of gateways before providers.
    key("proxy-authorization", "RFC 9110, section 11.7.2"),
    key("cf-aig-authorization", "Cloudflare AI Gateway: authenticated gateway"),
    key("cf-access-", "Cloudflare Access: service tokens and assertions"),
    key("helicone-auth", "Helicone: docs.helicone.ai/helicone-headers/header-directory"),
    key("x-portkey-", "Portkey: api key, virtual key, configuration, provider, host"),
    key("x-litellm-api-key", "LiteLLM: docs.litellm.ai/docs/proxy/virtual_keys"),
    key("x-tfy-api-key", "TrueFoundry AI gateway"),
    key("x-bt-api-key", "Braintrust AI proxy"),
    key("apikey", "Kong key-auth, Supabase, watsonx"),
    key("x-auth-token", "OpenStack Keystone, Huawei Cloud ModelArts"),
    key("x-api-access-key", "Volcengine speech"),
    key("x-goog-iap-jwt-assertion", "Google Identity-Aware Proxy"),
    key("x-serverless-authorization", "Google Cloud Run"),
    key("x-ms-token-", "Azure App Service authentication"),
    key("x-amzn-oidc-", "AWS Application Load Balancer"),
    // Signatures of clouds: what is signed no longer fits what is sent.
    key("x-amz-", "AWS Signature Version 4: date, content hash, security token"),
    key("x-tc-", "Tencent Cloud API signature 3"),
    key("x-acs-", "Alibaba Cloud API signature 3"),
    key("x-bce-", "Baidu Cloud API authorization"),
    // Whose account is charged, or whose data may be reached.
    account("openai-organization", "OpenAI API reference: authentication"),
    account("openai-project", "OpenAI API reference: authentication"),
    account("chatgpt-account-id", "OpenAI Codex"),
    account("anthropic-organization-id", "Anthropic"),
    account("anthropic-workspace-id", "Claude Platform on AWS"),
    account("x-goog-user-project", "Google: cloud.google.com/apis/docs/system-parameters"),
    account("x-hf-bill-to", "Hugging Face Inference Providers"),
    account("x-dashscope-workspace", "Alibaba Model Studio"),
    account("appid", "Baidu Qianfan"),
    // What browsers add: Anthropic refuses keys from them.
    browser("cookie", "RFC 6265"),
    browser("origin", "Anthropic: anthropic-dangerous-direct-browser-access"),
    // Another model or place than the one that was chosen.
    choice("helicone-fallbacks", "Helicone: fallbacks"),
    choice("helicone-target-", "Helicone: gateway, target url and provider"),
    choice("helicone-openai-api-base", "Helicone: gateway"),
    choice("if-", "RFC 9110, section 13.1: answered by 304 or 412"),
    // A part of the answer, or none. Without its content it would count as the deployment's failure.
    choice("range", "RFC 9110, section 14.2: answered by a part"),
    choice("prefer", "RFC 7240: respond-async is answered by 202"),
    choice("x-goog-fieldmask", "Google: cloud.google.com/apis/docs/system-parameters"),
    choice("nvcf-poll-seconds", "NVIDIA Cloud Functions: 202 until it is asked again"),
    choice("x-envoy-fault-", "Envoy: an error or delay, where a provider's own lets clients ask"),
    choice("azureml-model-deployment", "Azure Machine Learning: online endpoints"),
    choice("x-amzn-sagemaker-target-", "SageMaker: target model, variant, container"),
    choice("x-amzn-sagemaker-inference-component", "SageMaker: inference components"),
    // A server of a cluster, which may not be there.
    choice("x-data-parallel-", "vLLM, SGLang: the rank that serves"),
    choice("x-prefiller-", "llm-d, Dynamo: the address that is asked for the prefill"),
    choice("x-worker-instance-", "Dynamo: the worker that serves"),
    choice("x-dynamo-", "Dynamo: the mode of routing"),
    choice("x-smg-target-", "SGLang model gateway: the worker that serves"),
    choice("x-gateway-destination-", "Gateway API Inference Extension: the endpoint that serves"),
    choice("x-envoy-original-dst-", "Envoy: the address, of clusters that take it from a header"),
    choice("fly-force-", "Fly.io: fly.io/docs/networking/dynamic-request-routing"),
    // Another path or method than the one that was judged.
    choice("x-http-method-override", "Google APIs, Rails, Express: a POST as another method"),
    choice("x-http-method", "OData: a POST as another method"),
    choice("x-method-override", "IBM, Express: a POST as another method"),
    choice("x-original-url", "IIS URL Rewrite, Symfony before 2018"),
    choice("x-rewrite-url", "IIS URL Rewrite, Symfony before 2018"),
];

/// Query parameters, in lower case and without Google's `$`. A name that ends with a dash is the
/// beginning of others.
pub(super) const QUERY: &[CarrierRow] = &[
    key("key", "Gemini: ai.google.dev/gemini-api/docs/api-key"),
    key("access_token", "RFC 6750, section 2.3"),
    key("oauth_token", "Google: cloud.google.com/apis/docs/system-parameters"),
    key("api-key", "Azure OpenAI realtime, from browsers"),
    key("subscription-key", "Azure API Management"),
    key("sig", "Azure shared access signatures, Logic Apps"),
    key("code", "Azure Functions: function access keys"),
    key("awsaccesskeyid", "AWS Signature Version 2"),
    key("x-amz-", "AWS Signature Version 4 in the query"),
    key("x-goog-", "Google Cloud V4 signatures in the query"),
    key("httpheaders", "Google: goog.net.rpc.HttpCors, any header as a parameter"),
    choice("httpmethod", "Google: goog.net.rpc.HttpCors, a POST as another method"),
    choice("fields", "Google: cloud.google.com/apis/docs/system-parameters, a part of the answer"),
    choice("callback", "Google: cloud.google.com/apis/docs/system-parameters, a script"),
    account("userproject", "Google: cloud.google.com/apis/docs/system-parameters"),
    choice("model", "LiteLLM reads it over the body's; OpenAI realtime"),
    choice("deployment", "Azure OpenAI realtime"),
];

/// Top-level members of a JSON body that name another model or place than `model` does, or bring
/// a credential.
pub(super) const MEMBERS: &[CarrierRow] = &[
    choice("adapter_id", "LoRAX, TGI: a LoRA adapter"),
    choice("agent", "Azure AI Foundry: an agent, which has a model of its own"),
    choice("agent_reference", "Azure AI Foundry"),
    choice("aws_bedrock_runtime_endpoint", "LiteLLM"),
    choice("aws_region_name", "LiteLLM: docs.litellm.ai/docs/providers/bedrock"),
    choice("compound_custom", "Groq: the models of a compound system"),
    choice(
        "context_window_fallbacks",
        "LiteLLM: docs.litellm.ai/docs/completion/reliable_completions",
    ),
    choice("context_window_fallback_dict", "LiteLLM"),
    choice("content_policy_fallbacks", "LiteLLM: docs.litellm.ai/docs/proxy/reliability"),
    choice("custom_llm_provider", "LiteLLM"),
    choice("deployment_id", "LiteLLM, the first Azure clients"),
    choice("engine", "OpenAI before 2023, Azure"),
    choice("extra_body", "LiteLLM: merged into what its provider is sent"),
    choice("extra_headers", "LiteLLM"),
    choice("fallback_models", "gateways of OpenAI's format"),
    choice("fallbacks", "LiteLLM: docs.litellm.ai/docs/proxy/client_side_fallbacks"),
    choice("lora", "llama.cpp: adapters and their scales"),
    choice("lora_path", "SGLang: docs.sglang.ai/advanced_features/lora.html"),
    choice("lora_request", "TensorRT-LLM"),
    choice("model_id", "watsonx, ElevenLabs"),
    choice("model_list", "LiteLLM"),
    choice("models", "OpenRouter: openrouter.ai/docs/guides/routing/model-fallbacks"),
    choice("preset", "OpenRouter: openrouter.ai/docs/guides/features/presets"),
    choice("providerOptions", "Vercel AI Gateway: models, providers, and keys of the client's"),
    choice("route", "OpenRouter: \"fallback\""),
    choice("request_timeout", "LiteLLM"),
    choice("stream_timeout", "LiteLLM"),
    choice(
        "timeout",
        "LiteLLM: docs.litellm.ai/docs/proxy/timeout, with a short one it answers 408",
    ),
    choice("vertex_location", "LiteLLM: docs.litellm.ai/docs/providers/vertex"),
    key("api_base", "LiteLLM: docs.litellm.ai/docs/proxy/clientside_auth"),
    key("api_key", "LiteLLM: docs.litellm.ai/docs/proxy/clientside_auth"),
    key("base_url", "LiteLLM: docs.litellm.ai/docs/proxy/clientside_auth"),
    key("aws_access_key_id", "LiteLLM: docs.litellm.ai/docs/providers/bedrock"),
    key("aws_profile_name", "LiteLLM"),
    key("aws_role_name", "LiteLLM"),
    key("aws_secret_access_key", "LiteLLM"),
    key("aws_session_token", "LiteLLM"),
    key("aws_web_identity_token", "LiteLLM"),
    key("azure_ad_token", "LiteLLM: docs.litellm.ai/docs/providers/azure"),
    key("client_secret", "LiteLLM: docs.litellm.ai/docs/providers/azure"),
    key("litellm_credential_name", "LiteLLM: docs.litellm.ai/docs/proxy/ui_credentials"),
    key("vertex_credentials", "LiteLLM: docs.litellm.ai/docs/providers/vertex"),
    key("vertex_project", "LiteLLM"),
    key("user_config", "LiteLLM: docs.litellm.ai/docs/proxy/clientside_auth"),
];
