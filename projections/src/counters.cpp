#include "projections/counters.h"

#include <string_view>

namespace hansard::projections {
namespace {

struct Adder {
  events::Usage& sum;
  const events::Usage& call;
  void field(std::string_view, std::optional<std::uint64_t> events::Usage::*member) {
    if (const auto& tokens = call.*member) sum.*member = (sum.*member).value_or(0) + *tokens;
  }
};

std::optional<std::uint64_t> sum_of(const events::Usage& usage, std::string_view prefix) {
  std::optional<std::uint64_t> sum;
  events::for_each_class(usage, [&](std::string_view name, const auto& tokens) {
    if (tokens && name.starts_with(prefix)) sum = sum.value_or(0) + *tokens;
  });
  return sum;
}

}  // namespace

void add_usage(events::Usage& sum, const events::Usage& call) {
  Adder adder{sum, call};
  events::Usage::fields(adder);
}

std::optional<std::uint64_t> input_tokens(const events::Usage& usage) {
  return sum_of(usage, "input_");
}

std::optional<std::uint64_t> output_tokens(const events::Usage& usage) {
  return sum_of(usage, "output_");
}

}  // namespace hansard::projections
