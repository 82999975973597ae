#include "events/system/prices.h"

#include <utility>
#include <variant>

#include "events/system/events.h"

namespace hansard::events {
namespace {

using core::Ok;
using core::Result;
using core::Status;

Result<std::optional<core::Timestamp>> moment_in(const std::optional<std::string>& text,
                                                 std::string_view path) {
  if (!text) return std::optional<core::Timestamp>();
  auto time = core::parse_time(*text);
  if (!time) return bad_field(path, "expected a time like 2026-08-01T00:00:00Z");
  return std::optional<core::Timestamp>(*time);
}

struct Read {
  pricing::PriceBook::Source source;
  std::vector<pricing::PriceEntry> entries;
};

Result<Read> read(const PricesPublished& event, core::Position position) {
  if (event.part < 1 || event.part > event.parts) {
    return bad_field("facts.part", "expected 1.." + std::to_string(event.parts) + ", found " +
                                       std::to_string(event.part));
  }
  auto effective = moment_in(event.effective_from, "facts.effective_from");
  if (!effective) return std::move(effective.error());
  auto collected = moment_in(event.collected_at, "facts.collected_at");
  if (!collected) return std::move(collected.error());
  auto entries = pricing::parse_price_entries(event.entries, "facts.entries");
  if (!entries) return std::move(entries.error());
  return Read{{position, event.book, event.version, *effective, *collected}, *std::move(entries)};
}

}  // namespace

Status check(const PricesPublished& event) {
  auto parsed = read(event, core::Position{});
  if (!parsed) return std::move(parsed.error());
  return Ok{};
}

std::vector<PricesPublished> in_parts(PricesPublished whole) {
  Json::Array entries;
  if (auto* array = whole.entries.if_array()) entries = std::move(*array);
  whole.entries = Json(Json::Array{});
  std::vector<PricesPublished> parts(1, whole);
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (Json& entry : entries) {
    const std::size_t size = dump(entry).size() + 1;
    if (count > 0 && (bytes + size > kMaxPricesPartBytes || count == pricing::kMaxPriceEntries)) {
      parts.push_back(whole);
      bytes = 0;
      count = 0;
    }
    parts.back().entries.push(std::move(entry));
    bytes += size;
    ++count;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].part = static_cast<std::uint32_t>(i + 1);
    parts[i].parts = static_cast<std::uint32_t>(parts.size());
  }
  return parts;
}

Status add_prices(const PricesPublished& event, std::string_view project, core::Position position,
                  pricing::PriceBook& book) {
  auto parsed = read(event, position);
  if (!parsed) return std::move(parsed.error());
  book.publish(project, parsed->source, std::move(parsed->entries));
  return Ok{};
}

Result<bool> add_prices(const core::RecordedEvent& event, pricing::PriceBook& book) {
  if (event.type != PricesPublished::kType) return false;
  // System events have no content; an erasure leaves none either.
  const auto decoded = decode_system(event.type, event.schema, event.facts, "{}");
  if (!decoded) return decoded.error();
  const auto& published = std::get<PricesPublished>(*decoded);
  if (auto status = add_prices(published, event.project, event.position, book); !status) {
    return std::move(status.error());
  }
  return true;
}

}  // namespace hansard::events
