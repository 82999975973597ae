#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "http/context.h"

namespace hansard::http {

/// Reading on, page by page, is one access: the same key, route and question within this time of
/// the access on record is covered by it.
inline constexpr std::chrono::seconds kSameAccess{60};
/// Accesses remembered for that; beyond it, what is remembered is forgotten, and recorded again.
inline constexpr std::size_t kAccessesKept = 4096;

/// Writes down what is given out, before it is (`AccessRecorded`, on `system` of the key's
/// project). Whom: requests that act with a key; without one there is nobody to name. What: content
/// when the key holds `audit`; exports, proofs, erasures and backups always. Answers that refuse
/// give nothing out and leave nothing behind. Threads: safe to call concurrently.
class AccessRecorder : public std::enable_shared_from_this<AccessRecorder> {
 public:
  explicit AccessRecorder(const Context& context) : context_(context) {}

  /// The handler of `route` with that around it. Where it cannot be written down, the client is
  /// told `unavailable` and gets nothing.
  [[nodiscard]] Handler around(const Route& route);

 private:
  struct Access;
  using What = std::tuple<core::KeyId, std::string, std::string, std::string>;

  void record(const std::shared_ptr<Access>& access);
  [[nodiscard]] bool is_covered(const What& what, core::Timestamp now);
  void remember(const What& what, core::Timestamp now);

  const Context& context_;
  std::mutex mutex_;
  std::map<What, core::Timestamp> recent_;
};

}  // namespace hansard::http
