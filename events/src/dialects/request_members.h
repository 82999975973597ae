#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/dialects/request.h"

/// What the requests of all APIs share: members of one object, some of which say what was said.
/// Private to src/dialects.
namespace hansard::events {

/// How an API calls the members that are kept apart. Empty: it has none.
struct RequestNames {
  std::string_view messages;
  std::string_view system;
  std::string_view tools;
  bool streams_unasked = false;  ///< a stream unless `stream` is false
  bool may_lack_messages = false;
};

/// Takes those members out of a body; the rest stays in `parameters`, `stream` and all that tells
/// whose call it is included. Of repeated members the first counts, so that what stays behind keeps
/// its order. Errors: invalid_argument naming the field: no object, no list of messages, a member
/// of a kind that no host takes.
core::Result<CallRequest> split_members(Json body, const RequestNames& names);
/// Puts them back.
/// @param form  what `take_form` took out of `request`
Json join_members(CallRequest request, const RequestNames& names, const Json& form);

/// What `join` must know and the members do not tell, under a key of `parameters` of our own.
/// @param form  an object; null: nothing, and then nothing is stored
void put_form(CallRequest& request, Json form);
/// Takes it out again; null where there is none.
Json take_form(CallRequest& request);

/// A text where a list of messages may stand becomes a message of the user.
/// @return whether it is one
bool text_to_message(Json& body, std::string_view key);
/// The reverse, where there is one such message.
void message_to_text(Json& body, std::string_view key);

/// The text of a member, if it is one and says something.
std::optional<std::string> text_member(const Json& object, std::string_view key);
/// Members whose values are texts.
StringMap text_members(const Json* object);
/// Whom the bodies of OpenAI and of hosts alike name: `user`, else `safety_identifier`; texts of
/// `metadata` are tags.
void read_identity(CallRequest& request);

/// Tool calls of a request that have no result yet, to bind results to.
class OpenCalls {
 public:
  struct Call {
    std::string tool_call_id;
    std::string message_id;
    std::uint32_t index = 0;
    std::string tool;
  };

  void note(std::span<const SessionStep> steps);
  /// Gives an unbound result the latest open call of its id.
  void bind(SessionStep& step);
  /// Takes out the first open call of the latest answer that has one, for results without an id.
  /// @param tool  only of this tool, if not empty
  std::optional<Call> take_next(std::string_view tool);

 private:
  std::vector<Call> open_;  ///< oldest first
};

}  // namespace hansard::events
