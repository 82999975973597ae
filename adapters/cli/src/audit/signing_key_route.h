#pragma once

#include <functional>

#include "audit/log_notary.h"
#include "http/route_doc.h"

namespace hansard::cli {

/// POST /v1/admin/signing-key/rotate: another key signs from now on (`LogNotary::rotate`).
struct SigningKeyPorts {
  LogNotary& notary;
  const core::Clock& clock;
  const core::Hasher& hasher;
  std::function<void()> rotated;  ///< the latest checkpoint is to be signed anew
};
/// What is referred to outlives the route.
http::AddedRoute signing_key_route(SigningKeyPorts ports);

}  // namespace hansard::cli
