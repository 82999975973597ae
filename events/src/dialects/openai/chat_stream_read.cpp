#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "chat_choice.h"
#include "chat_stream.h"
#include "dialects/frames.h"
#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

bool is_terminator(std::string_view data) {
  const auto begin = data.find_first_not_of(" \t");
  const auto end = data.find_last_not_of(" \t");
  return begin != std::string_view::npos && data.substr(begin, end - begin + 1) == "[DONE]";
}

bool counts(const Json* usage) { return usage != nullptr && usage->is_object(); }

/// Fills a frame up to hide how long the answer is.
bool is_padding(const Json::Member& each) {
  return (each.key == "obfuscation" || each.key == "p") && each.value.is_string();
}

class Stream final : public StreamedAnswer {
 public:
  FrameKind add(const StreamFrame& frame, std::uint64_t at_us) override {
    now_ms_ = milliseconds(at_us);
    if (!start_ms_) start_ms_ = now_ms_;
    if (done_) return FrameKind::other;  // nothing that follows belongs to the answer
    if (is_terminator(frame.data)) {
      done_ = true;
      return FrameKind::terminator;
    }
    auto data = parse_json(frame.data);
    const bool object = data && data->is_object();
    const Json* error = object ? data->find("error") : nullptr;
    if (frame.event == "error" || (error != nullptr && !error->is_null())) {
      if (!error_) error_ = data ? *data : Json(frame.data);
      if (object) understand(*data);
      return FrameKind::error;
    }
    const auto kind = object ? understand(*data) : std::nullopt;
    if (kind) return *kind;
    frames_.push_back(kept_frame(frame));
    return FrameKind::other;
  }

  StreamEnd end() override {
    StreamEnd end;
    const Json* usage = body_.find("usage");
    const bool ended =
        !choices_.empty() && std::all_of(choices_.begin(), choices_.end(),
                                         [](const auto& each) { return each.second.ended(); });
    end.complete = done_ || (ended && counts(usage));
    end.error = std::move(error_);
    if (text_of(body_.find("object"), "") == "chat.completion.chunk") {
      set_member(body_, "object", Json("chat.completion"));
    }
    Json texts;
    Json::Array choices;
    for (auto& [index, choice] : choices_) {
      choices.push_back(choice.take(choices.size(), start_ms_.value_or(0), texts));
    }
    if (begun_) body_.add("choices", std::move(choices));
    if (!frames_.empty()) body_.add(std::string(kChatFrames), std::move(frames_));
    if (texts.is_object()) {
      end.track.add("start", *start_ms_);
      add_members(&texts, end.track);
      end.track.add("end", now_ms_);
    }
    end.body = std::move(body_);
    return end;
  }

 private:
  std::optional<FrameKind> understand(Json& data) {
    if (data.find(kChatFrames) != nullptr) return std::nullopt;
    Json* list = data.find("choices");
    const bool chunk = text_of(data.find("object"), "").starts_with("chat.completion");
    if (list == nullptr || list->is_null()) {
      if (!chunk && !counts(data.find("usage"))) return std::nullopt;
      list = nullptr;
    } else if (!list->is_array() || !well_formed(*list->if_array())) {
      return std::nullopt;
    }
    begun_ = true;
    bool said = false;
    bool any = false;
    for (std::size_t i = 0; list != nullptr && i < list->if_array()->size(); ++i) {
      any = true;
      said = add_choice(std::move((*list->if_array())[i]), i) || said;
    }
    const bool counted = counts(data.find("usage"));
    for (auto& each : *data.if_object()) {
      if (each.key == "choices" || each.key == "error" || is_padding(each)) continue;
      if (each.key == "x_groq" && each.value.is_object()) lift_groq(each.value);
      if (each.key == "usage" && counts(&each.value)) {
        set_member(body_, "usage", std::move(each.value));
      } else {
        overlay(body_, each.key, std::move(each.value));
      }
    }
    if (said) return FrameKind::content;
    return counted && !any ? FrameKind::usage : FrameKind::other;
  }

  static bool well_formed(const Json::Array& choices) {
    return std::all_of(choices.begin(), choices.end(), [](const Json& each) {
      const Json* delta = each.find("delta");
      return each.is_object() && (delta == nullptr || delta->is_null() || delta->is_object());
    });
  }

  static std::optional<std::uint64_t> index_in(const Json& value) {
    const auto read = value.as_uint("index");
    return read ? std::optional<std::uint64_t>(*read) : std::nullopt;
  }

  bool add_choice(Json choice, std::size_t position) {
    const Json* given = choice.find("index");
    const auto read = given == nullptr ? std::nullopt : index_in(*given);
    const std::uint64_t index = read.value_or(position);
    // What is no number names nothing; the place does, where there are several.
    if (!read) drop_member(choice, "index");
    if (!read && index > 0) choice.add("index", index);
    if (Json* usage = choice.find("usage"); counts(usage)) {
      set_member(body_, "usage", std::move(*usage));
      drop_member(choice, "usage");
    }
    return choices_[index].add(std::move(choice), now_ms_);
  }

  /// Members that Groq has elsewhere when it does not stream.
  void lift_groq(Json& groq) {
    for (const auto* key : {"usage", "usage_breakdown"}) {
      Json* value = groq.find(key);
      if (value == nullptr) continue;
      if (!value->is_null()) set_member(body_, key, std::move(*value));
      drop_member(groq, key);
    }
  }

  Json body_;
  std::map<std::uint64_t, ChatChoice> choices_;  ///< by index
  Json::Array frames_;
  std::optional<Json> error_;
  std::optional<std::uint64_t> start_ms_;
  std::uint64_t now_ms_ = 0;
  bool begun_ = false;  ///< a chunk came
  bool done_ = false;
};

}  // namespace

std::unique_ptr<StreamedAnswer> make_chat_stream() { return std::make_unique<Stream>(); }

}  // namespace hansard::events::openai
