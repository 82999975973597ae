#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "workload.h"

namespace hansard::bench {

/// Messages of one session before the next begins.
inline constexpr std::size_t kSessionMessages = 50;

using Requests = std::vector<std::string>;

/// `POST /v1/sessions` of a session called `name`.
std::string create_session(const std::string& name);
/// A user's message of about 1 KB (facts and content together), as a typed command.
std::string send_message(const std::string& session, std::size_t number, TextSource& text);

/// Writing, for one connection each: first the sessions that must be there, then the messages into
/// them, `kSessionMessages` each. `prefix` keeps one round's sessions apart from another's.
struct Writing {
  std::vector<Requests> sessions;
  std::vector<Requests> messages;
};
Writing make_writing(const std::string& prefix, std::size_t connections, std::size_t messages_each,
                     std::uint64_t seed);

/// What fills a session with `kSessionMessages` messages, half of them answers with usage.
Requests fill_session(const std::string& name, TextSource& text);

}  // namespace hansard::bench
