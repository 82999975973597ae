#pragma once

#include <cstddef>
#include <string_view>

#include "projections/search.h"
#include "search_query.h"

namespace hansard::search {

/// About as long as a snippet is, in bytes; up to twice that when a match is longer.
inline constexpr std::size_t kSnippetBytes = 280;

/// The stretch of `text` where most of what was asked for stands together, cut between words where
/// it can be and never within a character. `match` is of this text.
projections::SearchSnippet cut_snippet(std::string_view text, const Match& match);

}  // namespace hansard::search
