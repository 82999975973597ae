#include <gtest/gtest.h>

#include <random>

#include "kill_erasure.h"

namespace hansard::erasure {

TEST(KilledErasure, FiftyTimes) { kill_erasures(50, std::random_device{}()); }

}  // namespace hansard::erasure
