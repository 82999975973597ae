#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "events/dialects/answer.h"
#include "events/dialects/provider_error.h"
#include "events/dialects/request.h"

/// The HTTP APIs of models that we know, in one table.
namespace hansard::events {

/// One API: how it is recognised, and how its requests and answers are read.
struct Api {
  /// How a streamed answer is cut.
  enum class Stream : std::uint8_t { none, sse, lines };

  std::string_view name;  ///< that of its RequestDialect
  std::string_view path;  ///< a POST whose path ends with this
  const RequestDialect& requests;
  const AnswerDialect& answers;
  ProviderError (*read_error)(int status, const Json& body);
  Stream stream = Stream::none;
  /// What the last frame of a stream may begin with, where that can be told from its first bytes.
  /// Empty: any may be the last.
  std::span<const std::string_view> last_frames = {};
  /// Usage comes only to who asks for it (`stream_options.include_usage`).
  bool usage_on_request = false;
};

std::span<const Api> apis();
/// The API that a POST to `path` (without its query) is a call of, or null.
const Api* api_at(std::string_view path);
/// By the name of its dialect, or null.
const Api* api_named(std::string_view name);
/// For calls of none of these, and for bodies that cannot be read: it keeps them as they are.
const Api& other_api();

/// What an answer that is not whole says nevertheless goes into `failure`: parts, model and usage.
/// Nothing where it cannot be read.
void keep_partial(const Api& api, const Json& body, const AnswerIds& ids, FailResponse& failure);

}  // namespace hansard::events
