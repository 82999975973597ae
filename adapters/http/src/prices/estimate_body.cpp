#include "prices/estimate_body.h"

#include <array>
#include <utility>

#include "events/pricing/entry.h"
#include "events/pricing/estimate_tokens.h"

namespace hansard::http {

namespace {

using core::Ok;
using core::Result;
using core::Status;
using events::bad_field;
using events::Json;
namespace pricing = events::pricing;

/// Members of a body, each once. Errors: invalid_argument.
template <class F>
Status each_member(const Json& json, std::string_view path, F&& take) {
  const auto* object = json.if_object();
  if (object == nullptr) return bad_field(path.empty() ? "body" : path, "expected an object");
  for (std::size_t i = 0; i < object->size(); ++i) {
    const auto& [key, value] = (*object)[i];
    const std::string here = path.empty() ? key : events::join_path(path, key);
    for (std::size_t k = 0; k < i; ++k) {
      if ((*object)[k].key == key) return bad_field(here, "the field is repeated");
    }
    if (auto status = take(key, value, here); !status) return status;
  }
  return Ok{};
}

/// Sets the member of `Usage` that a class is.
void set_class(events::Usage& usage, pricing::TokenClass wanted, std::uint64_t tokens) {
  struct Setter {
    events::Usage& usage;
    std::size_t wanted;
    std::uint64_t tokens;
    std::size_t at = 0;
    void field(std::string_view, std::optional<std::uint64_t> events::Usage::*member) {
      if (at++ == wanted) usage.*member = tokens;
    }
  } setter{usage, static_cast<std::size_t>(wanted), tokens};
  events::Usage::fields(setter);
}

Status read_usage(const Json& value, std::string_view path, events::Usage& usage) {
  return each_member(
      value, path,
      [&](const std::string& key, const Json& count, const std::string& here) -> Status {
        const auto token_class = pricing::token_class_from(key);
        if (!token_class) return bad_field(here, "no such class of tokens");
        const auto tokens = count.as_uint(here);
        if (!tokens) return tokens.error();
        set_class(usage, *token_class, *tokens);
        return Ok{};
      });
}

Status read_units(const Json& value, std::string_view path, pricing::UnitCounts& units) {
  return each_member(
      value, path,
      [&](const std::string& key, const Json& count, const std::string& here) -> Status {
        const auto unit = pricing::unit_from(key);
        if (!unit) return bad_field(here, "no such unit");
        const auto number = count.as_uint(here);
        if (!number) return number.error();
        units[static_cast<std::size_t>(*unit)] = *number;
        return Ok{};
      });
}

/// Tokens that are given otherwise than in `usage`.
struct Shorthand {
  std::optional<std::uint64_t> input;
  std::optional<std::uint64_t> output;

  static Status add(std::optional<std::uint64_t>& to, std::uint64_t tokens) {
    to = to.value_or(0) + tokens;
    return Ok{};
  }
};

Status read_text(const std::string& key, const Json& value, const std::string& here,
                 Shorthand& tokens) {
  if (key == "text" || key == "output_text") {
    auto text = value.as_string(here);
    if (!text) return std::move(text.error());
    return Shorthand::add(key == "text" ? tokens.input : tokens.output,
                          pricing::estimate_tokens(*text));
  }
  if (!value.is_array()) return bad_field(here, "expected a list");
  return Shorthand::add(tokens.input, pricing::estimate_message_tokens(value));
}

}  // namespace

Json usage_json(const events::Usage& usage) {
  Json json = Json::Object{};
  events::for_each_class(usage, [&](std::string_view name, const auto& count) {
    if (count) json.add(std::string(name), *count);
  });
  return json;
}

Result<EstimateBody> read_estimate_body(const Json& json) {
  EstimateBody out;
  Shorthand tokens;
  const auto take = [&](const std::string& key, const Json& value,
                        const std::string& here) -> Status {
    const auto text = [&](std::string& into) -> Status {
      auto read = value.as_string(here);
      if (!read) return std::move(read.error());
      into = *std::move(read);
      return Ok{};
    };
    if (key == "model") return text(out.model);
    if (key == "provider") return text(out.provider);
    if (key == "region") return text(out.region);
    if (key == "usage") return read_usage(value, here, out.usage);
    if (key == "units") return read_units(value, here, out.units);
    if (key == "tier" || key == "at") {
      std::string word;
      if (auto status = text(word); !status) return status;
      if (key == "tier") {
        const auto tier = pricing::service_tier_of_provider(word);
        if (!tier) return bad_field(here, "expected standard, flex, priority, batch or fast");
        out.tier = *tier;
        return Ok{};
      }
      const auto time = core::parse_time(word);
      if (!time) return bad_field(here, "expected a time like 2026-08-01T00:00:00Z");
      out.at = *time;
      return Ok{};
    }
    if (key == "input_tokens" || key == "output_tokens") {
      const auto count = value.as_uint(here);
      if (!count) return count.error();
      return Shorthand::add(key == "input_tokens" ? tokens.input : tokens.output, *count);
    }
    if (key == "text" || key == "output_text" || key == "messages" || key == "tools") {
      out.tokens_estimated = true;
      return read_text(key, value, here, tokens);
    }
    return bad_field(here, "no such field");
  };
  if (auto status = each_member(json, "", take); !status) return std::move(status.error());
  if (out.model.empty()) return bad_field("model", "the field is required");
  if (tokens.input) {
    if (out.usage.input_text) {
      return bad_field("usage.input_text", "is given a second time by tokens or a text");
    }
    out.usage.input_text = tokens.input;
  }
  if (tokens.output) {
    if (out.usage.output_text) {
      return bad_field("usage.output_text", "is given a second time by tokens or a text");
    }
    out.usage.output_text = tokens.output;
  }
  if (out.usage == events::Usage{} && out.units == pricing::UnitCounts{}) {
    return bad_field("usage", "nothing is said that could cost: usage, units, tokens or a text");
  }
  return out;
}

Result<events::PricesPublished> read_book_body(const Json& json) {
  events::PricesPublished book;
  const Json* entries = nullptr;
  const auto take = [&](const std::string& key, const Json& value,
                        const std::string& here) -> Status {
    if (key == "entries") {
      entries = &value;
      return Ok{};
    }
    auto text = value.as_string(here);
    if (!text) return std::move(text.error());
    if (text->empty()) return bad_field(here, "must not be empty");
    if (key == "book") {
      if (*text == "default") {
        return bad_field(here, "that is the name of the book that comes with the program");
      }
      book.book = *std::move(text);
    } else if (key == "version") {
      book.version = *std::move(text);
    } else if (key == "provenance") {
      book.provenance = *std::move(text);
    } else if (key == "effective_from" || key == "collected_at") {
      if (!core::parse_time(*text)) {
        return bad_field(here, "expected a time like 2026-08-01T00:00:00Z");
      }
      (key == "effective_from" ? book.effective_from : book.collected_at) = *std::move(text);
    } else {
      return bad_field(here, "no such field");
    }
    return Ok{};
  };
  if (auto status = each_member(json, "", take); !status) return std::move(status.error());
  for (const auto& [name, value] :
       {std::pair("book", &book.book), std::pair("version", &book.version),
        std::pair("provenance", &book.provenance)}) {
    if (value->empty()) return bad_field(name, "the field is required");
  }
  if (entries == nullptr) return bad_field("entries", "the field is required");
  // Read for its errors, which name the entry as the body has it.
  const auto parsed = pricing::parse_price_entries(*entries, "entries");
  if (!parsed) return parsed.error();
  if (parsed->empty()) return bad_field("entries", "there is none");
  book.entries = *entries;
  return book;
}

}  // namespace hansard::http
