#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/dialects/apis.h"
#include "projections/history.h"

namespace hansard::projections {

/// Where the requests of an API put the system text.
enum class SystemPlace : std::uint8_t { nowhere, messages, beside };

/// What a conversation says to a model, as far as it is recorded: what a request is rebuilt from.
struct Said {
  std::vector<events::SessionEvent> window;  ///< what is sent, in order
  std::optional<std::string> system;         ///< text in force
  std::optional<events::Json> settings;      ///< `SessionConfigured::settings` in force
  std::optional<events::Json> tools;         ///< schemas in force
  /// How messages were last sent where that is not how they would be written: by their place in the
  /// list, and `system`.
  events::Json::Object forms;
};

/// What was said before anything that follows the history.
Said said_in(History history);
/// Adds an event that follows.
void say(Said& said, const events::SessionEvent& event);

/// The body of a call, from events alone. `said` is what precedes the call, its own messages
/// included, and `asked` the call. Errors: unsupported (an API that is not known).
core::Result<events::Json> rebuild_request(const Said& said,
                                           const events::ResponseRequested& asked);

/// What `ResponseRequested::extra` must hold so that `rebuild_request` gives the body that
/// `request` was split from: small where the client sends what was recorded as it would be written.
/// `said` ends with the call's own messages. `whole` tells that all had to be kept as they are.
struct RequestForm {
  events::Json extra;
  bool whole = false;
};
RequestForm request_form(const events::Api& api, const Said& said,
                         const events::CallRequest& request, SystemPlace system);

/// Both bodies of one call of a session, from its events.
struct Exchange {
  std::optional<events::Json> request;  ///< absent: nobody recorded what was sent
  std::optional<events::Json> answer;   ///< absent: it failed, or is not there yet
};
/// @param call_id, attempt  which call; errors: not_found, and those of `rebuild_request`.
core::Result<Exchange> exchange_of(const History& history, std::string_view call_id,
                                   std::uint32_t attempt = 1);

}  // namespace hansard::projections
