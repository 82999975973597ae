#pragma once

#include <string_view>

#include "http/route_doc.h"

namespace hansard::http {

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

}  // namespace hansard::http
