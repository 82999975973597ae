#pragma once

#include <string>
#include <string_view>

#include "events/session/usage.h"
#include "projections/row.h"

namespace hansard::projections {

/// Token sums in a row: varint of the classes that are known (bit 0: the first in display order),
/// then a varint for each of those.
inline void write_usage(row::Writer& out, const events::Usage& usage) {
  std::uint64_t known = 0;
  std::uint64_t bit = 1;
  events::for_each_class(usage, [&](std::string_view, const auto& tokens) {
    if (tokens) known |= bit;
    bit <<= 1;
  });
  out.varint(known);
  events::for_each_class(usage, [&](std::string_view, const auto& tokens) {
    if (tokens) out.varint(*tokens);
  });
}

inline events::Usage read_usage(row::Reader& in) {
  struct Visitor {
    row::Reader& in;
    std::uint64_t known;
    events::Usage usage = {};
    void field(std::string_view, std::optional<std::uint64_t> events::Usage::*member) {
      if (known & 1) usage.*member = in.varint();
      known >>= 1;
    }
  } visitor{in, in.varint()};
  events::Usage::fields(visitor);
  return visitor.usage;
}

/// A keyed hash as rows hold it: 32 bytes for 64 digits of lower-case hex, anything else as it is.
std::string pack_hash(std::string_view hex);
std::string unpack_hash(std::string_view packed);

}  // namespace hansard::projections
