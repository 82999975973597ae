#include "events/pricing/book_file.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "core/assert.h"
#include "default_book/data.h"

namespace hansard::events::pricing {
namespace {

using core::Result;

std::string line_name(std::size_t line) { return "line " + std::to_string(line); }

core::Error at_line(std::size_t line, core::Error error) {
  error.message = line_name(line) + ": " + error.message;
  error.field = error.field.empty() ? line_name(line) : line_name(line) + "." + error.field;
  return error;
}

/// What the first line says of the book.
Result<PricesPublished> read_head(const Json& json, std::size_t line) {
  const std::string here = line_name(line);
  const auto* object = json.if_object();
  if (object == nullptr) return bad_field(here, "expected an object about the book");
  PricesPublished head;
  head.entries = Json(Json::Array{});
  for (std::size_t i = 0; i < object->size(); ++i) {
    const auto& [key, value] = (*object)[i];
    const std::string path = join_path(here, key);
    for (std::size_t k = 0; k < i; ++k) {
      if ((*object)[k].key == key) return bad_field(path, "the field is repeated");
    }
    auto text = value.as_string(path);
    if (!text) return std::move(text.error());
    if (text->empty()) return bad_field(path, "must not be empty");
    if (key == "book") {
      head.book = *std::move(text);
    } else if (key == "version") {
      head.version = *std::move(text);
    } else if (key == "provenance") {
      head.provenance = *std::move(text);
    } else if (key == "effective_from") {
      head.effective_from = *std::move(text);
    } else if (key == "collected_at") {
      head.collected_at = *std::move(text);
    } else {
      return bad_field(path, "no such field of a book");
    }
  }
  if (head.book.empty()) return bad_field(join_path(here, "book"), "the field is required");
  if (head.version.empty()) return bad_field(join_path(here, "version"), "the field is required");
  if (head.provenance.empty()) {
    return bad_field(join_path(here, "provenance"), "the field is required");
  }
  for (const auto& [name, time] : {std::pair("effective_from", &head.effective_from),
                                   std::pair("collected_at", &head.collected_at)}) {
    if (*time && !core::parse_time(**time)) {
      return bad_field(join_path(here, name), "expected a time like 2026-08-01T00:00:00Z");
    }
  }
  return head;
}

/// Reads one entry by itself, so that errors name its line and not its number.
Result<PriceEntry> read_line(const Json& json, std::size_t line) {
  auto entries = parse_price_entries(Json(Json::Array{json}), "");
  if (!entries) {
    core::Error error = std::move(entries.error());
    // "[0] (openai/gpt-5).prices" becomes "line 4 (openai/gpt-5).prices".
    for (std::string* text : {&error.message, &error.field}) {
      if (text->starts_with("[0]")) text->replace(0, 3, line_name(line));
    }
    return error;
  }
  return std::move(entries->front());
}

}  // namespace

Result<std::vector<PricesPublished>> parse_book_file(std::string_view text) {
  std::optional<PricesPublished> book;
  std::map<std::tuple<std::string, std::string, core::Timestamp>, std::size_t> seen;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    std::string_view row = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (row.find_first_not_of(" \t") == std::string_view::npos) continue;
    auto json = parse_json(row);
    if (!json) return at_line(line, std::move(json.error()));
    if (!book) {
      auto head = read_head(*json, line);
      if (!head) return std::move(head.error());
      book = *std::move(head);
      continue;
    }
    auto entry = read_line(*json, line);
    if (!entry) return std::move(entry.error());
    const auto [found, added] =
        seen.try_emplace({entry->provider.value_or(""), entry->model,
                          entry->effective_from.value_or(core::Timestamp::min())},
                         line);
    if (!added) {
      return bad_field(
          line_name(line) + " (" + entry->name() + ")",
          "overlaps " + line_name(found->second) + ": the same model from the same moment on");
    }
    book->entries.push(*std::move(json));
  }
  if (!book) return bad_field(line_name(1), "expected a line about the book");
  return in_parts(*std::move(book));
}

const std::vector<PricesPublished>& default_prices() {
  static const std::vector<PricesPublished> kPrices = [] {
    auto parts = parse_book_file(default_book_text());
    HANSARD_ASSERT(parts.has_value(), "the prices compiled in are read by a test");
    return *std::move(parts);
  }();
  return kPrices;
}

}  // namespace hansard::events::pricing
