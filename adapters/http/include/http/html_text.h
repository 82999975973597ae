#pragma once

#include <string>
#include <string_view>

namespace hansard::http {

/// Text of others as HTML text or an attribute in double quotes.
std::string escaped(std::string_view text);

}  // namespace hansard::http
