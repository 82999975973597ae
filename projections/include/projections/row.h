#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Building blocks of compact rows and keys.
///   varint  unsigned LEB128: 7 bits a byte, low bits first, at most 10 bytes
///   text    varint length, then the bytes
///   ordered keys: big-endian numbers; names end with a zero byte (which no name contains)
namespace hansard::projections::row {

/// Appends to a string that the caller owns. Cheap to make.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void byte(std::uint8_t value) { out_ += static_cast<char>(value); }
  void bytes(std::string_view value) { out_ += value; }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    byte(static_cast<std::uint8_t>(value));
  }
  /// Small for small magnitudes of either sign (zigzag).
  void signed_varint(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(std::string_view value) {
    varint(value.size());
    bytes(value);
  }
  /// Nothing is 0, otherwise the length plus one: absent and empty differ.
  void optional_text(const std::optional<std::string_view>& value) {
    varint(value ? value->size() + 1 : 0);
    if (value) bytes(*value);
  }
  void big_endian_32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) byte(static_cast<std::uint8_t>(value >> shift));
  }
  void big_endian_64(std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) byte(static_cast<std::uint8_t>(value >> shift));
  }
  /// A name that contains no zero byte, and a zero byte.
  void name(std::string_view value) {
    bytes(value);
    byte(0);
  }

 private:
  std::string& out_;
};

/// Reads what `Writer` wrote. After a malformed byte every read answers zero or empty and `ok()`
/// is false, so that a row is checked once, at its end. Views point into the input.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  std::uint8_t byte() {
    if (in_.empty()) return fail();
    const auto value = static_cast<std::uint8_t>(in_.front());
    in_.remove_prefix(1);
    return value;
  }
  std::string_view bytes(std::size_t count) {
    if (in_.size() < count) {
      fail();
      return {};
    }
    const auto value = in_.substr(0, count);
    in_.remove_prefix(count);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint64_t next = byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    return fail();
  }
  std::int64_t signed_varint() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::string_view text() { return bytes(varint()); }
  std::optional<std::string_view> optional_text() {
    const std::uint64_t size = varint();
    if (size == 0) return std::nullopt;
    return bytes(size - 1);
  }
  std::uint32_t big_endian_32() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | byte();
    return value;
  }
  std::uint64_t big_endian_64() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }
  std::string_view name() {
    const auto end = in_.find('\0');
    if (end == std::string_view::npos) {
      fail();
      return {};
    }
    const auto value = in_.substr(0, end);
    in_.remove_prefix(end + 1);
    return value;
  }
  [[nodiscard]] std::string_view rest() const { return in_; }
  [[nodiscard]] bool ok() const { return ok_; }
  /// Everything was well formed and nothing is left over.
  [[nodiscard]] bool done() const { return ok_ && in_.empty(); }

 private:
  std::uint8_t fail() {
    ok_ = false;
    in_ = {};
    return 0;
  }
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace hansard::projections::row
