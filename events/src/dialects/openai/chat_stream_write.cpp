#include <algorithm>
#include <optional>
#include <utility>

#include "chat_pieces.h"
#include "chat_stream.h"
#include "dialects/frames.h"
#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

std::uint64_t time_of(const Json& track, std::string_view key) {
  const Json* value = track.find(key);
  if (value == nullptr) return 0;
  const auto read = value->as_uint(key);
  return read ? *read : 0;
}

class Writer {
 public:
  Writer(const Json& body, const Json& track) : body_(body), track_(track), list_(list(body)) {}

  std::vector<TimedFrame> write() {
    if (!body_.is_object()) return {};
    const auto& members = *body_.if_object();
    const bool begun = members.size() != 1 || members.front().key != kChatFrames;
    now_ms_ = time_of(track_, "start");
    if (begun) {
      envelope();
      const Json* filters = body_.find("prompt_filter_results");
      if (filters != nullptr && filters->is_array()) {
        Json about(Json::Object{{"prompt_filter_results", *filters}});
        put(Json::Array{}, &about);
      }
      choices();
    }
    now_ms_ = std::max(now_ms_, time_of(track_, "end"));
    write_kept(body_.find(kChatFrames), now_ms_ * 1000, frames_);
    if (usage_ != nullptr) {
      Json about(Json::Object{{"usage", *usage_}});
      put(Json::Array{}, &about);
    }
    // A stream that was cut goes out as one that was cut.
    if (ended()) frames_.push_back({now_ms_ * 1000, "", "[DONE]"});
    return std::move(frames_);
  }

 private:
  /// The choices, where they are such that a stream can bring them.
  static const Json::Array* list(const Json& body) {
    const Json* choices = body.find("choices");
    const Json::Array* list = choices == nullptr ? nullptr : choices->if_array();
    if (list == nullptr) return nullptr;
    const bool objects =
        std::all_of(list->begin(), list->end(), [](const Json& each) { return each.is_object(); });
    return objects ? list : nullptr;
  }

  [[nodiscard]] bool ended() const {
    const Json::Array* all = list_;
    return all != nullptr && !all->empty() &&
           std::all_of(all->begin(), all->end(), [](const Json& each) {
             return !text_of(each.find("finish_reason"), "").empty();
           });
  }

  /// Plain values go out with every chunk, the others with the last.
  void envelope() {
    for (const auto& [key, value] : *body_.if_object()) {
      if (key == "choices" || key == kChatFrames) continue;
      if (key == "usage" && value.is_object()) {
        usage_ = &value;
      } else if (key == "object" && text_of(&value, "") == "chat.completion") {
        envelope_.add(key, "chat.completion.chunk");
      } else if (value.is_array() || value.is_object()) {
        if (key != "prompt_filter_results" || !value.is_array()) late_.add(key, value);
      } else {
        (key == "usage" ? late_ : envelope_).add(key, value);
      }
    }
    // Where its own clients look for them.
    Json* groq = late_.find("x_groq");
    if (groq != nullptr && groq->is_object() && usage_ != nullptr) groq->add("usage", *usage_);
  }

  void put(Json::Array choices, const Json* about = nullptr) {
    Json data = envelope_;
    data.add("choices", std::move(choices));
    add_members(about, data);
    frames_.push_back({now_ms_ * 1000, "", dump(data)});
  }

  static Json choice_of(const Json& choice, std::size_t position, Json delta) {
    Json made(Json::Object{});
    if (const Json* index = choice.find("index")) {
      made.add("index", *index);
    } else if (position > 0) {  // one of several has to say which
      made.add("index", position);
    }
    made.add("delta", std::move(delta));
    return made;
  }

  void put_delta(std::size_t position, Json delta, const Json* logprobs) {
    const Json& choice = (*list_)[position];
    Json made = choice_of(choice, position, std::move(delta));
    if (logprobs != nullptr) made.add("logprobs", *logprobs);
    if (choice.find("finish_reason") != nullptr) made.add("finish_reason", nullptr);
    put(Json::Array{std::move(made)});
  }

  void choices() {
    const Json::Array* all = list_;
    if (all == nullptr || all->empty()) return put(Json::Array{}, &late_);
    ChatPieces pieces(track_, now_ms_);
    Json::Array late(all->size());
    for (std::size_t i = 0; i < all->size(); ++i) {
      const Json& choice = (*all)[i];
      const Json* message = choice.find("message");
      Json first(Json::Object{});
      if (message != nullptr && message->is_object()) {
        first = ChatPieces::first_delta(*message, late[i]);
      }
      const Json* logprobs = choice.find("logprobs");
      const bool object = logprobs != nullptr && logprobs->is_object();
      const Json begun = object ? ChatPieces::first_logprobs(*logprobs) : Json();
      put_delta(i, std::move(first), object ? &begun : logprobs);
      pieces.add(choice, i);
    }
    for (const auto& [place, piece] : pieces.all()) {
      now_ms_ = std::max(now_ms_, std::get<0>(place));
      const Json* logprobs = piece.logprobs.is_null() ? nullptr : &piece.logprobs;
      put_delta(std::get<1>(place), piece.delta, logprobs);
    }
    now_ms_ = std::max(now_ms_, time_of(track_, "end"));
    for (std::size_t i = 0; i < all->size(); ++i) {
      const Json& choice = (*all)[i];
      if (late[i].is_object()) put_delta(i, late[i], nullptr);
      Json closing = choice_of(choice, i, Json(Json::Object{}));
      for (const auto& [key, value] : *choice.if_object()) {
        const bool gone = key == "index" || key == "message" || key == "logprobs" || key == "delta";
        if (!gone) closing.add(key, value);
      }
      put(Json::Array{std::move(closing)}, i + 1 == all->size() ? &late_ : nullptr);
    }
  }

  const Json& body_;
  const Json& track_;
  const Json::Array* list_;  ///< `choices`, or null
  Json envelope_{Json::Object{}};
  Json late_{Json::Object{}};
  const Json* usage_ = nullptr;
  std::uint64_t now_ms_ = 0;
  std::vector<TimedFrame> frames_;
};

}  // namespace

std::vector<TimedFrame> write_chat_stream(const Json& body, const Json& track) {
  return Writer(body, track).write();
}

}  // namespace hansard::events::openai
