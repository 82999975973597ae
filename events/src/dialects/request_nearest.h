#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/request_media.h"
#include "events/session/commands.h"
#include "events/session/facts.h"

/// A window in the form of one API, whatever API its events came from. Private to src/dialects.
///
/// Readers mark what only their own dialect understands with `extra.dialect` (`mark_own`). So an
/// event is in the form of an API if it has the mark of that API, or none and nothing but plain
/// texts and calls; every other event is brought to the nearest form.
namespace hansard::events {

/// What an API can take.
struct RequestForm {
  std::span<const std::string_view> dialects;  ///< in `extra` of events that are its own
  std::string_view call_characters;  ///< beside letters and digits in a tool_call_id; empty: any
  std::size_t call_bytes_max = 0;    ///< of a tool_call_id; 0: any
  bool unique_calls = false;         ///< a tool_call_id counts once in a request
  bool developers = false;           ///< it knows the role; otherwise they speak as the system
  bool results_in_messages = false;  ///< a message may have tool results among its parts
  bool object_arguments = false;     ///< of tools; otherwise texts
  /// The part for it, in our form of theirs; nothing where it cannot be said.
  std::optional<Part> (*media)(const Media& media) = nullptr;
  /// A part of a tool's output, likewise; null: outputs are texts.
  std::optional<Json> (*result_media)(const Media& media) = nullptr;
  std::string_view result_text;  ///< type of texts in such an output
};

/// Marks what a reader makes of the messages of one request, in order, as its dialect's where
/// others could take it for something else, or could not take it at all.
class OwnMarks {
 public:
  /// @param form  outlives this
  explicit OwnMarks(const RequestForm& form) : form_(form) {}
  void mark(std::vector<SessionStep>& steps);

 private:
  const RequestForm& form_;
  std::set<std::string, std::less<>> calls_;
};

/// Every event of the window in the form of this API: of calls the names, of arguments, roles and
/// media the form; thinking and tools of other providers are left out, and messages that say
/// nothing then. Nothing if every event has that form already.
std::optional<std::vector<SessionEvent>> nearest(std::span<const SessionEvent> window,
                                                 const RequestForm& form);

}  // namespace hansard::events
