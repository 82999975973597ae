#include <gtest/gtest.h>

#include <random>

#include "kill_erasure.h"

namespace hansard::erasure {

TEST(KilledErasure, IsGoneOnWithAtTheNextStart) { kill_erasures(4, std::random_device{}()); }

}  // namespace hansard::erasure
