#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hansard::events {

/// Tokens of one call in disjoint classes: every token is counted in exactly one, so the sum is the
/// provider's total and each class has one price. Absent means the source does not say; never 0
/// instead. How each provider's counters map is the business of its dialect.
struct Usage {
  std::optional<std::uint64_t> input_text;  ///< neither cached nor of another medium
  std::optional<std::uint64_t> input_cache_read;
  std::optional<std::uint64_t> input_cache_write_5m;
  std::optional<std::uint64_t> input_cache_write_1h;
  std::optional<std::uint64_t> input_cache_write_other;  ///< life time not told
  std::optional<std::uint64_t> input_audio;
  std::optional<std::uint64_t> input_image;
  std::optional<std::uint64_t> input_video;
  std::optional<std::uint64_t> output_text;
  std::optional<std::uint64_t> output_reasoning;
  std::optional<std::uint64_t> output_audio;
  std::optional<std::uint64_t> output_image;

  bool operator==(const Usage&) const = default;

  /// The one list of classes, in display order.
  template <class V>
  static void fields(V& v) {
    v.field("input_text", &Usage::input_text);
    v.field("input_cache_read", &Usage::input_cache_read);
    v.field("input_cache_write_5m", &Usage::input_cache_write_5m);
    v.field("input_cache_write_1h", &Usage::input_cache_write_1h);
    v.field("input_cache_write_other", &Usage::input_cache_write_other);
    v.field("input_audio", &Usage::input_audio);
    v.field("input_image", &Usage::input_image);
    v.field("input_video", &Usage::input_video);
    v.field("output_text", &Usage::output_text);
    v.field("output_reasoning", &Usage::output_reasoning);
    v.field("output_audio", &Usage::output_audio);
    v.field("output_image", &Usage::output_image);
  }
};

/// Calls `f(name, optional value)` for every class, in display order.
template <class F>
void for_each_class(const Usage& usage, F&& f) {
  struct Visitor {
    const Usage& usage;
    F& f;
    void field(std::string_view name, std::optional<std::uint64_t> Usage::*member) {
      f(name, usage.*member);
    }
  } visitor{usage, f};
  Usage::fields(visitor);
}

}  // namespace hansard::events
