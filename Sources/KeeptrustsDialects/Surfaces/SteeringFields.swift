/// Fields by which proxies and vendors let a caller name an upstream, its credentials, headers or other models, or switch off
/// what watches over the caller.
///
/// An upstream may be such a proxy itself, so no request passes that has one, whatever its value. LiteLLM, OpenRouter, the
/// gateways of Vercel and Portkey and the SDKs behind them take these. `spec/anchors.md` D3, class 1.
enum SteeringFields {
    /// The places, as a ``FieldTable`` has them.
    static let all = targets + credentials + clouds + observers + tools

    /// Where a request goes, and to which model.
    private static let targets = [
        "api_base", "api_host", "api_type", "api_url", "api_version", "base_model", "base_url", "custom_host",
        "custom_llm_provider", "deployment", "deployment_id", "endpoint", "endpoint_url", "endpoints", "host", "proxy",
        "proxies", "region_name", "allowed_model_region", "server_url", "url", "target_url", "model_list", "models",
        "model_config", "model_info", "hf_model_name", "fallbacks", "fallback_models", "context_window_fallbacks",
        "context_window_fallback_dict", "content_policy_fallbacks", "default_fallbacks", "route", "router_settings",
        "providers", "provider_options", "providerOptions", "use_litellm_proxy", "user_config",
        "configurable_clientside_auth_params", "ssl_verify", "ssl_certificate", "mcp_servers", "search_tool_name",
        "extra_body", "extra_query", "default_query", "http_client", "data_sources", "kv_transfer_params", "preset",
    ]

    /// How a caller may choose among the providers behind OpenRouter; see ``RequestField/preferences``.
    ///
    /// All of it leaves fewer of those whom the operator's account there allows, or says which of them come first.
    static let preferences: [(String, RequestField)] =
        [("provider", .preferences)] + Preference.members.map { ("provider." + $0.name, .preference) }

    /// With whose credentials and in which headers.
    private static let credentials = [
        "api_key", "api_keys", "access_token", "auth", "auth_token", "authorization", "bearer_token", "credential",
        "credentials", "token", "secret", "secret_key", "secret_fields", "organization", "project", "project_id",
        "tenant_id", "client_id", "client_secret", "service_account", "service_account_json", "user_api_key",
        "headers", "extra_headers", "default_headers", "provider_specific_header", "virtual_key",
    ]

    /// Every setting of a cloud's SDK.
    private static let clouds = [
        "aws_*", "azure_*", "bedrock_*", "databricks_*", "gcs_*", "litellm_*", "oci_*", "s3_*", "sagemaker_*",
        "vertex_*", "watsonx_*",
    ]

    /// Who is told of a request, and what is answered without a model.
    private static let observers =
        [
            "callbacks", "success_callback", "failure_callback", "callback_url", "webhook", "webhook_url", "webhooks",
            "logger_fn", "no-log", "turn_off_message_logging", "proxy_server_request", "disable_global_guardrails",
            "mock_*",
        ] + exporters + exporters.map { "metadata." + $0 }

    /// Prefixes of the settings of exporters, which are taken from the metadata, too.
    private static let exporters = [
        "arize_*", "braintrust_*", "humanloop_*", "langfuse_*", "langsmith_*", "lunary_*", "posthog_*", "wandb_*",
        "weave_*", "slack_webhook_url",
    ]

    /// A tool that lies on a server of the caller's choice.
    private static let tools = [
        "tools.*.server_url", "tools.*.server_label", "tools.*.connector_id", "tools.*.authorization",
        "tools.*.headers", "tools.*.url",
    ]
}
