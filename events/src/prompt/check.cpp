#include "prompt/check.h"

namespace hansard::events {

core::Status check_event(const PromptEvent& /*event*/) { return core::Ok{}; }

}  // namespace hansard::events
