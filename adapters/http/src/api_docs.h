#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "http/router.h"

namespace hansard::http {

/// What `GET /openapi.json` tells of a route besides the route itself.
struct RouteDoc {
  struct Answer {
    int status = 200;
    std::string_view media;   ///< empty: no body
    std::string_view schema;  ///< of the body, or of each line or event; name of a component
  };
  Method method = Method::get;
  std::string_view pattern;
  std::string_view query;    ///< names of its parameters, by spaces; `*` behind those that repeat
  std::string_view headers;  ///< names of headers it looks at, by spaces
  std::span<const Answer> answers;  ///< besides problem documents, which every route may give
};

/// The row of a route; null where nobody wrote one.
const RouteDoc* route_doc(Method method, std::string_view pattern);

/// What a query parameter or a header is, by its name.
struct ParameterDoc {
  std::string_view name;
  std::string_view schema;  ///< a JSON text
  std::string_view doc;
};
/// Null where nobody wrote one.
const ParameterDoc* parameter_doc(std::string_view name);

/// The schemas of answers, and of bodies that are no typed command: members of an object as text.
std::string_view answer_schemas();

}  // namespace hansard::http
