#pragma once

#include <string_view>

namespace hansard::events {

/// That `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

}  // namespace hansard::events
