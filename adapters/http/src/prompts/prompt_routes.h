#pragma once

#include <string_view>
#include <vector>

#include "http/context.h"

namespace hansard::http {

core::Error no_prompt(std::string_view name);

/// The routes that change prompts; none where the context does not execute such commands.
std::vector<Route> prompt_change_routes(const Context& context);

}  // namespace hansard::http
