#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hansard::http {

/// Writes one JSON text front to back, without a tree (`events::Json` is one); commas are its
/// business. The caller balances begins and ends; texts are UTF-8. Confined to one function.
class JsonOut {
 public:
  JsonOut& object() { return begin('{'); }
  JsonOut& end_object() { return end('}'); }
  JsonOut& array() { return begin('['); }
  JsonOut& end_array() { return end(']'); }
  JsonOut& key(std::string_view name);
  JsonOut& string(std::string_view text);
  JsonOut& number(std::uint64_t value);
  JsonOut& boolean(bool value);
  JsonOut& null();
  /// `json` is a complete JSON text already.
  JsonOut& raw(std::string_view json);

  // The common pairs.
  JsonOut& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonOut& member(std::string_view name, const char* text) { return key(name).string(text); }
  JsonOut& member(std::string_view name, std::uint64_t value) { return key(name).number(value); }
  JsonOut& member(std::string_view name, bool value) { return key(name).boolean(value); }

  [[nodiscard]] std::string take() { return std::move(out_); }
  [[nodiscard]] std::size_t size() const { return out_.size(); }

 private:
  JsonOut& begin(char bracket);
  JsonOut& end(char bracket);
  void separate();

  std::string out_;
  bool first_ = true;
};

}  // namespace hansard::http
