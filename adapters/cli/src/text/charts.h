#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// Pictures of numbers, of characters that every terminal has. Pure.
namespace hansard::cli {

/// `part` of the whole as a bar: eighths of a block, at most `columns` of them. Anything above 0
/// shows; not a number and below 0 are 0, above 1 is 1.
std::string bar(double part, std::size_t columns);

/// One column a value, its height between the least and the most of them; a gap where there is
/// none. Equal values are all of middle height.
std::string spark(const std::vector<std::optional<double>>& values);

/// `0.4 %`, `12 %`, of a part of one.
std::string percent_text(double part);

}  // namespace hansard::cli
