#include <gtest/gtest.h>

#include "soak.h"

namespace hansard::soak {
namespace {

/// Too short to say anything about growth: that everything goes on together, that nobody is
/// refused and that every client's descriptor comes back.
TEST(Soak, WritersReadersSubscribersAndImportsGoOnTogether) {
  SoakOptions options;
  options.traffic.commands_per_second = 200;
  options.traffic.subscribed = std::chrono::milliseconds(1'000);
  options.traffic.import_conversations = 10;
  options.traffic.between_imports = std::chrono::milliseconds(500);
  options.duration = std::chrono::seconds(4);
  soak(options);
}

}  // namespace
}  // namespace hansard::soak
