#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/json.h"

namespace hansard::events {

/// Turns the payloads of one type from schema `from` into those of schema `from + 1`.
struct Upcaster {
  std::string type;
  std::uint16_t from = 1;
  /// Pure; changes both trees in place. `content` is empty when the event has been erased.
  std::function<core::Status(Json::Object& facts, Json::Object& content)> apply;
};

/// How old payloads become today's: stored bytes are never rewritten, every reader upcasts.
/// A type's current schema is 1 plus the number of its upcasters. Immutable, thread-safe.
class Upcasters {
 public:
  Upcasters() = default;  ///< every type is at schema 1
  /// @pre the upcasters of each type start at 1 and leave no gap.
  explicit Upcasters(std::vector<Upcaster> list);
  /// Those of this build, for every type it knows.
  static Upcasters built_in();

  [[nodiscard]] std::uint16_t current(std::string_view type) const;
  /// Brings both trees from schema `from` to the current one. Errors: unsupported (`from` is newer
  /// than this build, or 0), and whatever an upcaster reports.
  core::Status apply(std::string_view type, std::uint16_t from, Json::Object& facts,
                     Json::Object& content) const;

 private:
  std::map<std::string, std::vector<Upcaster>, std::less<>> by_type_;
};

}  // namespace hansard::events
