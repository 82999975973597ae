#include <algorithm>
#include <utility>

#include "dialects/cadence.h"
#include "dialects/frames.h"
#include "dialects/original.h"
#include "item_form.h"
#include "response_stream.h"

namespace hansard::events::openai {
namespace {

/// Steps that an item tells of between its start and its end: before its texts, and after them.
struct Steps {
  std::string_view item_type;
  std::array<std::string_view, 2> before;
  std::array<std::string_view, 2> after;
};
constexpr std::array<Steps, 6> kSteps{{
    {"web_search_call", {"in_progress", "searching"}, {"completed", ""}},
    {"file_search_call", {"in_progress", "searching"}, {"completed", ""}},
    {"code_interpreter_call", {"in_progress", ""}, {"interpreting", "completed"}},
    {"image_generation_call", {"in_progress", "generating"}, {"completed", ""}},
    {"mcp_call", {"in_progress", ""}, {"completed", ""}},
    {"mcp_list_tools", {"in_progress", ""}, {"completed", ""}},
}};

std::uint64_t time_of(const Json& track, std::string_view key) {
  const Json* value = track.find(key);
  if (value == nullptr) return 0;
  const auto read = value->as_uint(key);
  return read ? *read : 0;
}

/// The event that ends a response of that status; empty for one that has not ended.
std::string_view last_event(const Json& body) {
  const Json* status = body.find("status");
  const auto word = text_of(status, "completed");
  if (word == "completed") return "response.completed";
  if (word == "incomplete") return "response.incomplete";
  if (word == "failed") return "response.failed";
  if (word == "cancelled") return "response.cancelled";
  return {};
}

/// A part before its text has come.
Json emptied(Json part) {
  for (const std::string_view key : {"text", "refusal"}) {
    if (Json* text = part.find(key); text != nullptr && text->is_string()) *text = Json("");
  }
  for (const std::string_view key : {"annotations", "logprobs"}) {
    if (Json* list = part.find(key); list != nullptr && list->is_array())
      *list = Json(Json::Array{});
  }
  return part;
}

/// An item before anything of it has come.
Json begun(Json item) {
  if (Json* status = item.find("status"); status != nullptr && status->is_string()) {
    *status = Json("in_progress");
  }
  for (const std::string_view key : {"content", "summary"}) {
    if (Json* list = item.find(key); list != nullptr && list->is_array())
      *list = Json(Json::Array{});
  }
  for (const ItemText& each : texts_of(item)) {
    if (Json* text = find_text(item, each.place)) *text = Json("");
  }
  if (Json* action = item.find("action"); action != nullptr && item_type(item) == "shell_call") {
    if (Json* commands = action->find("commands"); commands != nullptr && commands->is_array()) {
      *commands = Json(Json::Array{});
    }
  }
  return item;
}

class Writer {
 public:
  Writer(const Json& body, const Json& track) : track_(track) {
    if (!body.is_object()) return;
    Json kept;
    for (const auto& each : *body.if_object()) {
      if (each.key == kFrames) {
        kept = each.value;
      } else {
        response_.add(each.key, each.value);
      }
    }
    const std::string_view last = last_event(response_);
    if (!response_.is_null()) open(!last.empty());
    if (const Json::Array* list = items()) {
      for (std::size_t i = 0; i < list->size(); ++i) item(i, (*list)[i]);
    }
    // An item ends where it ends, also while another is coming.
    std::stable_sort(events_.begin(), events_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    // Before the response nothing means anything: kept frames are not understood again.
    write_kept(&kept, time_of(track_, "start") * 1000, frames_);
    number();
    const std::uint64_t end_ms =
        std::max(events_.empty() ? 0 : events_.back().first, time_of(track_, "end"));
    if (response_.is_null() || last.empty()) return;
    Json data;
    data.add("type", last).add("sequence_number", events_.size()).add("response", response_);
    frames_.push_back({end_ms * 1000, std::string(last), dump(data)});
  }

  std::vector<TimedFrame> take() { return std::move(frames_); }

 private:
  void put(std::uint64_t at_ms, Json data) { events_.emplace_back(at_ms, std::move(data)); }

  /// @param whole  the last event will say how it ended; otherwise this is all there is to say.
  void open(bool whole) {
    Json response(Json::Object{});
    for (const auto& each : *response_.if_object()) {
      if (each.key == "output" && items() != nullptr) {
        response.add(each.key, Json(Json::Array{}));
      } else if (whole && each.key == "status") {
        response.add(each.key, "in_progress");
      } else if (whole && (each.key == "usage" || each.key == "error" ||
                           each.key == "incomplete_details" || each.key == "completed_at")) {
        response.add(each.key, nullptr);
      } else {
        response.add(each.key, each.value);
      }
    }
    for (const auto* type : {"response.created", "response.in_progress"}) {
      Json data;
      data.add("type", type).add("response", response);
      put(time_of(track_, "start"), std::move(data));
    }
  }

  /// The output, where it is such that a stream can bring it item by item.
  [[nodiscard]] const Json::Array* items() const {
    const Json* output = response_.find("output");
    const Json::Array* list = output == nullptr ? nullptr : output->if_array();
    if (list == nullptr) return nullptr;
    const bool objects =
        std::all_of(list->begin(), list->end(), [](const Json& each) { return each.is_object(); });
    return objects ? list : nullptr;
  }

  void number() {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      auto& [at_ms, data] = events_[i];
      data.add("sequence_number", i);
      frames_.push_back({at_ms * 1000, std::string(text_of(data.find("type"), "")), dump(data)});
    }
  }

  [[nodiscard]] Deltas deltas_of(std::size_t index, const Json& item, const ItemText& text,
                                 std::uint64_t added_ms) const {
    if (track_.is_object()) {
      const auto key = track_key(index, text.place, !text.channel->index_key.empty());
      return NumberReader(text_of(track_.find(key), "")).deltas(added_ms);
    }
    // The API streams patches and commands, but its own client libraries stumble over them.
    const bool whole = text.place.what == 'd' || text.place.what == 'm';
    const std::size_t bytes = find_text(item, text.place)->if_string()->size();
    return bytes == 0 || whole ? Deltas{} : Deltas{{0, bytes}};
  }

  void item(std::size_t index, const Json& item) {
    NumberReader times(text_of(track_.find(std::to_string(index)), ""));
    const std::uint64_t added_ms = times.next().value_or(time_of(track_, "start"));
    const std::uint64_t done_ms = added_ms + times.next().value_or(0);
    added_ms_ = added_ms;
    now_ms_ = added_ms;
    const std::string_view id = text_of(item.find("id"), "");
    const auto about = [&](std::string_view type) {
      Json data;
      data.add("type", type).add("item_id", id).add("output_index", index);
      return data;
    };
    const auto steps_at = [&](bool before) {
      const auto* found = std::find_if(kSteps.begin(), kSteps.end(), [&](const Steps& each) {
        return each.item_type == item_type(item);
      });
      if (found == kSteps.end()) return;
      for (const std::string_view step : before ? found->before : found->after) {
        if (step.empty()) continue;
        put(now_ms_, about("response." + std::string(found->item_type) + "." + std::string(step)));
      }
    };
    Json added;
    added.add("type", "response.output_item.added").add("output_index", index);
    added.add("item", begun(item));
    put(added_ms, std::move(added));
    steps_at(true);
    const auto texts = texts_of(item);
    for (const ItemText& each : texts) {
      if (each.place.what != 't') text(index, item, each, about);
    }
    content(index, item, texts, about);
    now_ms_ = std::max(now_ms_, done_ms);
    steps_at(false);
    Json done;
    done.add("type", "response.output_item.done").add("output_index", index).add("item", item);
    put(now_ms_, std::move(done));
  }

  /// The parts of `content`, also those without a text.
  template <class About>
  void content(std::size_t index, const Json& item, const std::vector<ItemText>& texts,
               const About& about) {
    const Json* content = item.find("content");
    const Json::Array* parts = content == nullptr ? nullptr : content->if_array();
    for (std::size_t i = 0; parts != nullptr && i < parts->size(); ++i) {
      const auto found = std::find_if(texts.begin(), texts.end(), [&](const ItemText& each) {
        return each.place == TextPlace{'t', i};
      });
      if (found != texts.end()) {
        text(index, item, *found, about);
        continue;
      }
      for (const auto* type : {"response.content_part.added", "response.content_part.done"}) {
        Json data = about(type);
        data.add("content_index", i).add("part", (*parts)[i]);
        put(now_ms_, std::move(data));
      }
    }
  }

  template <class About>
  void text(std::size_t index, const Json& item, const ItemText& text, const About& about) {
    const TextChannel& channel = *text.channel;
    const Deltas deltas = deltas_of(index, item, text, added_ms_);
    if (deltas.empty() && (channel.what == 'd' || channel.what == 'm')) return;
    const std::string& whole = *find_text(item, text.place)->if_string();
    const std::string name = "response." + std::string(channel.name);
    const auto at = [&](std::string_view type) {
      Json data = about(type);
      if (!channel.index_key.empty()) data.add(std::string(channel.index_key), text.place.index);
      return data;
    };
    const bool in_part = channel.what == 't' || channel.what == 's';
    const std::string part_name =
        channel.what == 's' ? "response.reasoning_summary_part" : "response.content_part";
    const Json* part = nullptr;
    if (in_part) {
      const std::string_view list = channel.what == 's' ? "summary" : "content";
      part = &(*item.find(list)->if_array())[text.place.index];
    }
    if (!deltas.empty()) now_ms_ = std::max(now_ms_, deltas.front().at_ms);
    if (in_part) {
      Json data = at(part_name + ".added");
      data.add("part", emptied(*part));
      put(now_ms_, std::move(data));
    } else if (channel.what == 'm') {
      Json data = at(name + ".added");
      data.add("command", "");
      put(now_ms_, std::move(data));
    }
    const auto ends = cut(whole, deltas);
    std::size_t from = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      now_ms_ = std::max(now_ms_, deltas[i].at_ms);
      Json data = at(name + ".delta");
      data.add("delta", std::string_view(whole).substr(from, ends[i] - from));
      if (channel.name == "output_text") data.add("logprobs", Json(Json::Array{}));
      put(now_ms_, std::move(data));
      from = ends[i];
    }
    if (channel.name == "output_text") annotations(*part, at);
    Json done = at(name + ".done");
    done.add(std::string(channel.done_key), whole);
    if (channel.name == "output_text") {
      const Json* logprobs = part->find("logprobs");
      const bool given = logprobs != nullptr && logprobs->is_array();
      done.add("logprobs", given ? *logprobs : Json(Json::Array{}));
    }
    put(now_ms_, std::move(done));
    if (!in_part) return;
    Json data = at(part_name + ".done");
    data.add("part", *part);
    put(now_ms_, std::move(data));
  }

  template <class At>
  void annotations(const Json& part, const At& at) {
    const Json* given = part.find("annotations");
    const Json::Array* list = given == nullptr ? nullptr : given->if_array();
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      Json data = at("response.output_text.annotation.added");
      data.add("annotation_index", i).add("annotation", (*list)[i]);
      put(now_ms_, std::move(data));
    }
  }

  const Json& track_;
  Json response_;               ///< without what was kept of other frames
  std::uint64_t added_ms_ = 0;  ///< of the item being written
  std::uint64_t now_ms_ = 0;
  std::vector<std::pair<std::uint64_t, Json>> events_;
  std::vector<TimedFrame> frames_;
};

}  // namespace

std::vector<TimedFrame> write_response_stream(const Json& body, const Json& track) {
  return Writer(body, track).take();
}

}  // namespace hansard::events::openai
