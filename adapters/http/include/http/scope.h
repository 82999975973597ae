#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/ids.h"
#include "core/result.h"

namespace hansard::http {

/// What a key may do. Each is given by itself: `admin` does not imply the others.
enum class Scope : std::uint8_t {
  write,  ///< record
  read,   ///< conversations, events, usage
  audit,  ///< proofs and reports
  admin   ///< projections, metrics, system events
};

std::string_view name(Scope scope);
/// Errors: invalid_argument.
core::Result<Scope> parse_scope(std::string_view text);

/// A set of scopes.
class Scopes {
 public:
  Scopes() = default;
  Scopes(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  static Scopes all() { return {Scope::write, Scope::read, Scope::audit, Scope::admin}; }
  void add(Scope scope) { bits_ = static_cast<std::uint8_t>(bits_ | bit(scope)); }
  [[nodiscard]] bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  [[nodiscard]] bool empty() const { return bits_ == 0; }
  bool operator==(const Scopes&) const = default;

 private:
  static std::uint8_t bit(Scope scope) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(scope));
  }
  std::uint8_t bits_ = 0;
};

/// Who acts: decided from the key alone, never from the body.
struct Principal {
  core::ProjectId project;
  core::KeyId actor;  ///< nil without keys and on the unix socket
  Scopes scopes;
  std::string key_name;  ///< for logs; empty without a key

  /// True for who runs the engine: without a key (loopback while there is none, the unix socket),
  /// or with one of project `_log`. Everybody else sees and changes one project.
  [[nodiscard]] bool sees_all_projects() const {
    return actor.is_nil() || project.text() == "_log";
  }
};

}  // namespace hansard::http
