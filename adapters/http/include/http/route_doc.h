#pragma once

#include <span>
#include <string_view>

#include "http/router.h"

namespace hansard::http {

/// One member of an object in `GET /openapi.json`.
struct MemberDoc {
  std::string_view name;  ///< `?` behind those that may be absent; `...` takes in all of `type`
  /// text, flag, count, integer, json, object, null; `=word`; `a|b`; the name of a schema;
  /// `list of T`, `map of T`, `T or null`; or the JSON of a schema.
  std::string_view type;
  std::string_view doc;  ///< a sentence
};

/// One schema of `GET /openapi.json`.
struct SchemaDoc {
  std::string_view name;
  std::string_view doc;  ///< a sentence
  std::span<const MemberDoc> members;
  /// What else an object of it may hold: answers grow, and who reads one must skip what it does not
  /// know; a body is refused for it; some hold what others gave us, verbatim.
  enum class Others : std::uint8_t { later, refused, verbatim } others = Others::later;
};

/// What `GET /openapi.json` tells of a route besides the route itself.
struct RouteDoc {
  struct Answer {
    int status = 200;
    std::string_view media;   ///< empty: no body
    std::string_view schema;  ///< of the body, or of each line, event or message; may be empty
  };
  Method method = Method::get;
  std::string_view pattern;
  std::string_view query;    ///< names of its parameters, by spaces; `*` behind those that repeat
  std::string_view headers;  ///< names of headers it looks at, by spaces
  std::span<const Answer> answers;  ///< besides problem documents, which every route may give
};

/// A route that main adds to the surface, with all that is told of it.
struct AddedRoute {
  Route route;
  RouteDoc doc;
  std::string_view body;               ///< schema of what it takes; empty: any object
  std::span<const SchemaDoc> schemas;  ///< those named above that nobody else has
};

}  // namespace hansard::http
