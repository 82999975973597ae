#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/time.h"
#include "events/json.h"
#include "events/session/fact_types.h"

namespace hansard::http {

/// The members of a small body, read by name; one that is not known is refused. A member that is
/// null is as good as absent. Errors of all: invalid_argument naming the field.
class BodyFields {
 public:
  static core::Result<BodyFields> of(events::Json body,
                                     std::initializer_list<std::string_view> known);

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Taken verbatim.
  [[nodiscard]] std::optional<events::Json> json(std::string_view name) const;
  [[nodiscard]] core::Result<std::string> required(std::string_view name) const;
  [[nodiscard]] core::Result<std::optional<std::string>> text(std::string_view name) const;
  [[nodiscard]] core::Result<bool> flag(std::string_view name) const;  ///< absent: false
  [[nodiscard]] core::Result<std::optional<std::uint64_t>> number(std::string_view name) const;
  [[nodiscard]] core::Result<std::optional<core::Timestamp>> time(std::string_view name) const;
  [[nodiscard]] core::Result<events::StringMap> texts(std::string_view name) const;

 private:
  explicit BodyFields(events::Json body) : body_(std::move(body)) {}
  [[nodiscard]] const events::Json* find(std::string_view name) const;
  events::Json body_;
};

}  // namespace hansard::http
