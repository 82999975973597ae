// A request target means the same when it is written again from its decoded parts, and what a query
// parameter is read as agrees with its text.
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "http/target.h"
#include "shared/past.h"
#include "shared/query.h"
#include "target.h"

namespace {

using hansard::http::parse_target;
using hansard::http::Query;
using hansard::http::Target;

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return out;
}

std::string written(const Target& target) {
  std::string out;
  for (const std::string& segment : target.segments) out.append("/").append(escaped(segment));
  if (out.empty()) out = "/";
  out.push_back('?');
  for (const auto& [name, value] : target.query) {
    out.append(escaped(name)).append("=").append(escaped(value)).append("&");
  }
  return out;
}

/// Every way in which a route may read a parameter.
void read_all(const hansard::http::Request& request) {
  const auto query = Query::of(request, {"a", "as_of", "from"}, {"type"});
  if (!query) return;
  for (const std::string_view name : {"a", "from"}) {
    if (const auto number = query->number(name); number && *number) {
      const auto text = query->text(name);
      HANSARD_ASSERT(text && text->find_first_not_of("0123456789") == std::string::npos,
                     "numbers are digits");
      HANSARD_ASSERT(hansard::http::parse_digits(std::to_string(**number)) == **number,
                     "and are themselves");
    }
    const auto count = query->count(name, 7, 9);
    HANSARD_ASSERT(!count || (*count >= 1 && *count <= 9), "counts keep to their range");
    if (const auto span = query->span(name); span && *span) {
      HANSARD_ASSERT((*span)->count() >= 0, "spans do not go back");
    }
    static_cast<void>(query->time(name));
    static_cast<void>(query->flag(name));
  }
  static_cast<void>(query->all("type"));
  static_cast<void>(hansard::http::as_of_parameter(*query));
}

void run(std::string_view bytes) {
  const auto target = parse_target(bytes);
  if (!target) return;
  const auto again = parse_target(written(*target));
  HANSARD_ASSERT(again.has_value(), "what was read can be written");
  HANSARD_ASSERT(again->segments == target->segments && again->query == target->query,
                 "and read again");
  hansard::http::Request request;
  request.segments = target->segments;
  request.query = target->query;
  for (const std::string& segment : request.segments) {
    HANSARD_ASSERT(hansard::http::is_utf8(segment), "segments are UTF-8");
  }
  read_all(request);
}

const hansard::fuzz::Announced announced("target_query", run);

}  // namespace
