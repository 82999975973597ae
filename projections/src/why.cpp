#include "projections/why.h"

#include <algorithm>

namespace hansard::projections {
namespace {

using core::Result;

const std::string* call_of(const events::SessionEvent& event) {
  if (const auto* asked = std::get_if<events::ResponseRequested>(&event)) return &asked->call_id;
  if (const auto* got = std::get_if<events::ResponseReceived>(&event)) return &got->call_id;
  if (const auto* failed = std::get_if<events::ResponseFailed>(&event)) return &failed->call_id;
  return nullptr;
}

Why::Attempt& attempt(Why& why, std::uint32_t number) {
  const auto place =
      std::find_if(why.attempts.begin(), why.attempts.end(),
                   [&](const Why::Attempt& known) { return known.number >= number; });
  if (place != why.attempts.end() && place->number == number) return *place;
  return *why.attempts.insert(place, Why::Attempt{number, {}, {}});
}

void take(Why& why, const Entry& entry) {
  if (const auto* asked = std::get_if<events::ResponseRequested>(&entry.event)) {
    attempt(why, asked->attempt).request = entry;
  } else if (const auto* failed = std::get_if<events::ResponseFailed>(&entry.event)) {
    attempt(why, failed->attempt).failure = entry;
  } else {
    why.answers.push_back(entry);
  }
}

/// The entry that the window is judged by: the last request, else the first that is known.
const Entry* decisive(const Why& why) {
  const Entry* found = nullptr;
  for (const Why::Attempt& attempt : why.attempts) {
    if (attempt.request) found = &*attempt.request;
  }
  if (found != nullptr) return found;
  if (!why.answers.empty()) return &why.answers.front();
  for (const Why::Attempt& attempt : why.attempts) {
    if (attempt.failure) return &*attempt.failure;
  }
  return nullptr;
}

const Entry* find_message(const History& history, const std::string& id) {
  for (const Entry& entry : history.entries) {
    const auto* sent = std::get_if<events::MessageSent>(&entry.event);
    const auto* answer = std::get_if<events::ResponseReceived>(&entry.event);
    if ((sent != nullptr && sent->message_id == id) ||
        (answer != nullptr && answer->message_id == id)) {
      return &entry;
    }
  }
  return nullptr;
}

void list_window(Why& why, const std::vector<std::string>& ids, const History& before,
                 const History& whole) {
  std::string missing;
  for (const std::string& id : ids) {
    const Entry* entry = find_message(before, id);
    // A recorder may tell of the request first and of its messages afterwards.
    if (entry == nullptr) entry = find_message(whole, id);
    if (entry != nullptr) {
      why.window.push_back(ContextMessage{*entry});
    } else {
      missing += (missing.empty() ? "" : ", ") + id;
    }
  }
  if (!missing.empty()) {
    why.unknown.push_back({"messages", "named by the request, but not in the record: " + missing});
  }
}

void note_unknown(Why& why) {
  const auto note = [&](const char* what, const char* reason) {
    why.unknown.push_back({what, reason});
  };
  const events::ResponseRequested* request = why.request();
  if (request == nullptr) {
    note("request",
         "no request was recorded for this call: parameters, prompt, variant, policies "
         "and tools sent are not known");
    note("window", "inferred: what had been recorded before the answer");
  } else {
    if (why.source == Why::Source::inferred) {
      note("window",
           "the request does not say what was sent; inferred: what had been recorded "
           "before it");
    }
    const Entry* entry = decisive(why);
    if (entry->info.erased) {
      note("parameters", "erased");
    } else if (!request->parameters) {
      note("parameters", "the request does not say");
    }
    if (request->tools_hash && request->tools_hash != why.config.tools_hash) {
      note("tools",
           "the request was sent other tools than the session's settings hold; only their "
           "hash is recorded");
    }
  }
  if (why.answers.empty()) {
    note("answer", "none was recorded");
    return;
  }
  const auto& answer = std::get<events::ResponseReceived>(why.answers.front().event);
  if (!answer.usage) note("usage", "the source does not say");
  if (!answer.model && (request == nullptr || !request->model)) {
    note("model", "the source does not say");
  }
  const bool erased = std::any_of(why.window.begin(), why.window.end(),
                                  [](const auto& message) { return message.entry.info.erased; });
  if (erased) note("content", "some messages of the window were erased");
}

/// Fills window and settings from the stream that recorded the call.
core::Status find_window(Why& why, const SessionReader& reader, const core::StreamId& stream,
                         const History& whole) {
  const Entry* entry = decisive(why);
  const events::ResponseRequested* request = why.request();
  std::optional<core::Version> up_to;
  if (entry->info.version.value > 0) up_to = core::Version{entry->info.version.value - 1};
  const events::Window* said = request != nullptr && request->window ? &*request->window : nullptr;
  if (said != nullptr && !said->message_ids.empty()) {
    why.source = Why::Source::recorded;
  } else if (said != nullptr && said->at_version) {
    const auto named =
        reader.history(why.project, stream, AsOf::at(core::Version{*said->at_version}));
    if (named) {
      why.source = Why::Source::by_version;
      up_to = core::Version{*said->at_version};
    } else if (named.error().code != core::Errc::not_found) {
      return named.error();
    }
  }
  why.up_to = up_to;
  if (!up_to) return core::Ok{};
  auto before = reader.history(why.project, stream, AsOf::at(*up_to));
  if (!before) return before.error();
  for (const Entry& past : before->entries) {
    if (std::holds_alternative<events::ContextOptimized>(past.event)) {
      why.optimisations.push_back(past);
    }
  }
  if (why.source == Why::Source::recorded) list_window(why, said->message_ids, *before, whole);
  ContextWindow window = window_after(*std::move(before));
  why.config = std::move(window.config);
  if (why.source != Why::Source::recorded) why.window = std::move(window.messages);
  return core::Ok{};
}

}  // namespace

const events::ResponseRequested* Why::request() const {
  const events::ResponseRequested* last = nullptr;
  for (const Attempt& attempt : attempts) {
    if (attempt.request) last = &std::get<events::ResponseRequested>(attempt.request->event);
  }
  return last;
}

std::string_view to_word(Why::Source source) {
  switch (source) {
    case Why::Source::recorded:
      return "recorded";
    case Why::Source::by_version:
      return "by_version";
    case Why::Source::inferred:
      return "inferred";
  }
  return "inferred";
}

Result<Why> explain_call(const SessionReader& reader, const core::ProjectId& project,
                         const core::StreamId& session, const std::string& call_id) {
  auto whole = reader.history(project, session, AsOf::head());
  if (!whole) return whole.error();
  Why why;
  why.project = project;
  why.stream = session;
  why.call_id = call_id;
  // A fork may have asked again under an id that it inherited: its own events then are the call.
  const auto of_call = [&](const Entry& entry) {
    const std::string* id = call_of(entry.event);
    return id != nullptr && *id == call_id;
  };
  for (const Entry& entry : whole->entries) {
    if (of_call(entry)) why.recorded_in = entry.info.inherited_from;
  }
  for (const Entry& entry : whole->entries) {
    if (of_call(entry) && entry.info.inherited_from == why.recorded_in) take(why, entry);
  }
  if (decisive(why) == nullptr) {
    return core::Error{core::Errc::not_found, "call: this session has no call '" + call_id + "'",
                       "call"};
  }
  core::StreamId stream = session;
  if (why.recorded_in) {
    auto ancestor = core::StreamId::make("session", *why.recorded_in);
    if (!ancestor) return ancestor.error();
    stream = *std::move(ancestor);
  }
  if (auto found = find_window(why, reader, stream, *whole); !found) return found.error();
  note_unknown(why);
  return why;
}

Result<std::string> call_of_message(const SessionReader& reader, const core::ProjectId& project,
                                    const core::StreamId& session, const std::string& message_id) {
  const auto whole = reader.history(project, session, AsOf::head());
  if (!whole) return whole.error();
  const Entry* entry = find_message(*whole, message_id);
  const std::string* call = entry == nullptr ? nullptr : call_of(entry->event);
  if (call != nullptr) return *call;
  return core::Error{core::Errc::not_found,
                     "message: this session has no answer '" + message_id + "'", "message"};
}

}  // namespace hansard::projections
