//! The words about an account, a credential, a model and a deployment.
//!
//! These may count against a deployment. A client can put any words into a message that quotes
//! it, so each is a whole code, type, status or reason, or the beginning of a message as the
//! provider writes it.

use super::words;

words! {
    DEPLOYMENT
    Quota {
        Word [] "insufficient_balance", "various", "https://docs.litellm.ai/docs/exception_mapping";
        Word [] "insufficient_credits", "various", "https://openrouter.ai/docs/api-reference/errors";
        Word [] "insufficient_quota", "openai, azure, alibaba", "public code";
        Word [] "credit_balance_exhausted", "openai", "public code";
        Word [] "organization_spend_limit_exceeded", "openai", "public code";
        Word [] "project_spend_limit_exceeded", "openai", "public code";
        Word [] "organization_usage_limit_exceeded", "openai", "public code";
        Word [] "billing_not_active", "openai", "public code";
        Word [] "billing_hard_limit_reached", "openai", "public code";
        Word [] "account_deactivated", "openai", "songquanpeng/one-api monitor/manage.go";
        Word [] "access_terminated", "openai", "public code";
        Word [] "unsupported_country_region_territory", "openai", "public code";
        Begins [403] "country, region, or territory not supported", "openai, wandb, coreweave", "https://docs.wandb.ai/support/inference_geographic_restriction_403";
        Word [] "usage_limit_reached", "openai", "public code";
        Word [] "usage_not_included", "openai", "Kilo-Org/kilocode packages/opencode/src/provider/error.ts";
        Enveloped [400] "your credit balance is too low", "anthropic", "songquanpeng/one-api monitor/manage.go";
        Enveloped [400] "this organization has been disabled", "anthropic", "https://github.com/anthropics/claude-code/issues/9384";
        Enveloped [400] "you have reached your specified api usage limits", "anthropic", "public code";
        Enveloped [400] "you have reached your specified workspace api usage limits", "anthropic", "public code";
        Word [] "enforced_spend_limit_reached", "anthropic", "public code";
        Word [] "billing_error", "anthropic", "public code";
        Begins [400] "access to anthropic models is not allowed from unsupported countries", "bedrock, anthropic", "public code";
        Begins [400] "user location is not supported for the api use", "gemini", "https://github.com/google-gemini/gemini-cli/issues/24641";
        Begins [429] "your prepayment credits are depleted", "gemini", "public code";
        Begins [403] "your project has been denied access", "gemini", "public code";
        Word [] "consumer_suspended", "gemini, vertex", "public code";
        Word [] "billing_disabled", "gemini, vertex", "public code";
        Word [] "service_disabled", "gemini, vertex", "public code";
        Begins [429] "too many tokens per day", "bedrock", "public code";
        Begins [400] "access to this model is not available for channel program accounts", "bedrock", "public code";
        Begins [404] "model use case details have not been submitted", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html";
        Word [] "arrearage", "alibaba", "public code";
        Begins [400] "access denied, please make sure your account is in good standing", "alibaba", "https://help.aliyun.com/en/model-studio/error-code";
        Word [] "allocationquota.freetieronly", "alibaba", "public code";
        Word [] "accessdenied.unpurchased", "alibaba", "public code";
        Begins [402] "insufficient balance", "deepseek", "public code";
        Word [] "exceeded_current_quota_error", "moonshot", "public code";
        Begins [403] "you've reached your usage limit for this billing cycle", "moonshot", "https://www.kimi.com/code/docs/en/kimi-code/error-reference.html";
        Word [429] "1113", "zhipu, z.ai", "public code";
        Word [429] "1112", "zhipu, z.ai", "https://docs.bigmodel.cn/cn/api/api-code";
        Begins [402 500] "insufficient balance (1008)", "minimax", "public code";
        Word [0] "1008", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Word [] "insufficient_balance_error", "minimax", "public code";
        Word [] "billing_insufficient_balance", "baidu", "https://ai.baidu.com/ai-doc/AppBuilder/4m8sgh88y";
        Word [] "accountoverdueerror", "volcengine", "https://volcengine.com/docs/82379/1299023";
        Begins [403] "your newly created team", "xai", "public code";
        Begins [403] "you have run out of credits or need a grok subscription", "xai", "https://github.com/Wei-Shaw/sub2api/issues/4069";
        Begins [402] "insufficient credits", "openrouter", "public code";
        Begins [403] "key limit exceeded", "openrouter", "public code";
        Begins [404] "no endpoints available matching your guardrail restrictions", "openrouter", "https://github.com/truefoundry/models/pull/826";
        Word [] "organization_restricted", "groq", "public code";
        Begins [402] "you have exceeded your monthly included credits", "huggingface", "public code";
        Word [] "token_quota_reached", "watsonx", "public code";
        Word [403 402] "30001", "siliconflow", "public code";
        Word [] "not_enough_balance", "novita", "public code";
        Word [] "insufficient_user_quota", "new-api, one-api", "public code";
        Word [] "insufficient_credit", "zenmux", "https://docs.zenmux.ai/guide/advanced/error-codes.html";
        Word [] "blocked_api_access", "groq", "public code";
        Word [] "customer_verification_required", "vercel ai gateway", "public code";
    }
    ModelNotFound {
        Word [] "unknown_model", "mistral, github models", "public code";
        Begins [404] "model: *", "anthropic", "tests/wire/responses/anthropic_404_model.json";
        Begins [400 404] "model \\\"*\\\" not found", "ollama", "https://github.com/ollama/ollama/blob/main/server/routes.go";
        Begins [400 404] "invalid model", "mistral", "tests/wire/responses";
        Begins [400 404] "model not found", "various", "public code";
        Word [] "model_not_found", "openai and compatible", "public code";
        Begins [404] "the model `*` does not exist", "vllm", "public code";
        Word [] "deploymentnotfound", "azure", "https://github.com/chatboxai/chatbox/issues/646";
        Begins [404] "the api deployment for this resource does not exist", "azure", "https://github.com/chatboxai/chatbox/issues/646";
        Word [] "model_decommissioned", "groq", "public code";
        Word [] "model_deactivated", "groq", "openclaw/openclaw src/agents/pi-embedded-helpers/provider-error-patterns.ts";
        Word [] "invalid_model", "mistral, perplexity, baidu", "public code";
        Word [400] "1500", "mistral", "public code";
        Word [] "unavailable_model", "github models", "public code";
        Word [] "model_not_supported", "github copilot, huggingface, zenmux", "public code";
        Word [] "model_not_available_for_integrator", "github copilot", "public code";
        Word [] "unsupported_api_for_model", "github copilot", "public code";
        Begins [404] "no endpoints found for *", "openrouter", "public code";
        Begins [404] "models/* is not found for api version", "gemini", "public code";
        Begins [404 400] "publisher model `*` was not found", "vertex", "public code";
        Begins [404] "requested entity was not found", "gemini, vertex", "public code";
        Begins [404] "this model version has reached the end of its life", "bedrock", "public code";
        Begins [400] "the provided model identifier is invalid", "bedrock", "public code";
        Header [404] "resourcenotfoundexception", "bedrock", "public code";
        Word [] "model_not_available", "together", "public code";
        Begins [400 404] "unable to access non-serverless model", "together", "public code";
        Begins [400] "model not exist", "deepseek", "public code";
        Word [] "resource_not_found_error", "moonshot", "public code";
        Begins [404] "not found the model *", "moonshot", "public code";
        Word [] "modelnotfound", "alibaba", "https://help.aliyun.com/en/model-studio/error-code-start";
        Word [400] "1211", "zhipu, z.ai", "public code";
        Word [] "invalidendpointormodel.notfound", "volcengine", "https://volcengine.com/docs/82379/1299023";
        Word [] "invalidendpoint.notfound", "volcengine", "https://apifox.com/apidoc/docs-site/5437846/6107465m0";
        Word [] "invalidendpoint.closedendpoint", "volcengine", "https://volcengine.com/docs/82379/1299023";
        Word [] "modelnotopen", "volcengine", "https://volcengine.com/docs/82379/1299023";
        Begins [404] "model '*' not found", "ollama", "public code";
        Begins [503] "no available channel for model *", "new-api, one-api", "public code";
        Header [424] "modelerrorexception", "bedrock, sagemaker", "https://www.developersdigest.tech/errors/api/bedrock/424-modelerrorexception";
        Begins [404] "no matching route found. it is likely that the model specified your request is not configured", "envoy ai gateway", "public code";
    }
    Credential {
        Word [400 401 403] "unauthenticated", "gemini, vertex", "https://cloud.google.com/apis/design/errors";
        Word [400 401 403] "invalid_api_key", "openai and compatible", "public code";
        Begins [400 401] "incorrect api key provided", "openai and compatible, xai", "public code";
        Word [400 401 403] "api_key_invalid", "gemini, vertex", "public code";
        Begins [400] "api key not valid", "gemini, vertex", "public code";
        Begins [400] "api key expired", "gemini, vertex", "public code";
        Begins [400] "api key not found", "gemini", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Begins [403] "your api key was reported as leaked", "gemini", "public code";
        Word [400 401 403] "api_key_service_blocked", "gemini, vertex", "public code";
        Word [400 401 403] "api_key_ip_address_blocked", "gemini, vertex", "public code";
        Word [400 401 403] "authentication_error", "anthropic", "public code";
        Begins [401 403] "oauth token has been revoked", "anthropic", "public code";
        Begins [400 403] "this credential is only authorized for use with claude code", "anthropic", "public code";
        Begins [401] "access denied due to invalid subscription key", "azure", "https://github.com/RussellCanfield/wingman-ai-vscode-extension/issues/73";
        Header [403] "unrecognizedclientexception", "bedrock", "public code";
        Begins [403] "the security token included in the request is invalid", "bedrock", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Begins [403] "the security token included in the request is expired", "bedrock", "public code";
        Begins [403] "the request signature we calculated does not match", "bedrock", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Begins [401] "authentication fails", "deepseek", "public code";
        Begins [401] "invalid api key", "mistral", "public code";
        Word [400 401 403] "invalid_authentication_error", "moonshot", "https://platform.kimi.com/docs/api/errors";
        Word [400 401 403] "incorrect_api_key_error", "moonshot", "https://platform.kimi.com/docs/api/errors";
        Begins [401] "the api key appears to be invalid or may have expired", "moonshot", "https://www.kimi.com/code/docs/en/kimi-code/error-reference.html";
        Word [400 401 403] "invalidapikey", "alibaba", "https://help.aliyun.com/en/model-studio/error-code-start";
        Begins [401] "invalid access token or token expired", "alibaba", "https://www.alibabacloud.com/help/pt-br/model-studio/coding-plan-faq";
        Word [401] "1000", "zhipu, z.ai", "https://docs.bigmodel.cn/cn/api/api-code";
        Begins [401] "token expired or incorrect", "zhipu, z.ai", "public code";
        Word [0] "1004", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Word [0] "2049", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Begins [401] "login fail: please carry the api secret key", "minimax", "public code";
        Word [400 401 403] "invalid_iam_token", "baidu", "https://cloud.baidu.com/doc/qianfan/s/Qmh4su56e";
        Word [400 401 403] "authenticationerror", "volcengine", "https://volcengine.com/docs/82379/1299023";
        Begins [401] "user not found", "openrouter", "public code";
        Begins [401] "no cookie auth credentials found", "openrouter", "public code";
        Begins [401] "invalid username or password", "huggingface", "public code";
        Begins [401] "bad or missing api token.", "ai21", "BerriAI/litellm litellm/litellm_core_utils/exception_mapping_utils.py";
        Word [400 401 403] "token_not_found_in_db", "litellm proxy", "public code";
        Begins [401] "invalid token (request id:", "new-api, one-api", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Header [403] "invalidclienttokenid", "bedrock", "https://www.developersdigest.tech/errors/api/bedrock";
        Header [400] "incompletesignature", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html";
        Header [400] "requestexpired", "bedrock", "https://www.developersdigest.tech/errors/api/bedrock";
        Header [403] "expiredtokenexception", "bedrock", "public code";
    }
    Permission {
        Word [0] "accessdeniedexception", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html";
        Word [400 403] "permission_denied", "gemini, vertex", "https://cloud.google.com/apis/design/errors";
        Word [401 403] "access_denied", "baidu, zenmux", "https://cloud.baidu.com/doc/qianfan-docs/s/Mm8r1mejk";
        Word [401] "mismatched_organization", "openai", "public code";
        Begins [403] "request not allowed", "anthropic", "public code";
        Word [403] "api_key_http_referrer_blocked", "gemini, vertex", "public code";
        Word [403] "permission_error", "anthropic", "public code";
        Word [401 403] "missing_scope", "openai", "public code";
        Word [400] "model_terms_required", "groq", "public code";
        Header [403] "accessdeniedexception", "bedrock", "https://docs.rs/aws-sdk-bedrockruntime/latest/aws_sdk_bedrockruntime/enum.Error.html";
        Begins [403] "you don't have access to the model with the specified model id", "bedrock", "public code";
        Word [401 403] "permissiondenied", "azure", "public code";
        Begins [403] "access denied due to virtual network/firewall rules", "azure", "https://github.com/Azure-Samples/azure-sql-db-chatbot/issues/3";
        Begins [403] "a virtual network is configured for this resource", "azure", "https://github.com/continuedev/continue/issues/12547";
        Word [403] "model.accessdenied", "alibaba", "public code";
        Word [403] "accessdenied", "alibaba, volcengine", "https://help.aliyun.com/en/model-studio/error-code-start";
        Begins [401] "no permission to use the model", "baidu", "https://cloud.baidu.com/doc/qianfan/s/Qmh4su56e";
        Word [401 403] "key_model_access_denied", "litellm proxy", "public code";
        Header [400] "notauthorized", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html";
        Word [403] "model_permission_blocked_project", "groq", "public code";
        Word [403] "model_permission_blocked_org", "groq", "public code";
    }
    RateLimit {
        Word [0] "throttlingexception", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html";
        Word [0 429] "resource_exhausted", "gemini, vertex", "https://cloud.google.com/apis/design/errors";
        Word [0 429] "rate_limited", "mistral", "tests/wire/responses/mistral_429_rate.json";
        Word [0 429] "rate_limit_exceeded", "openai and compatible", "public code";
        Word [0 429] "rate_limit_error", "anthropic", "public code";
        Header [429] "throttlingexception", "bedrock", "https://docs.rs/aws-sdk-bedrockruntime/latest/aws_sdk_bedrockruntime/enum.Error.html";
        Header [400] "servicequotaexceededexception", "bedrock", "https://www.developersdigest.tech/errors/api/bedrock";
        Word [0 429] "throttling.ratequota", "alibaba", "https://help.aliyun.com/en/model-studio/error-code-start";
        Word [0 429] "throttling.allocationquota", "alibaba", "https://help.aliyun.com/en/model-studio/error-code-start";
        Word [429] "1302", "zhipu, z.ai", "public code";
        Word [429] "1303", "zhipu, z.ai", "https://docs.bigmodel.cn/cn/api/api-code";
        Word [429] "1305", "zhipu, z.ai", "https://docs.bigmodel.cn/cn/api/api-code";
        Word [0] "1002", "minimax", "https://platform.minimax.io/docs/api-reference/errorcode";
        Word [0 429] "rate_limit_total_qps", "baidu", "https://ai.baidu.com/ai-doc/AppBuilder/4m8sgh88y";
        Begins [429] "rate limit exceeded: free-models-", "openrouter", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Word [0 429] "too_many_requests", "cerebras", "public code";
        Word [0 429] "model_cooldown", "gateways", "openclaw/openclaw src/agents/pi-embedded-helpers/failover-matches.ts";
        Word [0 429] "rate_limit", "zenmux", "https://docs.zenmux.ai/guide/advanced/error-codes.html";
        Word [0 429] "request_limit_exceeded", "databricks", "public code";
    }
    Overloaded {
        Word [0] "serviceunavailableexception", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html";
        Word [0 429 500 502 503] "overloaded", "various", "public code";
        Word [0 429 500 502 503] "server_overloaded", "various", "public code";
        Word [0 429 500 502 503] "engine_overloaded", "moonshot", "public code";
        Word [0 429 500 502 503] "service_unavailable", "various", "public code";
        Word [0 429 500 502 503] "unavailable", "gemini, vertex", "https://cloud.google.com/apis/design/errors";
        Word [0 429 500 502 503 529] "overloaded_error", "anthropic, minimax", "public code";
        Word [0 429 500 502 503 529] "server_is_overloaded", "openai", "public code";
        Word [0 429 500 502 503 529] "slow_down", "openai", "public code";
        Word [0 429 500 502 503 529] "engine_overloaded_error", "moonshot", "public code";
        Word [0 429 500 502 503 529] "service_tier_capacity_exceeded", "mistral", "public code";
        Word [0 429 498 500 502 503 529] "capacity_exceeded", "groq", "https://console.groq.com/docs/flex-processing";
        Word [0 429 500 502 503 529] "queue_exceeded", "cerebras", "public code";
        Header [503] "serviceunavailableexception", "bedrock", "https://docs.rs/aws-sdk-bedrockruntime/latest/aws_sdk_bedrockruntime/enum.Error.html";
        Begins [503] "this model is currently experiencing high demand", "gemini", "lobehub/lobe-chat packages/model-runtime/src/errors/patterns.ts";
        Word [0 429 500 502 503 529] "unavailable_error", "llama.cpp", "public code";
        Begins [500] "model requires more system memory", "ollama", "public code";
    }
    Timeout {
        Word [0] "modeltimeoutexception", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html";
        Word [0] "timeout", "various", "public code";
        Word [0] "timeout_error", "anthropic", "https://docs.anthropic.com/en/api/errors";
        Word [0] "deadline_exceeded", "gemini, vertex", "https://cloud.google.com/apis/design/errors";
        Header [408] "modeltimeoutexception", "bedrock", "https://www.developersdigest.tech/errors/api/bedrock/408-modeltimeoutexception";
        Word [0] "provider_internal_server_error", "zenmux", "https://docs.zenmux.ai/guide/advanced/error-codes.html";
    }
    Server {
        Word [0] "modelstreamerrorexception", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html";
        Word [0] "internalserverexception", "bedrock", "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html";
        Word [0] "internal", "gemini, vertex", "https://cloud.google.com/apis/design/errors";
        Word [0] "internal_error", "various", "public code";
        Word [0] "internal_server_error", "various", "public code";
        Word [0] "server_error", "openai", "Kilo-Org/kilocode packages/opencode/src/provider/error.ts";
        Word [0] "api_error", "anthropic", "reported";
        Header [500] "internalserverexception", "bedrock", "https://docs.rs/aws-sdk-bedrockruntime/latest/aws_sdk_bedrockruntime/enum.Error.html";
        Header [424] "modelstreamerrorexception", "bedrock", "https://docs.rs/aws-sdk-bedrockruntime/latest/aws_sdk_bedrockruntime/enum.Error.html";
        Word [0] "no_provider_available", "zenmux", "https://docs.zenmux.ai/guide/advanced/error-codes.html";
    }
}
