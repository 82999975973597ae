#include "projections/facts/packing.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/assert.h"
#include "projections/facts/columns.h"
#include "projections/row.h"

namespace hansard::projections::facts {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kPadding = 8;
/// A value of this width or less lies within the word that begins at its first byte.
constexpr unsigned kOneWordBits = 57;

static_assert(std::endian::native == std::endian::little, "words are read as they stand");

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

constexpr std::uint64_t mask_of(unsigned width) {
  return width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

core::Error damaged() {
  return core::Error{core::Errc::corruption, "a column of calls cannot be read"};
}

}  // namespace

Zone zone_of(std::span<const std::int64_t> values) {
  Zone zone;
  for (const std::int64_t value : values) {
    if (value == kNull) {
      zone.nulls = true;
      continue;
    }
    zone.min = zone.any ? std::min(zone.min, value) : value;
    zone.max = zone.any ? std::max(zone.max, value) : value;
    zone.any = true;
  }
  return zone;
}

std::string pack(std::span<const std::int64_t> values) {
  const Zone zone = zone_of(values);
  const auto base = static_cast<std::uint64_t>(zone.min);
  std::uint64_t largest = static_cast<std::uint64_t>(zone.max) - base;
  if (zone.any && zone.nulls) {
    HANSARD_ASSERT(largest != ~std::uint64_t{0}, "room is left for what is unknown");
    ++largest;
  }
  const auto width = static_cast<unsigned>(std::bit_width(largest));
  std::string out;
  row::Writer writer(out);
  writer.byte(kFormat);
  writer.byte(zone.nulls ? 1 : 0);
  writer.varint(values.size());
  writer.signed_varint(zone.min);
  writer.byte(static_cast<std::uint8_t>(width));
  const std::size_t start = out.size();
  out.resize(start + (values.size() * width + 7) / 8 + kPadding);
  if (width == 0) return out;
  char* bits = out.data() + start;
  std::size_t at = 0;
  for (const std::int64_t value : values) {
    const std::uint64_t code =
        value == kNull ? 0 : static_cast<std::uint64_t>(value) - base + (zone.nulls ? 1 : 0);
    char* byte = bits + at / 8;
    const auto shift = static_cast<unsigned>(at % 8);
    const std::uint64_t low = word_at(byte) | code << shift;
    std::memcpy(byte, &low, sizeof low);
    if (shift + width > 64) byte[8] = static_cast<char>(code >> (64 - shift));
    at += width;
  }
  return out;
}

core::Result<Packed> Packed::open(std::string_view bytes) {
  row::Reader in(bytes);
  const std::uint8_t format = in.byte();
  const std::uint8_t nulls = in.byte();
  Packed packed;
  packed.size_ = in.varint();
  packed.base_ = static_cast<std::uint64_t>(in.signed_varint());
  packed.width_ = in.byte();
  packed.nulls_ = nulls == 1;
  packed.bits_ = in.rest();
  // The first bound keeps the product below from wrapping.
  if (!in.ok() || format != kFormat || nulls > 1 || packed.width_ > 64 ||
      packed.size_ > std::size_t{1} << 32 ||
      packed.bits_.size() != (packed.size_ * packed.width_ + 7) / 8 + kPadding) {
    return damaged();
  }
  return packed;
}

void Packed::read(std::size_t from, std::span<std::int64_t> out) const {
  HANSARD_ASSERT(from <= size_ && out.size() <= size_ - from, "within the column");
  if (width_ == 0) {
    const std::int64_t only = nulls_ ? kNull : static_cast<std::int64_t>(base_);
    std::fill(out.begin(), out.end(), only);
    return;
  }
  const char* const bits = bits_.data();
  const std::uint64_t mask = mask_of(width_);
  const std::uint64_t base = nulls_ ? base_ - 1 : base_;
  std::size_t at = from * width_;
  if (width_ <= kOneWordBits) {
    for (std::int64_t& value : out) {
      const std::uint64_t code = (word_at(bits + at / 8) >> (at % 8)) & mask;
      value = static_cast<std::int64_t>(base + code);
      at += width_;
    }
  } else {
    for (std::int64_t& value : out) {
      const auto shift = static_cast<unsigned>(at % 8);
      std::uint64_t code = word_at(bits + at / 8) >> shift;
      if (shift != 0)
        code |= std::uint64_t{static_cast<std::uint8_t>(bits[at / 8 + 8])} << (64 - shift);
      value = static_cast<std::int64_t>(base + (code & mask));
      at += width_;
    }
  }
  if (!nulls_) return;
  // What stands for the unknown came out as one below the least.
  const auto unknown = static_cast<std::int64_t>(base);
  for (std::int64_t& value : out) value = value == unknown ? kNull : value;
}

}  // namespace hansard::projections::facts
