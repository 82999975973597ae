#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// What is fuzzed: libFuzzer drives one target per executable (driver.cpp), and the quick tests run
/// all of them over the seeds (corpus_test.cpp), so that a target cannot rot between two hunts.
namespace hansard::fuzz {

struct Target {
  std::string name;
  /// Judges one input. What must hold of it is a HANSARD_ASSERT, which ends the process.
  std::function<void(std::string_view bytes)> run;
};

/// Every target linked into this program, in no order.
const std::vector<Target>& targets();

/// Announces a target; a namespace-scope constant in its file.
struct Announced {
  Announced(std::string name, std::function<void(std::string_view bytes)> run);
};

/// Bytes that steer a target, taken off the front of its input: how to cut the rest, which reader.
/// 0 when there are none left.
unsigned take_byte(std::string_view& bytes);

}  // namespace hansard::fuzz
