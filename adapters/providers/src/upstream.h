#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base_url.h"
#include "core/model_provider.h"
#include "core/result.h"
#include "providers/settings.h"
#include "tls/context.h"

namespace hansard::providers {

/// One provider's settings, checked and ready to use. Immutable.
struct Upstream {
  std::string name;
  BaseUrl url;
  ProviderSettings settings;
  std::vector<core::HttpField> fields;  ///< to add: the configured ones, and the key
  bool key_configured = false;
  std::string key_missing;  ///< the environment variable that should hold the key and does not
  std::shared_ptr<const hansard::tls::Context> tls;  ///< none for http

  /// Whether connections made for `other` may carry calls of this one.
  [[nodiscard]] bool same_connections(const Upstream& other) const;
};

/// By file of authorities and whether to verify. The system's alone are 30 ms and a megabyte to
/// read, so that providers share them.
using TlsContexts = std::map<std::pair<std::string, bool>, std::shared_ptr<const tls::Context>>;

/// Reads the key's environment variable, and the certificates unless `contexts` has them.
/// Errors: invalid_argument with the path of the setting.
core::Result<std::shared_ptr<const Upstream>> compile(const std::string& name,
                                                      const ProviderSettings& settings,
                                                      TlsContexts& contexts);

/// Request line and head fields of `call`, as they go out.
/// Errors: invalid_argument (a method, target or field that HTTP cannot carry), unauthenticated
/// (the configured key is missing and the call brings none).
core::Result<std::string> request_head(const Upstream& upstream, const core::ProviderCall& call);

/// Fields that say how one connection is used, and never travel on.
bool belongs_to_connection(std::string_view lower_name);

std::string lower_case(std::string_view text);

/// Whether `name` is listed in the value of a `Connection` field. Both in lower case.
bool lists_token(std::string_view value, std::string_view name);

}  // namespace hansard::providers
