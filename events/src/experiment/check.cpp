#include "experiment/check.h"

namespace hansard::events {

core::Status check_event(const ExperimentEvent& /*event*/) { return core::Ok{}; }

}  // namespace hansard::events
