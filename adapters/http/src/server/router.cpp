#include "http/router.h"

#include <algorithm>
#include <set>

namespace hansard::http {

namespace {

bool is_param(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }

/// `{name...}`: the rest of the path.
bool is_rest(std::string_view segment) { return segment.ends_with("...}"); }

bool is_well_formed(std::string_view segment) {
  if (segment.empty()) return false;
  if (!is_param(segment)) return segment.find_first_of("{}%?#") == std::string_view::npos;
  return segment.size() > 2 && segment.find('}') == segment.size() - 1;
}

core::Result<std::vector<std::string>> split(const std::string& pattern) {
  const core::Error malformed{core::Errc::invalid_argument, "malformed route " + pattern,
                              "pattern"};
  std::vector<std::string> segments;
  if (pattern == "/") return segments;
  if (pattern.empty() || pattern.front() != '/') return malformed;
  for (std::size_t from = 1; from <= pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', from), pattern.size());
    segments.push_back(pattern.substr(from, end - from));
    if (!is_well_formed(segments.back())) return malformed;
    if (is_rest(segments.back()) && end != pattern.size()) return malformed;
    from = end + 1;
  }
  return segments;
}

/// True when some path fits both.
bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (std::size_t i = 0;; ++i) {
    if (i == a.size() || i == b.size()) return a.size() == b.size();
    if (is_rest(a[i]) || is_rest(b[i])) return true;
    if (!is_param(a[i]) && !is_param(b[i]) && a[i] != b[i]) return false;
  }
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  // An empty segment is no id: `/v1/sessions//events` names nothing.
  if (!pattern.empty() && is_rest(pattern.back())) {
    return path.size() >= pattern.size() && !path[pattern.size() - 1].empty() &&
           fits({pattern.begin(), pattern.end() - 1},
                {path.begin(), path.begin() + static_cast<std::ptrdiff_t>(pattern.size() - 1)});
  }
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](const auto& want, const auto& got) {
                      return is_param(want) ? !got.empty() : want == got;
                    });
}

}  // namespace

std::string_view name(Access access) {
  switch (access) {
    case Access::none:
      return "none";
    case Access::content:
      return "content";
    case Access::export_:
      return "export";
    case Access::proof:
      return "proof";
    case Access::erasure:
      return "erasure";
    case Access::backup:
      break;
  }
  return "backup";
}

core::Result<Router> Router::make(std::vector<Route> routes) {
  Router router;
  for (Route& route : routes) {
    auto segments = split(route.pattern);
    if (!segments) return segments.error();
    for (std::size_t i = 0; i < router.routes_.size(); ++i) {
      const Route& other = router.routes_[i];
      if (other.method == route.method && overlap(router.patterns_[i].segments, *segments)) {
        return core::Error{core::Errc::invalid_argument,
                           std::string(name(route.method)) + " " + route.pattern +
                               " overlaps with " + other.pattern,
                           "pattern"};
      }
    }
    router.patterns_.push_back({*std::move(segments)});
    router.routes_.push_back(std::move(route));
  }
  return router;
}

Router::Match Router::match(Method method, const std::vector<std::string>& segments) const {
  const Method wanted = method == Method::head ? Method::get : method;
  std::set<std::string> allowed;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& pattern = patterns_[i].segments;
    if (!fits(pattern, segments)) continue;
    if (routes_[i].method != wanted) {
      allowed.emplace(name(routes_[i].method));
      if (routes_[i].method == Method::get) allowed.emplace("HEAD");
      continue;
    }
    Match match{&routes_[i], {}, {}};
    for (std::size_t s = 0; s < pattern.size(); ++s) {
      if (!is_param(pattern[s]) || is_rest(pattern[s])) continue;  // the rest is in the target
      match.params.emplace_back(pattern[s].substr(1, pattern[s].size() - 2), segments[s]);
    }
    return match;
  }
  Match none;
  for (const std::string& method_name : allowed) {
    if (!none.allowed.empty()) none.allowed += ", ";
    none.allowed += method_name;
  }
  return none;
}

}  // namespace hansard::http
