#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/message.h"

namespace hansard::http {

/// How the bytes of an answer are framed.
struct Framing {
  bool http_1_0 = false;
  bool keep_alive = true;
  std::optional<std::uint64_t> length;  ///< nothing: chunked, or until the connection closes (1.0)
};

/// Status line and header fields up to and with the empty line. Control characters in values are
/// dropped: a value can never start a line of its own.
std::string response_head(const Response& response, const Framing& framing);

}  // namespace hansard::http
