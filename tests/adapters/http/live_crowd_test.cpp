#include "live_crowd.h"

namespace hansard::http::testing {
namespace {

TEST_F(LiveCrowd, FiftySubscribersGetEveryEventOnceInOrder) { push(50, 40); }

}  // namespace
}  // namespace hansard::http::testing
