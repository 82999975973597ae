#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hansard::events::audit {

/// Base64 of RFC 4648 §4, with padding.
std::string to_base64(std::string_view bytes);

/// The bytes; nothing when `text` is not exactly what `to_base64` writes (no line breaks, no spare
/// bits, padded), so that there is one text for some bytes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace hansard::events::audit
