#include <algorithm>
#include <utility>

#include "completions_stream.h"
#include "dialects/answered.h"
#include "dialects/cadence.h"
#include "dialects/frames.h"
#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

/// A value that is not null takes the place of an earlier one.
void overlay(Json& object, const std::string& key, Json value) {
  if (object.find(key) == nullptr || !value.is_null()) set_member(object, key, std::move(value));
}

/// `logprobs` {"tokens":[...], "token_logprobs":[...], ...}: every list goes on.
void join_logprobs(Json& choice, Json value) {
  Json* known = choice.find("logprobs");
  if (known == nullptr || !known->is_object() || !value.is_object()) {
    overlay(choice, "logprobs", std::move(value));
    return;
  }
  for (auto& each : *value.if_object()) {
    Json* before = known->find(each.key);
    Json::Array* list = before == nullptr ? nullptr : before->if_array();
    if (list == nullptr || !each.value.is_array()) {
      overlay(*known, each.key, std::move(each.value));
      continue;
    }
    for (Json& element : *each.value.if_array()) list->push_back(std::move(element));
  }
}

struct Choice {
  std::uint64_t index = 0;
  Json json = Json(Json::Object{});
  Deltas deltas;
};

class Stream final : public StreamedAnswer {
 public:
  FrameKind add(const StreamFrame& frame, std::uint64_t at_us) override {
    now_ms_ = milliseconds(at_us);
    if (frame.data == "[DONE]" && !complete_) {
      complete_ = true;
      return FrameKind::terminator;
    }
    auto data = parse_json(frame.data);
    const bool object = data && data->is_object();
    const Json* failure = object ? data->find("error") : nullptr;
    if ((failure != nullptr && !failure->is_null()) || frame.event == "error") {
      if (!error_) error_ = data ? *std::move(data) : Json(frame.data);
      return FrameKind::error;
    }
    if (complete_) return FrameKind::other;  // nothing that follows belongs to the answer
    if (!object || !understood(*data)) {
      frames_.push_back(kept_frame(frame));
      return FrameKind::other;
    }
    return take(*data);
  }

  StreamEnd end() override {
    StreamEnd end;
    end.complete = complete_;
    end.error = std::move(error_);
    std::stable_sort(choices_.begin(), choices_.end(),
                     [](const Choice& a, const Choice& b) { return a.index < b.index; });
    end.track = track();
    if (body_.is_object()) {
      Json::Array choices;
      for (Choice& each : choices_) choices.push_back(std::move(each.json));
      body_.add("choices", std::move(choices));
    }
    if (!frames_.empty()) body_.add(std::string(kCompletionFrames), std::move(frames_));
    end.body = std::move(body_);
    return end;
  }

 private:
  /// A chunk: choices whose texts, if they have any, are texts, and whose numbers differ.
  static bool understood(const Json& data) {
    const Json* list = data.find("choices");
    if (list == nullptr || !list->is_array() || data.find(kCompletionFrames) != nullptr) {
      return false;
    }
    return std::all_of(list->if_array()->begin(), list->if_array()->end(), [](const Json& each) {
      const Json* text = each.find("text");
      const Json* index = each.find("index");
      return each.is_object() && (text == nullptr || text->is_string()) &&
             (index == nullptr || count_at(&each, "index"));
    });
  }

  FrameKind take(Json& data) {
    if (!body_.is_object()) body_ = Json(Json::Object{});
    bool said = false;
    bool counted = false;
    bool choices = false;
    for (auto& each : *data.if_object()) {
      if (each.key == "choices" && each.value.is_array()) {
        for (Json& choice : *each.value.if_array()) said = take_choice(choice) || said;
        choices = choices || !each.value.if_array()->empty();
        continue;
      }
      counted = counted || (each.key == "usage" && each.value.is_object());
      overlay(body_, each.key, std::move(each.value));
    }
    if (said) return FrameKind::content;
    return counted && !choices ? FrameKind::usage : FrameKind::other;
  }

  /// @return whether it says something.
  bool take_choice(Json& data) {
    if (!data.is_object()) return false;
    Choice& choice = choice_of(count_at(&data, "index").value_or(0));
    std::size_t size = 0;
    for (auto& each : *data.if_object()) {
      if (each.key == "logprobs") {
        join_logprobs(choice.json, std::move(each.value));
      } else if (const auto* text = each.key == "text" ? each.value.if_string() : nullptr) {
        Json* known = choice.json.find("text");
        if (known == nullptr) {
          choice.json.add("text", *text);
        } else {
          known->if_string()->append(*text);
        }
        size += text->size();
      } else if (each.key != "text") {
        overlay(choice.json, each.key, std::move(each.value));
      }
    }
    if (size > 0) choice.deltas.push_back({now_ms_, size});
    return size > 0;
  }

  Choice& choice_of(std::uint64_t index) {
    const auto found = std::find_if(choices_.begin(), choices_.end(),
                                    [&](const Choice& each) { return each.index == index; });
    if (found != choices_.end()) return *found;
    choices_.push_back({index, Json(Json::Object{}), {}});
    return choices_.back();
  }

  [[nodiscard]] Json track() const {
    Json track;
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      std::string text;
      put_deltas(choices_[i].deltas, 0, text);
      if (!text.empty()) track.add(std::to_string(i), std::move(text));
    }
    if (!track.is_null()) track.add("end", now_ms_);
    return track;
  }

  Json body_;
  std::vector<Choice> choices_;
  Json::Array frames_;
  std::optional<Json> error_;
  std::uint64_t now_ms_ = 0;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<StreamedAnswer> make_completion_stream() { return std::make_unique<Stream>(); }

}  // namespace hansard::events::openai
