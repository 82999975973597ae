#pragma once

#include <cstdint>
#include <string>

#include "gateway/wire.h"
#include "meter.h"

namespace hansard::bench {

/// Clients that call one after the other, each on a connection of its own.
struct CallLoad {
  std::uint16_t port = 0;
  std::string target;  ///< path of the chat completions there
  Asked asked;
  std::size_t connections = 1;
  std::size_t calls_each = 100;
  std::uint64_t seed = 0;  ///< of the questions; no two are equal within a seed
};

struct CallOutcome {
  Latencies whole;       ///< first byte of the call sent, to last byte of its answer
  Latencies first_byte;  ///< of the answer's body
  std::uint64_t calls = 0;
  double seconds = 0;
};

/// Drives all connections from the calling thread. Throws `Failed` at an answer that is no success
/// or lacks its end.
CallOutcome run_calls(const CallLoad& load);

}  // namespace hansard::bench
