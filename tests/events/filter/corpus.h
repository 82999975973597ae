#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "events/filter/detect.h"

namespace hansard::events::corpus {

/// A text as people and programs write it, and what is to be found in it.
struct Sample {
  std::string text;
  std::optional<Hit> expected;  ///< absent: nothing of any kind
  std::string form;             ///< which shape it has, for failures
};

/// Makes samples by a seed. The same seed makes the same ones.
class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  Sample email();
  Sample phone();
  Sample card();
  Sample key();
  /// What looks like one of these and is none.
  Sample nothing();

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  template <std::size_t N>
  std::string_view one(const std::string_view (&of)[N]) {
    return of[below(N)];
  }
  std::string chars(std::string_view alphabet, std::size_t count);
  std::string digits(std::size_t count);
  std::string hex(std::size_t count);
  std::string word();
  std::string luhn(std::string prefix, std::size_t size);
  std::string grouped(const std::string& digits, std::string_view sizes, std::string_view by);
  /// `value` where `{}` stands in `frame`.
  static Sample put(std::string_view frame, const std::string& value, Detector what,
                    std::string_view form);

  std::mt19937 random_;
};

}  // namespace hansard::events::corpus
