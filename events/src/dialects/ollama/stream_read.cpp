#include <utility>

#include "dialects/cadence.h"
#include "dialects/frames.h"
#include "dialects/original.h"
#include "stream.h"

namespace hansard::events::ollama {
namespace {

/// Adds the elements of a list to those that came before. @return how many they were.
std::size_t join_list(Json& object, std::string_view key, Json value) {
  Json::Array* known = object.find(key) == nullptr ? nullptr : object.find(key)->if_array();
  Json::Array* more = value.if_array();
  const std::size_t size = more == nullptr ? 0 : more->size();
  if (known == nullptr || more == nullptr) {
    if (known == nullptr) set_member(object, key, std::move(value));
    return size;
  }
  for (Json& each : *more) known->push_back(std::move(each));
  return size;
}

/// Adds a text to what came before. @return its bytes.
std::size_t join_text(Json& object, std::string_view key, Json value) {
  Json* known = object.find(key);
  const auto* more = value.if_string();
  const std::size_t size = more == nullptr ? 0 : more->size();
  if (known != nullptr && known->is_string()) {
    if (more != nullptr) known->if_string()->append(*more);
  } else if (known == nullptr || more != nullptr) {
    set_member(object, key, std::move(value));
  }
  return size;
}

class Stream final : public StreamedAnswer {
 public:
  explicit Stream(const Form& form) : form_(form) {}

  FrameKind add(const StreamFrame& frame, std::uint64_t at_us) override {
    now_ms_ = milliseconds(at_us);
    auto data = parse_json(frame.data);
    const bool object = data && data->is_object();
    const Json* failure = object ? data->find("error") : nullptr;
    if (failure != nullptr && !failure->is_null()) {
      if (!error_) error_ = *std::move(data);
      return FrameKind::error;
    }
    if (complete_) return FrameKind::other;  // nothing that follows belongs to the answer
    if (!object || !understood(*data)) {
      frames_.push_back(kept_frame(frame));
      return FrameKind::other;
    }
    const Json* done = data->find("done");
    complete_ = done != nullptr && done->is_boolean() && *done->if_boolean();
    if (!body_.is_object()) body_ = Json(Json::Object{});
    std::size_t said = 0;
    for (auto& each : *data->if_object()) said += take(each);
    if (complete_) return FrameKind::terminator;
    return said > 0 ? FrameKind::content : FrameKind::other;
  }

  StreamEnd end() override {
    StreamEnd end;
    end.complete = complete_;
    end.error = std::move(error_);
    end.track = track();
    if (!frames_.empty()) body_.add(std::string(kFrames), std::move(frames_));
    end.body = std::move(body_);
    return end;
  }

 private:
  [[nodiscard]] bool understood(const Json& data) const {
    if (data.find(kFrames) != nullptr) return false;  // our own name
    const Json* done = data.find("done");
    if (done != nullptr && done->is_boolean()) return true;
    if (form_.chat) return form_.said(data) != nullptr;
    const Json* text = data.find(form_.text_key());
    return text != nullptr && text->is_string();
  }

  /// @return how much a model said.
  std::size_t take(Json::Member& each) {
    if (each.key == "logprobs") {
      join_list(body_, each.key, std::move(each.value));
      return 0;
    }
    if (!form_.chat) return take_said(body_, each);
    if (each.key != "message") {
      set_member(body_, each.key, std::move(each.value));
      return 0;
    }
    const Json* known = body_.find("message");
    const bool has = known != nullptr && known->is_object();
    if (!each.value.is_object()) {
      if (!has) set_member(body_, "message", std::move(each.value));
      return 0;
    }
    if (!has) set_member(body_, "message", Json(Json::Object{}));
    Json& message = *body_.find("message");
    std::size_t said = 0;
    for (auto& inner : *each.value.if_object()) said += take_said(message, inner);
    return said;
  }

  std::size_t take_said(Json& to, Json::Member& each) {
    std::size_t size = 0;
    Deltas* deltas = nullptr;
    if (each.key == "thinking" || each.key == form_.text_key()) {
      size = join_text(to, each.key, std::move(each.value));
      deltas = each.key == "thinking" ? &thinking_ : &text_;
    } else if (each.key == "tool_calls") {
      size = join_list(to, each.key, std::move(each.value));
      deltas = &calls_;
    } else {
      set_member(to, each.key, std::move(each.value));
    }
    if (size > 0) deltas->push_back({now_ms_, size});
    return size;
  }

  [[nodiscard]] Json track() const {
    Json track;
    const auto add = [&](const char* what, const Deltas& deltas) {
      std::string text;
      put_deltas(deltas, 0, text);
      if (!text.empty()) track.add(what, std::move(text));
    };
    add("t", thinking_);
    add("c", text_);
    add("k", calls_);
    if (!track.is_null()) track.add("end", now_ms_);
    return track;
  }

  const Form& form_;
  Json body_;
  Deltas thinking_, text_, calls_;
  Json::Array frames_;
  std::optional<Json> error_;
  std::uint64_t now_ms_ = 0;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<StreamedAnswer> make_stream(const Form& form) {
  return std::make_unique<Stream>(form);
}

}  // namespace hansard::events::ollama
