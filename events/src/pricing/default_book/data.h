#pragma once

#include <string_view>

/// Private to src.
namespace hansard::events::pricing {

/// The file prices.ndjson, compiled in.
std::string_view default_book_text();

}  // namespace hansard::events::pricing
