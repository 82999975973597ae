#include "chat_pieces.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "chat_stream.h"
#include "dialects/frames.h"
#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

// Kinds of things, in the order in which they come at one time. Texts of one kind that came
// together go out together: some hosts say the same thought in two ways.
constexpr std::size_t kThought = 0;
constexpr std::size_t kSaid = 1;
constexpr std::size_t kAudio = 2;
constexpr std::size_t kFunctionCall = 3;
constexpr std::size_t kToolCalls = 4;

const Json::Array* filled_list(const Json* value) {
  const Json::Array* list = value == nullptr ? nullptr : value->if_array();
  return list == nullptr || list->empty() ? nullptr : list;
}

const Json* object_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value == nullptr || !value->is_object() ? nullptr : value;
}

std::string one(char what) { return std::string(1, what); }

/// The call with `text` in the place of its arguments, or only these.
Json call_with(const Json& call, CallText key, std::string_view text, bool whole) {
  Json function(Json::Object{});
  if (const Json* known = object_at(call, key.around); whole && known != nullptr) {
    function = *known;
  }
  set_member(function, key.key, Json(text));
  Json made(Json::Object{});
  if (whole) made = call;
  set_member(made, key.around, std::move(function));
  return made;
}

}  // namespace

Deltas ChatPieces::deltas_of(const std::string& name, std::size_t bytes, bool starts) const {
  const Json* given = track_.find(std::to_string(choice_) + name);
  Deltas deltas = NumberReader(text_of(given, "")).deltas(start_ms_);
  if (deltas.empty() && (bytes > 0 || starts)) deltas.push_back({start_ms_, bytes});
  return deltas;
}

ChatPieces::Piece& ChatPieces::piece(std::uint64_t at_ms, std::size_t kind, std::size_t slot) {
  return pieces_[Place{at_ms, choice_, kind, slot}];
}

/// Calls `put(piece, text, first)` for each delta that brings something, and for the first.
template <class F>
void ChatPieces::cut_text(const std::string& name, std::string_view text, std::size_t kind,
                          const F& put) {
  const bool starts = kind >= kFunctionCall;
  const Deltas deltas = deltas_of(name, text.size(), starts);
  const auto ends = cut(text, deltas);
  std::size_t from = 0;
  std::size_t slot = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    slot = i > 0 && deltas[i].at_ms == deltas[i - 1].at_ms ? slot + 1 : 0;
    const auto brought = text.substr(from, ends[i] - from);
    from = ends[i];
    if (brought.empty() && !(starts && i == 0)) continue;
    put(piece(deltas[i].at_ms, kind, slot), brought, i == 0);
  }
}

void ChatPieces::add(const Json& choice, std::size_t position) {
  choice_ = position;
  if (const Json* message = object_at(choice, "message")) {
    texts(*message);
    details(*message);
    if (const auto* list = filled_list(message->find("content"))) parts(*list);
    if (const Json* call = object_at(*message, "function_call")) function_call(*call);
    if (const auto* list = filled_list(message->find("tool_calls"))) tool_calls(*list);
  }
  if (const Json* given = object_at(choice, "logprobs")) logprobs(*given);
}

void ChatPieces::texts(const Json& message) {
  for (const ChatText& each : kChatTexts) {
    const bool said = each.key == "content" || each.key == "refusal";
    cut_text(one(each.what), text_of(message.find(each.key), ""), said ? kSaid : kThought,
             [&](Piece& piece, std::string_view text, bool) {
               piece.delta.add(std::string(each.key), text);
             });
  }
  const Json* audio = object_at(message, "audio");
  for (const ChatText& each : kAudioTexts) {
    cut_text(one(each.what), text_of(member(audio, each.key), ""), kAudio,
             [&](Piece& piece, std::string_view text, bool) {
               if (piece.delta.find("audio") == nullptr) piece.delta.add("audio", Json::Object{});
               piece.delta.find("audio")->add(std::string(each.key), text);
             });
  }
}

void ChatPieces::details(const Json& message) {
  const Json* details = message.find("reasoning_details");
  if (details == nullptr || !details_are_named(*details)) return;
  const Json::Array& list = *details->if_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto key = detail_key(list[i]);
    cut_text("d" + std::to_string(i), text_of(list[i].find(key), ""), kThought,
             [&](Piece& piece, std::string_view text, bool) {
               Json detail;
               for (const auto* name : {"type", "index"}) {
                 if (const Json* value = list[i].find(name)) detail.add(name, *value);
               }
               detail.add(std::string(key), text);
               if (piece.delta.find("reasoning_details") == nullptr) {
                 piece.delta.add("reasoning_details", Json::Array{});
               }
               piece.delta.find("reasoning_details")->push(std::move(detail));
             });
  }
}

void ChatPieces::parts(const Json::Array& list) {
  std::size_t slot = 0;
  std::uint64_t now_ms = start_ms_;
  Json::Array* last = nullptr;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string* whole = open_text(list[i]);
    const std::string_view text = whole == nullptr ? std::string_view() : *whole;
    Deltas deltas = deltas_of("p" + std::to_string(i), text.size(), true);
    if (whole == nullptr) deltas.resize(1);
    const auto ends = cut(text, deltas);
    std::size_t from = 0;
    for (std::size_t d = 0; d < deltas.size(); ++d) {
      Json part = list[i];
      if (whole != nullptr) *open_text(part) = std::string(text.substr(from, ends[d] - from));
      if (d > 0 && ends[d] == from) continue;
      from = ends[d];
      now_ms = std::max(now_ms, deltas[d].at_ms);
      // A part of its own, although a delta would be added to the one before: both in one delta.
      if (d == 0 && i > 0 && last != nullptr && continues(list[i - 1], list[i])) {
        last->push_back(std::move(part));
        continue;
      }
      Json& delta = piece(now_ms, kSaid, slot++).delta;
      delta.add("content", Json::Array{});
      last = delta.find("content")->if_array();
      last->push_back(std::move(part));
    }
  }
}

void ChatPieces::function_call(const Json& call) {
  const Json around(Json::Object{{"function", call}});
  const Json* arguments = call.find("arguments");
  if (arguments == nullptr || !arguments->is_string()) {
    piece(deltas_of("g", 0, true).front().at_ms, kFunctionCall, 0).delta.add("function_call", call);
    return;
  }
  cut_text("g", *arguments->if_string(), kFunctionCall,
           [&](Piece& piece, std::string_view text, bool first) {
             Json made = call_with(around, {"function", "arguments"}, text, first);
             piece.delta.add("function_call", std::move(*made.find("function")));
           });
}

void ChatPieces::tool_calls(const Json::Array& calls) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string name = "a" + std::to_string(i);
    const auto put = [&](Piece& piece, Json call) {
      if (call.is_object()) {
        drop_member(call, "index");
        call.if_object()->insert(call.if_object()->begin(), {"index", i});
      }
      piece.delta.add("tool_calls", Json::Array{std::move(call)});
    };
    const CallText key = call_text(calls[i]);
    const Json* function = object_at(calls[i], key.around);
    const Json* text = member(function, key.key);
    if (text == nullptr || !text->is_string()) {
      put(piece(deltas_of(name, 0, true).front().at_ms, kToolCalls + i, 0), calls[i]);
      continue;
    }
    cut_text(name, *text->if_string(), kToolCalls + i,
             [&](Piece& piece, std::string_view brought, bool first) {
               put(piece, call_with(calls[i], key, brought, first));
             });
  }
}

void ChatPieces::logprobs(const Json& given) {
  for (const ChatText& each : kLogprobs) {
    const auto* list = filled_list(given.find(each.key));
    if (list == nullptr) continue;
    const Deltas deltas = deltas_of(one(each.what), list->size(), false);
    auto from = list->begin();
    std::size_t slot = 0;
    for (std::size_t i = 0; i < deltas.size(); ++i) {
      slot = i > 0 && deltas[i].at_ms == deltas[i - 1].at_ms ? slot + 1 : 0;
      const auto left = static_cast<std::size_t>(list->end() - from);
      const bool last = i + 1 == deltas.size();
      const std::size_t count = last ? left : std::min(deltas[i].bytes, left);
      if (count == 0) continue;
      const auto end = from + static_cast<std::ptrdiff_t>(count);
      Json& logprobs = piece(deltas[i].at_ms, kSaid, slot).logprobs;
      logprobs.add(std::string(each.key), Json::Array(from, end));
      from = end;
    }
  }
}

Json ChatPieces::first_delta(const Json& message, Json& late) {
  Json first(Json::Object{});
  for (const auto& [key, value] : *message.if_object()) {
    const auto* text = value.if_string();
    const bool texts =
        std::any_of(kChatTexts.begin(), kChatTexts.end(),
                    [&, &name = key](const ChatText& each) { return each.key == name; });
    const bool filled = filled_list(&value) != nullptr;
    if (texts && text != nullptr) {
      if (key == "content" || text->empty()) first.add(key, "");
    } else if ((key == "content" || key == "tool_calls") && filled) {
      continue;
    } else if (key == "function_call" && value.is_object()) {
      continue;
    } else if (key == "audio" && value.is_object()) {
      Json audio = value;
      for (const ChatText& each : kAudioTexts) {
        Json* known = audio.find(each.key);
        if (known != nullptr && known->is_string()) *known = Json("");
      }
      first.add(key, std::move(audio));
    } else if (key == "reasoning_details" && filled && details_are_named(value)) {
      Json details = value;
      for (Json& each : *details.if_array()) {
        Json* known = each.find(detail_key(each));
        if (known != nullptr && known->is_string()) *known = Json("");
      }
      first.add(key, std::move(details));
    } else if (filled || value.is_object()) {
      late.add(key, value);
    } else {
      first.add(key, value);
    }
  }
  return first;
}

Json ChatPieces::first_logprobs(const Json& logprobs) {
  Json first = logprobs;
  for (const ChatText& each : kLogprobs) {
    Json* known = first.find(each.key);
    if (known != nullptr && known->is_array()) *known = Json(Json::Array{});
  }
  return first;
}

}  // namespace hansard::events::openai
