#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fts_rank.h"

namespace hansard::search {

/// Of a word, the newest texts that are looked at to tell how rare it is.
inline constexpr std::size_t kCountedTextsMax = 1000;

/// What is known of how often something is said.
struct Frequency {
  std::size_t texts = 0;  ///< that have it, at most kCountedTextsMax
  /// The oldest of them, when they are as many as were looked for.
  std::int64_t reaches = 0;
};

/// How much a word counts for: BM25's inverse document frequency, kept positive. Where counting
/// stopped, the rest of the texts below `end` are taken to have it as often as the newest.
double weight_of(const Frequency& frequency, double texts, std::int64_t end);

struct Scored {
  std::int64_t position = 0;
  double score = 0;
};

/// BM25 (Robertson et al.) of each row, higher is better; best first, of equals the newest.
/// @param weights one for each phrase.
std::vector<Scored> score(const VisitedRows& rows, const std::vector<double>& weights);

}  // namespace hansard::search
