#pragma once

namespace hansard::core {

/// Prints `file:line: condition: why` to stderr and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* why, const char* file,
                                   int line) noexcept;

}  // namespace hansard::core

/// A broken invariant stops the process, in release builds too: a log that continues on a wrong
/// assumption writes wrong history. Never used on outside input.
#define HANSARD_ASSERT(cond, why)                 \
  (static_cast<bool>(cond) ? static_cast<void>(0) \
                           : ::hansard::core::assertion_failed(#cond, why, __FILE__, __LINE__))
