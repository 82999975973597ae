#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/pricing/priced_call.h"

namespace hansard::events::pricing {

/// Entries as a book's JSON has them; the test fails where they do not read.
inline std::vector<PriceEntry> entries_of(const std::string& json) {
  auto tree = parse_json(json);
  if (!tree) {
    ADD_FAILURE() << tree.error().message;
    return {};
  }
  auto entries = parse_price_entries(*tree, "entries");
  if (!entries) {
    ADD_FAILURE() << entries.error().message;
    return {};
  }
  return *std::move(entries);
}

inline Price price_from(const std::string& members) {
  auto entries = entries_of(R"([{"model":"m",)" + members + "}]");
  return entries.empty() ? Price{} : entries.front().price;
}

inline core::Timestamp moment(std::string_view text) {
  auto time = core::parse_time(text);
  if (!time) ADD_FAILURE() << time.error().message;
  return time ? *time : core::Timestamp{};
}

inline core::Timestamp day(std::string_view text) {
  return moment(std::string(text) + "T00:00:00Z");
}

}  // namespace hansard::events::pricing
