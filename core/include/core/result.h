#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "core/assert.h"
#include "core/error.h"

namespace hansard::core {

/// A value or an `Error`, shaped like `std::expected<T, Error>` so that a later move is mechanical.
/// Dropping one is a compile error. `value()` on an error is a broken invariant, not an exception.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    HANSARD_ASSERT(has_value(), "value() needs a success");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    HANSARD_ASSERT(has_value(), "value() needs a success");
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    HANSARD_ASSERT(has_value(), "value() needs a success");
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() {
    HANSARD_ASSERT(!has_value(), "error() needs a failure");
    return *std::get_if<1>(&state_);
  }
  const Error& error() const {
    HANSARD_ASSERT(!has_value(), "error() needs a failure");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value.
struct Ok {};

/// The outcome of an operation that returns nothing: `return Ok{};`.
using Status = Result<Ok>;

}  // namespace hansard::core
