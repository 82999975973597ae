#include <algorithm>
#include <utility>

#include "dialects/answered.h"
#include "dialects/cadence.h"
#include "dialects/frames.h"
#include "dialects/original.h"
#include "stream.h"

namespace hansard::events::ollama {
namespace {

class Writer {
 public:
  Writer(const Form& form, const Json& body, const Json& track)
      : form_(form), body_(body), track_(track) {}

  std::vector<TimedFrame> write() {
    if (!body_.is_object()) return {};
    const Json::Object& members = *body_.if_object();
    const Json* said = form_.said(body_);
    text("thinking", "t", said);
    text(form_.text_key(), "c", said);
    calls(said);
    std::stable_sort(deltas_.begin(), deltas_.end(),
                     [](const Said& a, const Said& b) { return a.at_ms < b.at_ms; });
    const std::uint64_t first_ms = deltas_.empty() ? 0 : deltas_.front().at_ms;
    write_kept(body_.find(kFrames), first_ms * 1000, frames_);
    const bool begun = members.size() != 1 || members.front().key != kFrames;
    if (!begun) return std::move(frames_);
    for (Said& each : deltas_) put(each.at_ms, line(each));
    const std::uint64_t last_ms = deltas_.empty() ? 0 : deltas_.back().at_ms;
    put(std::max(last_ms, count_at(&track_, "end").value_or(0)), last_line());
    return std::move(frames_);
  }

 private:
  /// What one line brings.
  struct Said {
    std::uint64_t at_ms = 0;
    std::string_view key;
    Json value;
  };

  void put(std::uint64_t at_ms, const Json& data) {
    frames_.push_back({at_ms * 1000, "", dump(data)});
  }

  /// The deltas of a text or list by the track or, without one, a single one.
  [[nodiscard]] Deltas deltas_of(std::string_view what, std::size_t size) const {
    if (size == 0) return {};
    if (!track_.is_object()) return {{0, size}};
    return NumberReader(text_of(track_.find(what), "")).deltas(0);
  }

  void text(std::string_view key, std::string_view what, const Json* said) {
    const std::string_view text = text_of(member(said, key), "");
    const Deltas deltas = deltas_of(what, text.size());
    const auto ends = cut(text, deltas);
    std::size_t from = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      deltas_.push_back({deltas[i].at_ms, key, Json(text.substr(from, ends[i] - from))});
      from = ends[i];
    }
    if (!ends.empty()) brought_.push_back(key);
  }

  void calls(const Json* said) {
    const Json* list = member(said, "tool_calls");
    const Json::Array* calls = list == nullptr ? nullptr : list->if_array();
    if (calls == nullptr) return;
    const Deltas deltas = deltas_of("k", calls->size());
    auto from = calls->begin();
    for (std::size_t i = 0; i < deltas.size(); ++i) {
      const auto left = static_cast<std::size_t>(calls->end() - from);
      const std::size_t size = i + 1 == deltas.size() ? left : std::min(deltas[i].bytes, left);
      const auto end = from + static_cast<std::ptrdiff_t>(size);
      deltas_.push_back({deltas[i].at_ms, "tool_calls", Json(Json::Array(from, end))});
      from = end;
    }
    if (!deltas.empty()) brought_.emplace_back("tool_calls");
  }

  /// Adds what is not `said`: the text is always there, in its place.
  void add_said(const Json& from, Said* said, Json& to) const {
    const Json* text = from.find(form_.text_key());
    const bool own = said != nullptr && said->key == form_.text_key();
    if (text != nullptr && text->is_string() && !own) to.add(std::string(form_.text_key()), "");
    if (said != nullptr) to.add(std::string(said->key), std::move(said->value));
  }

  Json line(Said& said) const {
    Json made(Json::Object{});
    for (const auto& each : *body_.if_object()) {
      if (each.key == "model" || each.key == "created_at") made.add(each.key, each.value);
    }
    if (form_.chat) {
      Json message(Json::Object{});
      const Json& from = *form_.said(body_);
      if (const Json* role = from.find("role")) message.add("role", *role);
      add_said(from, &said, message);
      made.add("message", std::move(message));
    } else {
      add_said(body_, &said, made);
    }
    if (body_.find("done") != nullptr) made.add("done", false);
    return made;
  }

  /// The members of an object without what deltas have brought.
  [[nodiscard]] Json rest(const Json& object) const {
    Json made(Json::Object{});
    for (const auto& each : *object.if_object()) {
      if (&object == &body_ && each.key == kFrames) continue;
      const bool gone = std::find(brought_.begin(), brought_.end(), each.key) != brought_.end();
      if (gone && each.key == form_.text_key()) {
        made.add(each.key, "");
      } else if (!gone) {
        made.add(each.key, each.value);
      }
    }
    return made;
  }

  [[nodiscard]] Json last_line() const {
    if (!form_.chat) return rest(body_);
    Json made(Json::Object{});
    for (const auto& each : *body_.if_object()) {
      if (each.key == kFrames) continue;
      const bool said = each.key == "message" && each.value.is_object();
      made.add(each.key, said ? rest(each.value) : each.value);
    }
    return made;
  }

  const Form& form_;
  const Json& body_;
  const Json& track_;
  std::vector<Said> deltas_;
  std::vector<std::string_view> brought_;
  std::vector<TimedFrame> frames_;
};

}  // namespace

std::vector<TimedFrame> write_stream(const Form& form, const Json& body, const Json& track) {
  return Writer(form, body, track).write();
}

}  // namespace hansard::events::ollama
