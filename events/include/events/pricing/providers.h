#pragma once

#include <string_view>

namespace hansard::events::pricing {

/// One name per provider: conventions of telemetry, SDKs and catalogues differ (`gcp.gemini`,
/// `google`; `aws.bedrock`, `bedrock_converse`; `openai.responses`). A name that is in no
/// convention is its own. The result lives as long as `name`, or for ever.
std::string_view canonical_provider(std::string_view name);

}  // namespace hansard::events::pricing
