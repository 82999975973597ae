#include "chat_choice.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "chat_stream.h"
#include "dialects/frames.h"
#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

bool is_empty(const Json& value) {
  if (value.is_null()) return true;
  if (const auto* text = value.if_string()) return text->empty();
  if (const auto* list = value.if_array()) return list->empty();
  return false;
}

std::optional<std::uint64_t> index_of(const Json& object) {
  const Json* index = object.find("index");
  if (index == nullptr) return std::nullopt;
  const auto read = index->as_uint("index");
  return read ? std::optional<std::uint64_t>(*read) : std::nullopt;
}

/// The text that `object` keeps under `key`; made where there is none.
std::string& text_member(Json& object, std::string_view key) {
  Json* value = object.find(key);
  if (value == nullptr || !value->is_string()) set_member(object, key, Json(""));
  return *object.find(key)->if_string();
}

Json::Array& list_member(Json& object, std::string_view key) {
  Json* value = object.find(key);
  if (value == nullptr || !value->is_array()) set_member(object, key, Json(Json::Array{}));
  return *object.find(key)->if_array();
}

char what_is(std::string_view key) {
  for (const ChatText& each : kChatTexts) {
    if (each.key == key) return each.what;
  }
  return 0;
}

}  // namespace

void overlay(Json& object, std::string_view key, Json value) {
  Json* known = object.find(key);
  if (known == nullptr) {
    object.add(std::string(key), std::move(value));
  } else if (known->is_object() && value.is_object()) {
    for (auto& each : *value.if_object()) overlay(*known, each.key, std::move(each.value));
  } else if (!is_empty(value) || (known->is_null() && !value.is_null())) {
    *known = std::move(value);
  }
}

bool ChatChoice::add(Json choice, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  if (!message_.is_object()) message_ = Json(Json::Object{});
  if (!rest_.is_object()) rest_ = Json(Json::Object{});
  Json* delta = choice.find("delta");
  // A host that does not stream after all sends the message.
  if (delta == nullptr || delta->is_null()) delta = choice.find("message");
  const bool said = delta != nullptr && delta->is_object() && add_delta(*delta);
  for (auto& each : *choice.if_object()) {
    if (each.key == "delta" || each.key == "message") continue;
    if (each.key == "logprobs") {
      add_logprobs(std::move(each.value));
    } else {
      overlay(rest_, each.key, std::move(each.value));
    }
  }
  return said;
}

bool ChatChoice::ended() const { return !text_of(rest_.find("finish_reason"), "").empty(); }

bool ChatChoice::add_delta(Json& delta) {
  bool said = false;
  for (auto& [key, value] : *delta.if_object()) {
    if (key == "content") {
      said = add_content(std::move(value)) || said;
    } else if (const char what = what_is(key); what != 0 && value.is_string()) {
      said = add_text(key, *value.if_string(), what) || said;
    } else if (key == "tool_calls" && value.is_array()) {
      said = add_calls(std::move(*value.if_array())) || said;
    } else if (key == "function_call" && value.is_object()) {
      said = add_function_call(value) || said;
    } else if (key == "audio" && value.is_object()) {
      said = add_audio(std::move(value)) || said;
    } else if (key == "reasoning_details" && value.is_array()) {
      said = add_details(std::move(*value.if_array())) || said;
    } else if (value.is_array()) {
      add_list(key, std::move(*value.if_array()));
    } else {
      overlay(message_, key, std::move(value));
    }
  }
  return said;
}

bool ChatChoice::add_text(std::string_view key, const std::string& text, char what) {
  text_member(message_, key).append(text);
  if (text.empty()) return false;
  texts_[std::string(1, what)].push_back({now_ms_, text.size()});
  return true;
}

bool ChatChoice::add_content(Json value) {
  Json* known = message_.find("content");
  if (const auto* text = value.if_string()) {
    if (known == nullptr || !known->is_array()) return add_text("content", *text, 'c');
    if (text->empty()) return false;
    Json part;
    part.add("type", "text").add("text", std::move(value));
    return add_parts({std::move(part)});
  }
  if (value.is_array()) return add_parts(std::move(*value.if_array()));
  overlay(message_, "content", std::move(value));
  return false;
}

bool ChatChoice::add_parts(Json::Array parts) {
  // What had come as plain text is the first part.
  const std::string before(text_of(message_.find("content"), ""));
  Json::Array& list = list_member(message_, "content");
  if (!before.empty()) {
    Json part;
    part.add("type", "text").add("text", before);
    list.push_back(std::move(part));
    texts_["p0"] = std::exchange(texts_["c"], {});
  }
  texts_.erase("c");
  bool first = true;
  for (Json& part : parts) {
    const std::string* text = open_text(part);
    const std::size_t bytes = text == nullptr ? 0 : text->size();
    // Parts of one delta are several.
    if (std::exchange(first, false) && !list.empty() && continues(list.back(), part)) {
      open_text(list.back())->append(*text);
      if (bytes == 0) continue;
    } else {
      list.push_back(std::move(part));
    }
    texts_["p" + std::to_string(list.size() - 1)].push_back({now_ms_, bytes});
  }
  return !parts.empty();
}

ChatChoice::Call& ChatChoice::call_of(const Json& fragment) {
  const auto index = index_of(fragment);
  const auto id = text_of(fragment.find("id"), "");
  const auto text = call_text(fragment);
  const bool named = !text_of(member(fragment.find(text.around), "name"), "").empty();
  auto found = calls_.rend();
  if (index) {
    found = std::find_if(calls_.rbegin(), calls_.rend(),
                         [&](const Call& each) { return each.index == *index; });
    const auto known = found == calls_.rend() ? "" : text_of(found->json.find("id"), "");
    // Some hosts give all calls the same index; others an id to every fragment, but no name.
    if (named && !id.empty() && !known.empty() && known != id) found = calls_.rend();
  } else if (!id.empty()) {
    found = std::find_if(calls_.rbegin(), calls_.rend(),
                         [&](const Call& each) { return text_of(each.json.find("id"), "") == id; });
  } else if (!named && fragment.is_object()) {
    found = calls_.rbegin();
  }
  if (found != calls_.rend()) return *found;
  std::uint64_t next = 0;
  for (const Call& each : calls_) next = std::max(next, each.index + 1);
  calls_.push_back({index.value_or(next), Json(), {}});
  return calls_.back();
}

bool ChatChoice::add_calls(Json::Array fragments) {
  if (fragments.empty()) list_member(message_, "tool_calls");
  bool said = false;
  for (Json& fragment : fragments) {
    Call& call = call_of(fragment);
    said = true;
    if (!fragment.is_object()) {
      call.json = std::move(fragment);
      call.deltas.push_back({now_ms_, 0});
      continue;
    }
    const bool starts = call.json.is_null();
    if (!call.json.is_object()) call.json = Json(Json::Object{});
    if (starts) call.deltas.push_back({now_ms_, 0});
    const CallText text = call_text(fragment);
    for (auto& each : *fragment.if_object()) {
      if (each.key == "index") continue;
      Json* known = call.json.find(each.key);
      if (each.key == text.around && each.value.is_object()) {
        if (known == nullptr || !known->is_object()) {
          set_member(call.json, each.key, Json(Json::Object{}));
          known = call.json.find(each.key);
        }
        add_function(each.value, *known, text.key, call.deltas);
      } else {
        overlay(call.json, each.key, std::move(each.value));
      }
    }
  }
  return said;
}

/// `deltas` has its start. @return whether there was text.
bool ChatChoice::add_function(Json& function, Json& to, std::string_view key,
                              Deltas& deltas) const {
  bool said = false;
  for (auto& each : *function.if_object()) {
    const auto* text = each.value.if_string();
    if (each.key != key || text == nullptr) {
      overlay(to, each.key, std::move(each.value));
      continue;
    }
    const Json* known = to.find(key);
    const bool starts = known == nullptr;
    text_member(to, key).append(*text);
    if (text->empty()) continue;
    said = true;
    if (starts && deltas.size() == 1 && deltas.back().at_ms == now_ms_) {
      deltas.back().bytes = text->size();
    } else {
      deltas.push_back({now_ms_, text->size()});
    }
  }
  return said;
}

bool ChatChoice::add_function_call(Json& function) {
  Deltas& deltas = texts_["g"];
  Json* known = message_.find("function_call");
  if (known == nullptr || !known->is_object()) {
    set_member(message_, "function_call", Json(Json::Object{}));
    known = message_.find("function_call");
    deltas = {{now_ms_, 0}};
  }
  add_function(function, *known, "arguments", deltas);
  return true;
}

bool ChatChoice::add_audio(Json value) {
  Json* known = message_.find("audio");
  if (known == nullptr || !known->is_object()) {
    set_member(message_, "audio", Json(Json::Object{}));
    known = message_.find("audio");
  }
  bool said = false;
  for (auto& each : *value.if_object()) {
    const auto* text = each.value.if_string();
    const auto* channel =
        std::find_if(kAudioTexts.begin(), kAudioTexts.end(),
                     [&](const ChatText& audio) { return audio.key == each.key; });
    if (channel == kAudioTexts.end() || text == nullptr) {
      overlay(*known, each.key, std::move(each.value));
      continue;
    }
    text_member(*known, each.key).append(*text);
    if (text->empty()) continue;
    said = true;
    texts_[std::string(1, channel->what)].push_back({now_ms_, text->size()});
  }
  return said;
}

bool ChatChoice::add_details(Json::Array details) {
  Json::Array& list = list_member(message_, "reasoning_details");
  const std::size_t before = list.size();
  bool said = false;
  for (Json& detail : details) {
    const auto key = detail_key(detail);
    const std::string text(text_of(detail.find(key), ""));
    std::size_t at = 0;
    while (at < before && !same_index(list[at], detail)) ++at;
    if (at == before) {
      at = list.size();
      list.push_back(std::move(detail));
    } else {
      for (auto& each : *detail.if_object()) {
        if (each.key == key && each.value.is_string()) {
          text_member(list[at], key).append(text);
        } else {
          overlay(list[at], each.key, std::move(each.value));
        }
      }
    }
    if (text.empty()) continue;
    said = true;
    texts_["d" + std::to_string(at)].push_back({now_ms_, text.size()});
  }
  return said;
}

void ChatChoice::add_list(std::string_view key, Json::Array elements) {
  Json::Array& list = list_member(message_, key);
  const std::size_t before = list.size();
  for (Json& element : elements) {
    std::size_t at = 0;
    while (at < before && !same_index(list[at], element)) ++at;
    if (at == before) {
      list.push_back(std::move(element));
    } else {
      for (auto& each : *element.if_object()) overlay(list[at], each.key, std::move(each.value));
    }
  }
}

void ChatChoice::add_logprobs(Json value) {
  if (!value.is_object()) return overlay(rest_, "logprobs", std::move(value));
  const Json* known = rest_.find("logprobs");
  if (known == nullptr || !known->is_object()) {
    set_member(rest_, "logprobs", Json(Json::Object{}));
  }
  Json& logprobs = *rest_.find("logprobs");
  for (auto& each : *value.if_object()) {
    Json::Array* elements = each.value.if_array();
    if (elements == nullptr) {
      overlay(logprobs, each.key, std::move(each.value));
      continue;
    }
    Json::Array& list = list_member(logprobs, each.key);
    for (const ChatText& channel : kLogprobs) {
      if (channel.key != each.key || elements->empty()) continue;
      texts_[std::string(1, channel.what)].push_back({now_ms_, elements->size()});
    }
    std::move(elements->begin(), elements->end(), std::back_inserter(list));
  }
}

Json ChatChoice::take(std::size_t position, std::uint64_t start_ms, Json& track) {
  const std::string place = std::to_string(position);
  const auto keep = [&](std::string_view name, const Deltas& deltas) {
    std::string text;
    put_deltas(deltas, start_ms, text);
    if (!text.empty()) track.add(place + std::string(name), std::move(text));
  };
  const Json* details = message_.find("reasoning_details");
  const bool named = details != nullptr && details_are_named(*details);
  for (const auto& [name, deltas] : texts_) {
    if (name.front() != 'd' || named) keep(name, deltas);
  }
  std::stable_sort(calls_.begin(), calls_.end(),
                   [](const Call& a, const Call& b) { return a.index < b.index; });
  Json::Array calls;
  for (Call& each : calls_) {
    keep("a" + std::to_string(calls.size()), each.deltas);
    calls.push_back(std::move(each.json));
  }
  if (!calls.empty()) set_member(message_, "tool_calls", Json(std::move(calls)));
  const Json* role = message_.find("role");
  if (role == nullptr || role->is_null()) set_member(message_, "role", Json("assistant"));
  rest_.add("message", std::move(message_));
  return std::move(rest_);
}

}  // namespace hansard::events::openai
