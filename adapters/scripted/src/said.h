#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/dialects/apis.h"

namespace hansard::scripted {

/// What was said so far, as far as a script cares.
struct Said {
  std::string last;         ///< by a user or a tool
  std::uint64_t words = 0;  ///< of everything
};

/// Reads the messages of a call. Errors: invalid_argument, as of the dialect.
core::Result<Said> said_in(const events::Api& api, const events::CallRequest& request);

/// `text` cut before each word: what a stream says at a time, and what a token is here.
std::vector<std::string_view> words(std::string_view text);
std::uint64_t count(std::string_view text);  ///< of words

}  // namespace hansard::scripted
