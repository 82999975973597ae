#include <algorithm>
#include <utility>

#include "completions_stream.h"
#include "dialects/answered.h"
#include "dialects/cadence.h"
#include "dialects/frames.h"
#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

class Writer {
 public:
  Writer(const Json& body, const Json& track) : body_(body), track_(track) {}

  std::vector<TimedFrame> write() {
    if (!body_.is_object()) return {};
    const Json* list = body_.find("choices");
    const Json::Array* choices = list == nullptr ? nullptr : list->if_array();
    const std::uint64_t end_ms = count_at(&track_, "end").value_or(0);
    if (choices != nullptr) {
      for (std::size_t i = 0; i < choices->size(); ++i) choice(i, (*choices)[i], end_ms);
    }
    std::stable_sort(pieces_.begin(), pieces_.end(),
                     [](const Piece& a, const Piece& b) { return a.at_ms < b.at_ms; });
    const std::uint64_t first_ms = pieces_.empty() ? 0 : pieces_.front().at_ms;
    now_ms_ = first_ms;
    write_kept(body_.find(kCompletionFrames), first_ms * 1000, frames_);
    const bool begun =
        body_.if_object()->size() != 1 || body_.if_object()->front().key != kCompletionFrames;
    if (!begun) return std::move(frames_);
    for (Piece& each : pieces_) {
      now_ms_ = each.at_ms;
      Json::Array one;
      one.push_back(std::move(each.choice));
      put(chunk(std::move(one)));
    }
    end(choices, end_ms);
    return std::move(frames_);
  }

 private:
  struct Piece {
    std::uint64_t at_ms = 0;
    Json choice;
  };

  void put(const Json& data) { frames_.push_back({now_ms_ * 1000, "", dump(data)}); }

  /// The members that every chunk repeats; the counters are null until they are known.
  [[nodiscard]] Json chunk(Json choices) const {
    Json made(Json::Object{});
    for (const auto& each : *body_.if_object()) {
      if (each.key == kCompletionFrames) continue;
      if (each.key == "choices") {
        made.add("choices", std::exchange(choices, Json(Json::Array{})));
      } else {
        made.add(each.key, each.key == "usage" ? Json() : each.value);
      }
    }
    return made;
  }

  /// What a stream tells about a choice with its last delta stands in a delta before it as null.
  static Json piece_of(const Json& choice, std::string_view text, bool last) {
    Json made(Json::Object{});
    for (const auto& each : *choice.if_object()) {
      if (each.key == "text" && each.value.is_string()) {
        made.add("text", text);
      } else if (last || each.key == "index") {
        made.add(each.key, each.value);
      } else if (each.key == "logprobs" || each.key == "finish_reason") {
        made.add(each.key, nullptr);
      }
    }
    return made;
  }

  void choice(std::size_t place, const Json& choice, std::uint64_t end_ms) {
    if (!choice.is_object()) return;
    const std::string_view text = text_of(choice.find("text"), "");
    Deltas deltas{{0, text.size()}};
    if (track_.is_object()) {
      deltas = NumberReader(text_of(track_.find(std::to_string(place)), "")).deltas(0);
    }
    if (deltas.empty() || text.empty()) deltas = {{end_ms, text.size()}};
    const auto ends = cut(text, deltas);
    std::size_t from = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const bool last = i + 1 == ends.size();
      pieces_.push_back(
          {deltas[i].at_ms, piece_of(choice, text.substr(from, ends[i] - from), last)});
      from = ends[i];
    }
  }

  /// Counters, and the word that it is over, unless the stream was cut.
  void end(const Json::Array* choices, std::uint64_t end_ms) {
    const bool late = end_ms > now_ms_;
    now_ms_ = std::max(now_ms_, end_ms);
    const Json* usage = body_.find("usage");
    const bool counted = usage != nullptr && !usage->is_null();
    const bool whole =
        counted || (choices != nullptr && !choices->empty() &&
                    std::all_of(choices->begin(), choices->end(), [](const Json& each) {
                      const Json* reason = each.find("finish_reason");
                      return reason != nullptr && reason->is_string();
                    }));
    // A stream that was cut may have gone on without saying more.
    if (counted || pieces_.empty() || (late && !whole)) {
      Json last = chunk(Json(Json::Array{}));
      if (counted) set_member(last, "usage", *usage);
      put(last);
    }
    if (whole) frames_.push_back({now_ms_ * 1000, "", "[DONE]"});
  }

  const Json& body_;
  const Json& track_;
  std::uint64_t now_ms_ = 0;
  std::vector<Piece> pieces_;
  std::vector<TimedFrame> frames_;
};

}  // namespace

std::vector<TimedFrame> write_completion_stream(const Json& body, const Json& track) {
  return Writer(body, track).write();
}

}  // namespace hansard::events::openai
