#include <algorithm>
#include <map>
#include <utility>

#include "dialects/cadence.h"
#include "dialects/frames.h"
#include "dialects/original.h"
#include "stream.h"

namespace hansard::events::anthropic {
namespace {

/// The text that `object` keeps under `key`; made where there is none or null.
std::string& text_member(Json& object, std::string_view key) {
  Json* value = object.find(key);
  if (value == nullptr) {
    object.add(std::string(key), "");
    value = &object.if_object()->back().value;
  }
  if (!value->is_string()) *value = Json("");
  return *value->if_string();
}

/// Counters that are there and not null take the place of others.
void overlay_usage(const Json* usage, Json& message) {
  if (usage == nullptr || !usage->is_object()) return;
  for (const auto& each : *usage->if_object()) {
    if (each.value.is_null()) continue;
    const Json* known = message.find("usage");
    if (known == nullptr || !known->is_object()) {
      set_member(message, "usage", Json(Json::Object{}));
    }
    set_member(*message.find("usage"), each.key, each.value);
  }
}

struct Block {
  Json json;
  bool open = true;
  std::uint64_t start_ms = 0;
  std::string input;  ///< text of JSON that has come
  Deltas deltas;
  Deltas citations;
  Deltas signature;

  void close() {
    open = false;
    if (deltas.empty() || !has_input(text_of(json.find("type"), ""))) return;
    if (input.empty()) return;  // what stood at the start counts: {}
    auto parsed = parse_json(input);
    if (parsed && parsed->is_object()) {
      fit_json(deltas, input, dump(*parsed));
      set_member(json, "input", *std::move(parsed));
    } else {
      set_member(json, "input", Json(std::exchange(input, {})));
    }
  }
};

class Stream final : public StreamedAnswer {
 public:
  FrameKind add(const StreamFrame& frame, std::uint64_t at_us) override {
    now_ms_ = milliseconds(at_us);
    if (!start_ms_) start_ms_ = now_ms_;
    auto data = parse_json(frame.data);
    const bool object = data && data->is_object();
    const std::string_view type = text_of(object ? data->find("type") : nullptr, frame.event);
    if (type == "error") {
      if (!error_) error_ = data ? *std::move(data) : Json(frame.data);
      return FrameKind::error;
    }
    if (type == "ping") return FrameKind::other;
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
    Json::Array content;
    for (Block& block : blocks_) {
      if (block.open) block.close();
    }
    end.track = track();
    for (Block& block : blocks_) content.push_back(std::move(block.json));
    if (message_.is_object()) {
      if (Json* known = message_.find("content"); known != nullptr && known->is_array()) {
        *known = Json(std::move(content));
      }
      const Json* begun = member(message_.find("usage"), "output_tokens");
      if (!counted_ && begun != nullptr && begun->is_number()) {
        drop_member(*message_.find("usage"), "output_tokens");
      }
    }
    if (!frames_.empty()) message_.add(std::string(kFrames), std::move(frames_));
    end.body = std::move(message_);
    return end;
  }

 private:
  std::optional<FrameKind> understand(std::string_view type, Json& data) {
    if (type == "message_start") return message_start(data);
    if (!message_.is_object()) return std::nullopt;
    if (type == "content_block_start") return block_start(data);
    if (type == "content_block_delta") return block_delta(data);
    if (type == "content_block_stop") return block_stop(data);
    if (type == "message_delta") return message_delta(data);
    if (type != "message_stop") return std::nullopt;
    complete_ = true;
    return FrameKind::terminator;
  }

  std::optional<FrameKind> message_start(Json& data) {
    Json* message = data.find("message");
    if (message == nullptr || !message->is_object()) return std::nullopt;
    if (message->find(kFrames) != nullptr) return std::nullopt;  // the name is taken
    // Some messages come whole: their counters are those of the end.
    counted_ = counted_ || !text_of(message->find("stop_reason"), "").empty();
    if (message_.is_object()) {
      for (auto& each : *message->if_object()) {
        if (!ours(each.key)) set_member(message_, each.key, std::move(each.value));
      }
      overlay_usage(message->find("usage"), message_);
      return FrameKind::other;
    }
    message_ = std::move(*message);
    if (Json* content = message_.find("content"); content == nullptr) {
      message_.add("content", Json(Json::Array{}));
    } else if (Json::Array* blocks = content->if_array()) {
      for (Json& each : *blocks) {
        open_[blocks_.size()] = blocks_.size();
        blocks_.push_back({std::move(each), false, now_ms_, {}, {}, {}, {}});
      }
    } else {
      *content = Json(Json::Array{});
    }
    return FrameKind::other;
  }

  std::optional<FrameKind> block_start(Json& data) {
    const auto index = index_of(data);
    Json* json = data.find("content_block");
    if (!index || json == nullptr || !json->is_object()) return std::nullopt;
    if (Block* before = open_block(*index)) before->close();
    open_[*index] = blocks_.size();
    const auto type = text_of(json->find("type"), "");
    // Another model takes over: without streaming, the message names that one.
    const Json* model = type == "fallback" ? member(json->find("to"), "model") : nullptr;
    if (model != nullptr && model->is_string()) set_member(message_, "model", *model);
    const std::string_view key = text_key(type);
    const bool says = key.empty() ? true : !text_of(json->find(key), "").empty();
    blocks_.push_back({std::move(*json), true, now_ms_, {}, {}, {}, {}});
    return says ? FrameKind::content : FrameKind::other;
  }

  std::optional<FrameKind> block_delta(Json& data) {
    const auto index = index_of(data);
    Block* block = index ? open_block(*index) : nullptr;
    Json* delta = data.find("delta");
    if (block == nullptr || delta == nullptr || !delta->is_object()) return std::nullopt;
    const auto type = text_of(delta->find("type"), "");
    const auto block_type = text_of(block->json.find("type"), "");
    if (type == "citations_delta") return citation(*block, *delta);
    if (type == "signature_delta") return signature(*block, *delta);
    if (type == "input_json_delta") {
      const Json* part = delta->find("partial_json");
      if (part == nullptr || !part->is_string() || !has_input(block_type)) return std::nullopt;
      return said(*part->if_string(), block->input, *block);
    }
    const std::string_view key = text_key(block_type);
    const bool fits = !key.empty() && type == std::string(block_type) + "_delta";
    const Json* text = fits ? delta->find(key) : nullptr;
    if (text == nullptr || !text->is_string()) return std::nullopt;
    return said(*text->if_string(), text_member(block->json, key), *block);
  }

  FrameKind said(const std::string& text, std::string& to, Block& block) const {
    to.append(text);
    block.deltas.push_back({now_ms_, text.size()});
    return text.empty() ? FrameKind::other : FrameKind::content;
  }

  std::optional<FrameKind> citation(Block& block, Json& delta) const {
    Json* citation = delta.find("citation");
    if (citation == nullptr) return std::nullopt;
    Json* list = block.json.find("citations");
    if (list == nullptr || !list->is_array()) {
      set_member(block.json, "citations", Json(Json::Array{}));
      list = block.json.find("citations");
    }
    list->push(std::move(*citation));
    block.citations.push_back({now_ms_, 1});
    return FrameKind::content;
  }

  std::optional<FrameKind> signature(Block& block, const Json& delta) const {
    const Json* signature = delta.find("signature");
    if (signature == nullptr || !signature->is_string()) return std::nullopt;
    set_member(block.json, "signature", *signature);
    block.signature = {{now_ms_, signature->if_string()->size()}};
    return FrameKind::other;
  }

  std::optional<FrameKind> block_stop(const Json& data) {
    const auto index = index_of(data);
    Block* block = index ? open_block(*index) : nullptr;
    if (block == nullptr) return std::nullopt;
    block->close();
    return FrameKind::other;
  }

  std::optional<FrameKind> message_delta(Json& data) {
    Json* delta = data.find("delta");
    if (delta == nullptr || !delta->is_object()) return std::nullopt;
    for (auto& each : *delta->if_object()) {
      if (!ours(each.key)) set_member(message_, each.key, std::move(each.value));
    }
    const Json* usage = data.find("usage");
    overlay_usage(usage, message_);
    const Json* output = member(usage, "output_tokens");
    counted_ = counted_ || (output != nullptr && output->is_number());
    for (auto& each : *data.if_object()) {
      if (ours(each.key) || each.key == "type" || each.key == "delta") continue;
      set_member(message_, each.key, std::move(each.value));
    }
    return FrameKind::other;
  }

  /// Members that this class puts together, whatever else a frame says.
  static bool ours(std::string_view key) {
    return key == "content" || key == "usage" || key == kFrames;
  }

  static std::optional<std::uint64_t> index_of(const Json& data) {
    const Json* index = data.find("index");
    if (index == nullptr) return std::nullopt;
    const auto read = index->as_uint("index");
    return read ? std::optional<std::uint64_t>(*read) : std::nullopt;
  }

  Block* open_block(std::uint64_t index) {
    const auto found = open_.find(index);
    if (found == open_.end() || !blocks_[found->second].open) return nullptr;
    return &blocks_[found->second];
  }

  [[nodiscard]] Json track() const {
    const bool any = std::any_of(blocks_.begin(), blocks_.end(), [](const Block& each) {
      return !each.deltas.empty() || !each.citations.empty() || !each.signature.empty();
    });
    if (!any) return {};
    Json track;
    track.add("start", *start_ms_);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const Block& block = blocks_[i];
      const std::string name = std::to_string(i);
      const auto add = [&](std::string_view suffix, const Deltas& deltas) {
        std::string text;
        if (suffix.empty()) put_number(block.start_ms, text);
        put_deltas(deltas, block.start_ms, text);
        if (!text.empty()) track.add(name + std::string(suffix), std::move(text));
      };
      add("", block.deltas);
      add("c", block.citations);
      add("s", block.signature);
    }
    track.add("end", now_ms_);
    return track;
  }

  Json message_;
  std::vector<Block> blocks_;
  std::map<std::uint64_t, std::size_t> open_;  ///< index of a block -> the latest that has it
  Json::Array frames_;
  std::optional<Json> error_;
  std::optional<std::uint64_t> start_ms_;
  std::uint64_t now_ms_ = 0;
  bool complete_ = false;
  bool counted_ = false;  ///< `output_tokens` is that of the whole answer
};

}  // namespace

std::string_view text_key(std::string_view block_type) {
  if (block_type == "text") return "text";
  if (block_type == "thinking") return "thinking";
  if (block_type == "compaction") return "content";
  return {};
}

bool has_input(std::string_view block_type) { return block_type.ends_with("tool_use"); }

std::unique_ptr<StreamedAnswer> make_stream() { return std::make_unique<Stream>(); }

}  // namespace hansard::events::anthropic
