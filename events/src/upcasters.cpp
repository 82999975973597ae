#include "events/upcasters.h"

#include "core/assert.h"

namespace hansard::events {

Upcasters::Upcasters(std::vector<Upcaster> list) {
  for (Upcaster& upcaster : list) {
    auto& chain = by_type_[upcaster.type];
    HANSARD_ASSERT(upcaster.from == chain.size() + 1, "upcasters are listed in order, from 1");
    chain.push_back(std::move(upcaster));
  }
}

// Every type is still at schema 1. The first change of a shape adds its upcaster here, and a golden
// file beside the old one.
Upcasters Upcasters::built_in() { return {}; }

std::uint16_t Upcasters::current(std::string_view type) const {
  const auto found = by_type_.find(type);
  if (found == by_type_.end()) return 1;
  return static_cast<std::uint16_t>(found->second.size() + 1);
}

core::Status Upcasters::apply(std::string_view type, std::uint16_t from, Json::Object& facts,
                              Json::Object& content) const {
  const std::uint16_t newest = current(type);
  if (from == 0 || from > newest) {
    return core::Error{.code = core::Errc::unsupported,
                       .message = std::string(type) + " has schema " + std::to_string(from) +
                                  ", this build reads 1 to " + std::to_string(newest),
                       .field = "schema"};
  }
  if (from == newest) return core::Ok{};
  const auto& chain = by_type_.find(type)->second;
  for (std::size_t i = from - 1U; i < chain.size(); ++i) {
    if (auto status = chain[i].apply(facts, content); !status) return status;
  }
  return core::Ok{};
}

}  // namespace hansard::events
