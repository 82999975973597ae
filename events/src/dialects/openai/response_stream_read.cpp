#include <algorithm>
#include <map>
#include <utility>

#include "dialects/cadence.h"
#include "dialects/frames.h"
#include "dialects/original.h"
#include "item_form.h"
#include "response_stream.h"

namespace hansard::events::openai {
namespace {

struct Item {
  Json json;
  std::uint64_t added_ms = 0;
  std::uint64_t done_ms = 0;
  std::map<TextPlace, Deltas> texts;
};

std::optional<std::uint64_t> count_at(const Json& data, std::string_view key) {
  const Json* value = data.find(key);
  if (value == nullptr) return std::nullopt;
  const auto read = value->as_uint(key);
  return read ? std::optional<std::uint64_t>(*read) : std::nullopt;
}

/// Puts `part` at its place in a list of the item, if that is there or the next one.
bool put_part(Json& item, std::string_view list_key, std::size_t index, Json part) {
  if (!item.is_object()) return false;
  Json* list = item.find(list_key);
  if (list == nullptr || !list->is_array()) {
    set_member(item, list_key, Json(Json::Array{}));
    list = item.find(list_key);
  }
  Json::Array& parts = *list->if_array();
  if (index > parts.size()) return false;
  if (index == parts.size()) {
    parts.push_back(std::move(part));
  } else {
    parts[index] = std::move(part);
  }
  return true;
}

class Stream final : public StreamedAnswer {
 public:
  FrameKind add(const StreamFrame& frame, std::uint64_t at_us) override {
    now_ms_ = milliseconds(at_us);
    if (!start_ms_) start_ms_ = now_ms_;
    if (frame.data == "[DONE]") return FrameKind::terminator;  // some hosts add it
    auto data = parse_json(frame.data);
    const bool object = data && data->is_object();
    const std::string type(text_of(object ? data->find("type") : nullptr, frame.event));
    if (type == "error") {
      if (!error_) error_ = data ? *std::move(data) : Json(frame.data);
      return FrameKind::error;
    }
    if (type == "keepalive" || type == "ping") return FrameKind::other;
    if (complete_) return FrameKind::other;  // nothing that follows belongs to the answer
    const auto kind = object ? understand(type, *data) : std::nullopt;
    if (kind) return *kind;
    frames_.push_back(kept_frame(frame));
    return FrameKind::other;
  }

  StreamEnd end() override {
    StreamEnd end;
    end.complete = complete_;
    end.error = std::move(error_);
    const Json* output = response_.find("output");
    const bool given =
        complete_ && output != nullptr && output->is_array() && !output->if_array()->empty();
    // In the order of their index; the response's own items are where their index says.
    std::vector<std::pair<std::size_t, const Item*>> places;
    for (const auto& [index, item] : items_)
      places.emplace_back(given ? index : places.size(), &item);
    if (!given && !items_.empty()) {
      Json::Array list;
      for (auto& [index, item] : items_) list.push_back(item.json);
      if (!response_.is_object()) response_ = Json(Json::Object{});
      set_member(response_, "output", std::move(list));
    }
    end.track = track(places);
    if (!frames_.empty()) response_.add(std::string(kFrames), std::move(frames_));
    end.body = std::move(response_);
    return end;
  }

 private:
  std::optional<FrameKind> understand(const std::string& type, Json& data) {
    constexpr std::string_view kPrefix = "response.";
    if (!type.starts_with(kPrefix)) return std::nullopt;
    const std::string_view name = std::string_view(type).substr(kPrefix.size());
    if (Json* response = data.find("response"); response != nullptr && response->is_object()) {
      if (response->find(kFrames) != nullptr) return std::nullopt;  // the name is taken
      return state(name, data);
    }
    const auto index = count_at(data, "output_index");
    if (!index) return std::nullopt;
    if (name == "output_item.added" || name == "output_item.done") {
      return whole_item(name, *index, data);
    }
    if (name.ends_with("_part.added") || name.ends_with("_part.done")) {
      return part(name, *index, data);
    }
    const auto dot = name.rfind('.');
    const TextChannel* channel = channel_named(name.substr(0, dot));
    if (channel != nullptr && dot != std::string_view::npos) {
      return text(*channel, name.substr(dot + 1), *index, data);
    }
    if (name == "output_text.annotation.added") annotation(*index, data);
    return FrameKind::other;  // steps of an item, which its end will show
  }

  std::optional<FrameKind> state(std::string_view name, Json& data) {
    const bool failed = name == "failed";
    complete_ = failed || name == "completed" || name == "incomplete" || name == "cancelled";
    if (failed && !error_) error_ = data;
    response_ = std::move(*data.find("response"));
    if (failed) return FrameKind::error;
    return complete_ ? FrameKind::terminator : FrameKind::other;
  }

  Item* known(std::uint64_t index) {
    const auto found = items_.find(static_cast<std::size_t>(index));
    return found == items_.end() ? nullptr : &found->second;
  }

  std::optional<FrameKind> whole_item(std::string_view name, std::uint64_t index, Json& data) {
    Json* json = data.find("item");
    if (json == nullptr || !json->is_object()) return std::nullopt;
    const auto [found, added] = items_.try_emplace(static_cast<std::size_t>(index));
    if (added) found->second.added_ms = now_ms_;
    found->second.done_ms = now_ms_;
    found->second.json = std::move(*json);
    const auto type = item_type(found->second.json);
    const bool says = added && type != "message" && type != "reasoning";
    return says && name.ends_with("added") ? FrameKind::content : FrameKind::other;
  }

  std::optional<FrameKind> part(std::string_view name, std::uint64_t index, Json& data) {
    Item* item = known(index);
    const bool summary = name.starts_with("reasoning_summary");
    const auto at = count_at(data, summary ? "summary_index" : "content_index");
    Json* part = data.find("part");
    if (item == nullptr || !at || part == nullptr) return std::nullopt;
    const bool put = put_part(item->json, summary ? "summary" : "content",
                              static_cast<std::size_t>(*at), std::move(*part));
    return put ? std::optional(FrameKind::other) : std::nullopt;
  }

  std::optional<FrameKind> text(const TextChannel& channel, std::string_view step,
                                std::uint64_t index, const Json& data) {
    Item* item = known(index);
    std::uint64_t at = 0;
    if (!channel.index_key.empty()) at = count_at(data, channel.index_key).value_or(0);
    const bool delta = step == "delta";
    const Json* brought = data.find(delta ? "delta" : channel.done_key);
    if (item == nullptr || brought == nullptr || !brought->is_string()) {
      return step == "added" ? std::optional(FrameKind::other) : std::nullopt;
    }
    const auto place = static_cast<std::size_t>(at);
    Json* text = reach_text(item->json, channel, place);
    if (text == nullptr) return std::nullopt;
    if (!delta) {
      *text = *brought;
      return FrameKind::other;
    }
    text->if_string()->append(*brought->if_string());
    item->texts[{channel.what, place}].push_back({now_ms_, brought->if_string()->size()});
    item->done_ms = now_ms_;
    return brought->if_string()->empty() ? FrameKind::other : FrameKind::content;
  }

  void annotation(std::uint64_t index, Json& data) {
    Item* item = known(index);
    const auto at = count_at(data, "content_index");
    Json* annotation = data.find("annotation");
    Json* content = item == nullptr ? nullptr : item->json.find("content");
    Json::Array* parts = content == nullptr ? nullptr : content->if_array();
    if (parts == nullptr || annotation == nullptr || !at || *at >= parts->size()) return;
    Json* list = (*parts)[static_cast<std::size_t>(*at)].find("annotations");
    if (list != nullptr && list->is_array()) list->push(std::move(*annotation));
  }

  /// @param places  items by their place in the body.
  [[nodiscard]] Json track(const std::vector<std::pair<std::size_t, const Item*>>& places) const {
    const Json* output = response_.find("output");
    const Json::Array* list = output == nullptr ? nullptr : output->if_array();
    Json track;
    track.add("start", start_ms_.value_or(0));
    bool any = false;
    std::uint64_t last_ms = start_ms_.value_or(0);
    for (std::size_t place = 0; list != nullptr && place < list->size(); ++place) {
      const auto at = std::find_if(places.begin(), places.end(),
                                   [&](const auto& each) { return each.first == place; });
      const Item unseen{{}, last_ms, last_ms, {}};
      const Item& item = at == places.end() ? unseen : *at->second;
      std::string times;
      put_number(item.added_ms, times);
      put_number(item.done_ms - item.added_ms, times);
      track.add(std::to_string(place), std::move(times));
      last_ms = std::max(last_ms, item.done_ms);
      for (const ItemText& each : texts_of((*list)[place])) {
        const auto found = item.texts.find(each.place);
        if (found == item.texts.end()) continue;
        Deltas fitting = found->second;
        fit(fitting, *find_text((*list)[place], each.place)->if_string());
        std::string deltas;
        put_deltas(fitting, item.added_ms, deltas);
        track.add(track_key(place, each.place, !each.channel->index_key.empty()),
                  std::move(deltas));
        any = true;
      }
    }
    if (!any) return {};
    track.add("end", complete_ ? now_ms_ : last_ms);
    return track;
  }

  Json response_;  ///< the latest seen
  std::map<std::size_t, Item> items_;
  Json::Array frames_;
  std::optional<Json> error_;
  std::optional<std::uint64_t> start_ms_;
  std::uint64_t now_ms_ = 0;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<StreamedAnswer> make_response_stream() { return std::make_unique<Stream>(); }

}  // namespace hansard::events::openai
