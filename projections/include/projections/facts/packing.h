#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

/// One column of a sealed segment in bytes: frame of reference and bit packing.
///   byte    format = 1
///   byte    1 when some values are unknown, else 0
///   varint  number of values
///   signed varint  the least known value
///   byte    width in bits, 0..64
///   width bits a value, low bits first, value after value: its distance from the least; where some
///           are unknown 0 stands for those and the distance is one more. Zero bits fill the byte.
///   8 zero bytes, so that a value may be read as a whole word
namespace hansard::projections::facts {

/// What a column of a segment spans; `min` and `max` mean nothing while `any` is false.
struct Zone {
  std::int64_t min = 0;
  std::int64_t max = 0;
  bool any = false;    ///< some value is known
  bool nulls = false;  ///< some value is unknown
  bool operator==(const Zone&) const = default;
};

Zone zone_of(std::span<const std::int64_t> values);

/// @pre of the values that are known, none lies 2^64-1 above another while one is unknown.
std::string pack(std::span<const std::int64_t> values);

/// A packed column, ready to read. Borrows the bytes. Cheap to copy; immutable.
class Packed {
 public:
  /// Errors: corruption.
  static core::Result<Packed> open(std::string_view bytes);
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Writes values `from`..`from + out.size()`. @pre they are within `size()`.
  /// Cost: about a nanosecond a value.
  void read(std::size_t from, std::span<std::int64_t> out) const;

 private:
  std::string_view bits_;  ///< with the zero bytes
  std::size_t size_ = 0;
  std::uint64_t base_ = 0;
  unsigned width_ = 0;
  bool nulls_ = false;
};

}  // namespace hansard::projections::facts
