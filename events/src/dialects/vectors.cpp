#include "dialects/vectors.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "dialects/frames.h"
#include "dialects/original.h"

namespace hansard::events {
namespace {

constexpr std::string_view kFrames = "_frames";

/// RFC 4648 §4; nothing where the text is something else. White space is not accepted.
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static const auto kValues = [&] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kDigits.size(); ++i) {
      values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
    }
    return values;
  }();
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU));
  }
  return bytes;
}

void put_float(float value, std::string& out) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((bits >> shift) & 0xFFU));
  }
}

bool all_numbers(const Json::Array& list) {
  for (const Json& each : list) {
    if (!each.is_number()) return false;
  }
  return true;
}

class WholeStream final : public StreamedAnswer {
 public:
  explicit WholeStream(bool (*is_body)(const Json&)) : is_body_(is_body) {}

  FrameKind add(const StreamFrame& frame, std::uint64_t) override {
    auto data = parse_json(frame.data);
    const Json* failure = data ? data->find("error") : nullptr;
    if (failure != nullptr && !failure->is_null()) {
      if (!error_) error_ = *std::move(data);
      return FrameKind::error;
    }
    if (complete_) return FrameKind::other;
    if (data && data->is_object() && data->find(kFrames) == nullptr && is_body_(*data)) {
      body_ = *std::move(data);
      complete_ = true;
      return FrameKind::terminator;
    }
    frames_.push_back(kept_frame(frame));
    return FrameKind::other;
  }

  StreamEnd end() override {
    if (!frames_.empty()) body_.add(std::string(kFrames), std::move(frames_));
    return {std::move(body_), complete_, std::move(error_), Json()};
  }

 private:
  bool (*is_body_)(const Json&);
  Json body_;
  Json::Array frames_;
  std::optional<Json> error_;
  bool complete_ = false;
};

}  // namespace

core::Status VectorNotes::add(const Json& vector, std::string_view path) {
  if (const Json::Array* list = vector.if_array(); list != nullptr && all_numbers(*list)) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto value = (*list)[i].as_double("");
      if (!value || std::abs(*value) > static_cast<double>(std::numeric_limits<float>::max())) {
        return bad_field(join_path(path, i), "too large for a number of a vector");
      }
      put_float(static_cast<float>(*value), bytes_);
    }
    count(list->size());
    return core::Ok{};
  }
  const auto* text = vector.if_string();
  const auto decoded = text == nullptr ? std::nullopt : decode_base64(*text);
  if (decoded && decoded->size() % sizeof(float) == 0) {
    bytes_.append(*decoded);
    count(decoded->size() / sizeof(float));
  } else {
    dump_to(vector, bytes_);
    ++vectors_;
    known_ = false;
  }
  return core::Ok{};
}

void VectorNotes::count(std::size_t dimensions) {
  if (vectors_ == 0) dimensions_ = dimensions;
  known_ = known_ && dimensions == dimensions_;
  ++vectors_;
}

void VectorNotes::describe(const VectorHash& hash, Json& to) const {
  if (known_ && vectors_ > 0) to.add("dimensions", dimensions_);
  to.add("vectors", vectors_);
  if (!hash) return;
  const core::Hash sha = hash(bytes_);
  to.add("sha", core::to_hex(core::as_bytes(sha)));
}

std::unique_ptr<StreamedAnswer> make_whole_stream(bool (*is_body)(const Json& data)) {
  return std::make_unique<WholeStream>(is_body);
}

std::vector<TimedFrame> write_whole_stream(const Json& body) {
  std::vector<TimedFrame> frames;
  if (!body.is_object()) return frames;
  // Before the body nothing means anything: kept frames are not understood again.
  write_kept(body.find(kFrames), 0, frames);
  Json rest = body;
  drop_member(rest, kFrames);
  if (!rest.if_object()->empty()) frames.push_back({0, "", dump(rest)});
  return frames;
}

}  // namespace hansard::events
