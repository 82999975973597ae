#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "core/result.h"

/// For the files that read `hansard.toml`; nobody else pays for toml++.
namespace hansard::cli {

/// Walks one file; remembers the first thing that is wrong.
class TomlReader {
 public:
  explicit TomlReader(std::string file) : file_(std::move(file)) {}

  void fail(const toml::node& at, const std::string& name, const std::string& what) {
    if (error_) return;
    error_ = core::Error{
        core::Errc::invalid_argument,
        file_ + ":" + std::to_string(at.source().begin.line) + ": " + name + ": " + what, name};
  }
  void text(const toml::node& node, const std::string& name, std::string& out) {
    if (const auto value = node.value_exact<std::string>()) {
      out = *value;
    } else {
      fail(node, name, "expected a text");
    }
  }
  void texts(const toml::node& node, const std::string& name, std::vector<std::string>& out) {
    if (const auto* list = node.as_array()) {
      out.clear();
      for (const toml::node& element : *list) text(element, name, out.emplace_back());
    } else {
      out.resize(1);
      text(node, name, out.front());
    }
  }
  void number(const toml::node& node, const std::string& name, std::uint64_t& out) {
    const auto value = node.value_exact<std::int64_t>();
    if (value && *value >= 0) {
      out = static_cast<std::uint64_t>(*value);
    } else {
      fail(node, name, "expected a number that is not negative");
    }
  }
  void count(const toml::node& node, const std::string& name, std::size_t& out) {
    std::uint64_t value = out;
    number(node, name, value);
    out = static_cast<std::size_t>(value);
  }
  void small(const toml::node& node, const std::string& name, std::uint32_t& out) {
    std::uint64_t value = out;
    number(node, name, value);
    if (value > 1'000'000'000) return fail(node, name, "more than a billion");
    out = static_cast<std::uint32_t>(value);
  }
  /// A share: 0 to 1.
  void share(const toml::node& node, const std::string& name, double& out) {
    const auto value = node.value<double>();
    if (value && *value >= 0 && *value <= 1) {
      out = *value;
    } else {
      fail(node, name, "expected a share between 0 and 1");
    }
  }
  /// A length of time with its unit: `500ms`, `30s`, `2m`, `1h`, `7d`; at most a year.
  void wait(const toml::node& node, const std::string& name, std::chrono::milliseconds& out) {
    const auto text = node.value_exact<std::string>();
    const auto value = text ? parse_wait(*text) : std::nullopt;
    if (value) {
      out = *value;
    } else {
      fail(node, name,
           "expected a length of time like \"500ms\", \"30s\", \"2m\", \"1h\" or \"7d\"");
    }
  }
  void flag(const toml::node& node, const std::string& name, bool& out) {
    if (const auto value = node.value_exact<bool>()) {
      out = *value;
    } else {
      fail(node, name, "expected true or false");
    }
  }
  const toml::table* table(const toml::node& node, const std::string& name) {
    if (const auto* found = node.as_table()) return found;
    fail(node, name, "expected a table");
    return nullptr;
  }
  [[nodiscard]] core::Status status() const {
    if (error_) return *error_;
    return core::Ok{};
  }

 private:
  static std::optional<std::chrono::milliseconds> parse_wait(std::string_view text) {
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || value < 0) return {};
    const std::string_view unit = text.substr(static_cast<std::size_t>(read.ptr - text.data()));
    const std::int64_t unit_ms = unit == "ms"  ? 1
                                 : unit == "s" ? 1000
                                 : unit == "m" ? 60'000
                                 : unit == "h" ? 3'600'000
                                 : unit == "d" ? 86'400'000
                                               : 0;
    constexpr std::int64_t kMost = std::int64_t{366} * 86'400'000;
    if (unit_ms == 0 || value > kMost / unit_ms) return {};
    return std::chrono::milliseconds(value * unit_ms);
  }

  std::string file_;
  std::optional<core::Error> error_;
};

}  // namespace hansard::cli
