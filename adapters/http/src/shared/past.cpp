#include "shared/past.h"

namespace hansard::http {

core::Result<projections::AsOf> as_of_parameter(const Query& query) {
  const auto text = query.text("as_of");
  if (!text) return projections::AsOf::head();
  return parse_moment(*text);
}

core::Result<projections::AsOf> parse_moment(const std::string& text) {
  // The short forms of versions and positions, as people type them.
  const bool is_short = text.size() > 1 && parse_digits(std::string_view(text).substr(1));
  if (is_short && text.front() == 'v') {
    return projections::parse_as_of("version:" + text.substr(1));
  }
  if (is_short && text.front() == 'p') {
    return projections::parse_as_of("position:" + text.substr(1));
  }
  return projections::parse_as_of(text);
}

bool is_beyond(const projections::AsOf& as_of, const core::RecordedEvent& event) {
  using Kind = projections::AsOf::Kind;
  switch (as_of.kind) {
    case Kind::head:
      return false;
    case Kind::version:
      return event.version > as_of.version;
    case Kind::position:
      return event.position > as_of.position;
    case Kind::time:
      return event.recorded_at > as_of.time;
  }
  return false;
}

}  // namespace hansard::http
