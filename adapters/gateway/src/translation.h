#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/model_provider.h"
#include "events/dialects/apis.h"
#include "kept_answer.h"

namespace hansard::gateway {

/// Whether a provider that speaks `dialect` (`openai`, `anthropic`, `ollama`) understands a call of
/// this API as it is.
bool speaks(std::string_view dialect, const events::Api& api);

/// One call, told to a provider in another dialect, and its answer told back to the client in the
/// client's own. The provider is asked for a whole answer, also where the client wants a stream: it
/// gets one, written from the answer, once that is there. Immutable.
class Translation {
 public:
  /// @param call     as the client made it; only a POST of `api` can be translated
  /// @param dialect  of the provider
  /// @param name     for what the provider's answer names otherwise; unique
  /// Errors: unsupported (no way to say it there), invalid_argument (what the client sent cannot be
  /// read).
  static core::Result<Translation> make(core::ProviderCall call, const events::Api& api,
                                        std::string_view dialect, std::string name);

  /// What goes to the provider, without the client's keys where `call` was without.
  [[nodiscard]] const core::ProviderCall& call() const { return call_; }

  [[nodiscard]] const events::Api& provider_api() const { return *to_; }

  struct Answer {
    core::ProviderHead head;
    std::unique_ptr<core::ProviderExchange> body;
  };
  /// @param body  all of it
  /// Errors: unavailable with the field `protocol` (the answer is none of that API).
  [[nodiscard]] core::Result<Answer> answer(const core::ProviderHead& head,
                                            const std::string& body) const;

 private:
  Translation(const events::Api& from, const events::Api& to) : from_(&from), to_(&to) {}

  [[nodiscard]] Answer refusal(const core::ProviderHead& head, const std::string& body) const;

  const events::Api* from_;  ///< the client's
  const events::Api* to_;    ///< the provider's
  core::ProviderCall call_;
  AnswerForm form_;  ///< in which the client wants it
  std::string name_;
};

}  // namespace hansard::gateway
