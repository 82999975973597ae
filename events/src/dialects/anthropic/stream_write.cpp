#include <algorithm>
#include <array>
#include <utility>

#include "dialects/cadence.h"
#include "dialects/frames.h"
#include "dialects/original.h"
#include "stream.h"

namespace hansard::events::anthropic {
namespace {

/// What a stream tells at its end; until then it is null.
constexpr std::array<std::string_view, 5> kLate{"stop_reason", "stop_sequence", "stop_details",
                                                "container", "context_management"};

std::uint64_t time_of(const Json& track, std::string_view key, std::uint64_t otherwise) {
  const Json* value = track.find(key);
  if (value == nullptr) return otherwise;
  const auto read = value->as_uint(key);
  return read ? *read : otherwise;
}

/// The deltas of one block, by the track or, without one, a single delta for each of its parts.
struct BlockTrack {
  std::uint64_t start_ms = 0;
  Deltas deltas, citations, signature;
};

class Writer {
 public:
  Writer(const Json& body, const Json& track) : body_(body), track_(track) {}

  std::vector<TimedFrame> write() {
    if (!body_.is_object()) return {};
    now_ms_ = time_of(track_, "start", 0);
    const Json* reason = body_.find("stop_reason");
    const Json* counted = member(body_.find("usage"), "output_tokens");
    // A stream that was cut goes out as one that was cut.
    const bool whole = (reason != nullptr && reason->is_string()) || counted != nullptr;
    const Json::Object& members = *body_.if_object();
    const bool begun = members.size() != 1 || members.front().key != kFrames;
    // Before the message nothing means anything: kept frames are not understood again.
    write_kept(body_.find(kFrames), now_ms_ * 1000, frames_);
    if (begun) message_start(whole);
    if (const Json::Array* blocks = content()) {
      for (std::size_t i = 0; i < blocks->size(); ++i) {
        block(i, (*blocks)[i], !whole && i + 1 == blocks->size());
      }
    }
    now_ms_ = std::max(now_ms_, time_of(track_, "end", 0));
    if (whole) {
      message_delta();
      put(event("message_stop"));
    }
    return std::move(frames_);
  }

 private:
  static Json event(std::string_view type) {
    Json json;
    json.add("type", type);
    return json;
  }
  static Json event(std::string_view type, std::size_t index) {
    Json json = event(type);
    json.add("index", index);
    return json;
  }

  void put(const Json& data) {
    frames_.push_back({now_ms_ * 1000, std::string(text_of(data.find("type"), "")), dump(data)});
  }

  /// The blocks, where they are such that a stream can bring them one by one.
  [[nodiscard]] const Json::Array* content() const {
    const Json* content = body_.find("content");
    const Json::Array* blocks = content == nullptr ? nullptr : content->if_array();
    if (blocks == nullptr) return nullptr;
    const bool objects = std::all_of(blocks->begin(), blocks->end(),
                                     [](const Json& each) { return each.is_object(); });
    return objects ? blocks : nullptr;
  }

  static bool late(const Json::Member& each) {
    return std::find(kLate.begin(), kLate.end(), each.key) != kLate.end();
  }

  void message_start(bool whole) {
    Json message(Json::Object{});
    for (const auto& each : *body_.if_object()) {
      if (each.key == kFrames) continue;
      if (each.key == "content" && content() != nullptr) {
        message.add("content", Json(Json::Array{}));
      } else if (whole && late(each)) {
        message.add(each.key, nullptr);
      } else if (whole && each.key == "usage") {
        message.add("usage", first_usage(each.value));
      } else {
        message.add(each.key, each.value);
      }
    }
    Json data = event("message_start");
    data.add("message", std::move(message));
    put(data);
  }

  /// The counters known before the answer; of the answer, a first token.
  static Json first_usage(Json usage) {
    if (Json* output = usage.find("output_tokens"); output != nullptr && output->is_number()) {
      *output = 1;
    }
    return usage;
  }

  void message_delta() {
    Json delta(Json::Object{});
    Json data = event("message_delta");
    for (const auto& each : *body_.if_object()) {
      if (late(each) && each.key != "context_management") delta.add(each.key, each.value);
    }
    data.add("delta", std::move(delta));
    Json usage(Json::Object{});
    const Json* all = body_.find("usage");
    for (const std::string_view key : {"input_tokens", "cache_creation_input_tokens",
                                       "cache_read_input_tokens", "output_tokens"}) {
      const Json* count = member(all, key);
      if (count != nullptr && count->is_number()) usage.add(std::string(key), *count);
    }
    data.add("usage", std::move(usage));
    const Json* edits = body_.find("context_management");
    if (edits != nullptr) data.add("context_management", *edits);
    put(data);
  }

  [[nodiscard]] BlockTrack track_of(std::size_t index, const Json& block) const {
    BlockTrack made;
    const std::string name = std::to_string(index);
    if (track_.is_object()) {
      const auto read = [&](const std::string& key, bool with_start) {
        NumberReader numbers(text_of(track_.find(key), ""));
        if (with_start) made.start_ms = numbers.next().value_or(now_ms_);
        return numbers.deltas(made.start_ms);
      };
      made.deltas = read(name, true);
      made.citations = read(name + "c", false);
      made.signature = read(name + "s", false);
      return made;
    }
    made.deltas = {{0, text_of_block(block).size()}};
    if (made.deltas[0].bytes == 0) made.deltas.clear();
    const Json* cited = block.find("citations");
    if (cited != nullptr && cited->is_array()) made.citations.resize(cited->if_array()->size());
    if (!text_of(block.find("signature"), "").empty()) made.signature = {{0, 0}};
    return made;
  }

  /// What deltas bring of a block: its text, or its input as text of JSON.
  static std::string text_of_block(const Json& block) {
    const auto type = text_of(block.find("type"), "");
    if (const auto key = text_key(type); !key.empty()) {
      return std::string(text_of(block.find(key), ""));
    }
    const Json* input = has_input(type) ? block.find("input") : nullptr;
    if (input == nullptr) return {};
    if (input->is_object()) return input->if_object()->empty() ? std::string() : dump(*input);
    // Text that did not parse; of another kind of value, nothing that deltas could bring.
    const auto* text = input->if_string();
    if (text == nullptr) return {};
    const auto parsed = parse_json(*text);
    return parsed && parsed->is_object() ? std::string() : *text;
  }

  void block(std::size_t index, const Json& block, bool last) {
    const BlockTrack track = track_of(index, block);
    now_ms_ = std::max(now_ms_, track.start_ms);
    const auto type = text_of(block.find("type"), "");
    std::string text = text_of_block(block);
    std::size_t bytes = 0;
    for (const Delta& each : track.deltas) bytes += each.bytes;
    const Json* input = has_input(type) ? block.find("input") : nullptr;
    if (bytes == 2 && text.empty() && input != nullptr && input->is_object()) text = "{}";
    if (bytes == 0) text.clear();

    // What the deltas do not bring stands at the start.
    Json first = block;
    std::string_view brought = text;
    if (const auto key = text_key(type); !key.empty() && !track.deltas.empty()) {
      const Delta before{0, text.size() - std::min(bytes, text.size())};
      const std::size_t at = bytes == 0 ? 0 : cut(text, std::vector<Delta>{before, {}}).front();
      if (Json* value = first.find(key); value != nullptr && bytes > 0) {
        *value = Json(std::string(brought.substr(0, at)));
      }
      brought.remove_prefix(at);
    } else if (!text.empty() && input != nullptr) {
      set_member(first, "input", Json(Json::Object{}));
    }
    const Json* cited = block.find("citations");
    const Json::Array* citations = cited == nullptr ? nullptr : cited->if_array();
    const std::size_t late_ones =
        citations == nullptr ? 0 : std::min(citations->size(), track.citations.size());
    if (late_ones > 0) {
      const auto end = citations->end() - static_cast<std::ptrdiff_t>(late_ones);
      *first.find("citations") = Json(Json::Array(citations->begin(), end));
    }
    if (!track.signature.empty() && first.find("signature") != nullptr) {
      *first.find("signature") = Json("");
    }
    Json data = event("content_block_start", index);
    data.add("content_block", std::move(first));
    put(data);
    deltas(index, block, track, brought, late_ones);
    if (last) now_ms_ = std::max(now_ms_, time_of(track_, "end", 0));
    put(event("content_block_stop", index));
  }

  void deltas(std::size_t index, const Json& block, const BlockTrack& track,
              std::string_view brought, std::size_t late_ones) {
    std::vector<std::pair<std::uint64_t, Json>> all;
    const auto add = [&](std::uint64_t at_ms, Json delta) {
      all.emplace_back(at_ms, std::move(delta));
    };
    const auto type = text_of(block.find("type"), "");
    const std::string_view key = has_input(type) ? "partial_json" : text_key(type);
    const std::string kind = has_input(type) ? "input_json_delta" : std::string(type) + "_delta";
    if (!key.empty()) {
      const auto ends = cut(brought, track.deltas);
      std::size_t from = 0;
      for (std::size_t i = 0; i < ends.size(); ++i) {
        Json delta = event(kind);
        delta.add(std::string(key), brought.substr(from, ends[i] - from));
        add(track.deltas[i].at_ms, std::move(delta));
        from = ends[i];
      }
    }
    if (late_ones > 0) {
      const Json::Array& citations = *block.find("citations")->if_array();
      for (std::size_t i = 0; i < late_ones; ++i) {
        Json delta = event("citations_delta");
        delta.add("citation", citations[citations.size() - late_ones + i]);
        add(track.citations[track.citations.size() - late_ones + i].at_ms, std::move(delta));
      }
    }
    if (const Json* signature = block.find("signature");
        signature != nullptr && !track.signature.empty()) {
      Json delta = event("signature_delta");
      delta.add("signature", *signature);
      add(track.signature.front().at_ms, std::move(delta));
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [at_ms, delta] : all) {
      now_ms_ = std::max(now_ms_, at_ms);
      Json data = event("content_block_delta", index);
      data.add("delta", std::move(delta));
      put(data);
    }
  }

  const Json& body_;
  const Json& track_;
  std::uint64_t now_ms_ = 0;
  std::vector<TimedFrame> frames_;
};

}  // namespace

std::vector<TimedFrame> write_stream(const Json& body, const Json& track) {
  return Writer(body, track).write();
}

}  // namespace hansard::events::anthropic
