#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "events/conversation/place.h"
#include "events/dialects/apis.h"
#include "events/session/commands.h"
#include "projections/exchange.h"

namespace hansard::projections {

/// The request of a call, read: what it says, utterance by utterance, and what it sets beside that.
/// What records calls (the gateway, an import) compares it with the conversations that are known.
/// A value.
struct Prompt {
  const events::Api* api = nullptr;
  events::CallRequest request;
  /// Text of what is set and not said: of leading system messages, or beside the messages, and of
  /// the messages that are given.
  std::optional<std::string> system;
  SystemPlace system_place = SystemPlace::nowhere;
  std::size_t leading = 0;  ///< so many messages of the list are in `system`
  /// One utterance, or something that is said aside between two.
  struct Turn {
    std::vector<events::SessionStep> steps;
    bool aside = false;
  };
  std::vector<Turn> turns;
  events::Asked asked;  ///< history of the turns that are no asides
  /// Keyed hash, in hex: requests that ask the same have the same, streamed or not. The gateway's
  /// to fill in.
  std::string request_hash;
};

/// Reads the body of a call. Message ids are provisional until `settle`.
/// @param given  so many messages of the list come first in every call, whoever speaks (examples of
///               a named prompt): they are a setting, and no part of the conversation
/// @param shape  what becomes of each step before it is compared; empty: nothing
/// Errors: invalid_argument (not what the API takes; `field` names it).
core::Result<Prompt> read_prompt(const events::Api& api, events::Json body,
                                 const events::Digester& digester, std::size_t given = 0,
                                 const std::function<void(events::SessionStep&)>& shape = {});

/// Names what is new in the prompt, and gives what is known the names it has.
/// @param known  message ids of the utterances on record, in their order
/// @param name   begins the ids of the new ones
/// @return the steps that are new
std::vector<events::SessionStep> settle(const Prompt& prompt, const std::vector<std::string>& known,
                                        const std::string& name);

/// The events that steps lead to, as far as they say something in a conversation.
std::vector<events::SessionEvent> events_of(const std::vector<events::SessionStep>& steps);

/// The system text of a prompt as a setting, and how it is sent where that is not a plain text.
/// @pre it has one
/// @param name  begins the key of the setting
events::ConfigureSession system_setting(const Prompt& prompt, const std::string& name);

/// Messages that are sent no longer, and what stands for them.
/// @param name  begins the keys of the changes
std::vector<events::SessionStep> context_changes(const Prompt& prompt,
                                                 const events::Placement& placement,
                                                 const std::string& name);

}  // namespace hansard::projections
