#pragma once

#include "http/context.h"

namespace hansard::http {

/// A route about experiments with what `GET /openapi.json` tells of it.
AddedRoute documented_experiment(Route route);

}  // namespace hansard::http
