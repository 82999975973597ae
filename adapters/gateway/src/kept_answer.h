#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_provider.h"
#include "events/dialects/apis.h"
#include "gateway/ports.h"

namespace hansard::gateway {

/// A whole answer that was given once and can be given again.
struct KeptAnswer {
  const events::Api* api = nullptr;  ///< whose answer it is
  std::string body;                  ///< JSON, as without streaming
  events::Json track;                ///< of `AnswerDialect::write_stream`; null: it was no stream
  std::optional<std::uint64_t> latency_us;

  /// Memory it takes, about.
  [[nodiscard]] std::size_t bytes() const { return body.size() + sizeof(KeptAnswer); }
};

/// Bytes of an answer, and when they came: microseconds after the request.
struct TimedBytes {
  std::uint64_t at_us = 0;
  std::string bytes;
};

/// How an answer looks to who asked for it.
struct AnswerForm {
  bool streams = false;
  bool usage = true;  ///< of a stream: with the frame of usage alone, where the API has one
};
/// What a request asks for. @param body  as it goes out
AnswerForm form_of(const events::Api& api, bool streams, const std::string& body);

/// Never empty. Errors: corruption (the body is no JSON).
core::Result<std::vector<TimedBytes>> written(const KeptAnswer& answer, const AnswerForm& form);
/// @param from  what it is served from, for who wonders: `cache`, `playback`
core::ProviderHead kept_head(const events::Api& api, const AnswerForm& form, std::string_view from);

/// As `Ports` has them.
struct Pace {
  decltype(Ports::now) now;
  decltype(Ports::after) after;
};
/// Gives bytes that are at hand as a provider would.
/// @param pace  each when its time has come; nothing: at once
std::unique_ptr<core::ProviderExchange> give(std::vector<TimedBytes> pieces,
                                             std::optional<Pace> pace = {});

}  // namespace hansard::gateway
