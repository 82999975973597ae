#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/merkle.h"

namespace hansard::tampering {

/// What a directory gives out when nobody changed it.
struct Baseline {
  core::TreeHead tree;
  std::string told;  ///< digest of the export and of what lists answer
};

enum class Outcome : std::uint8_t {
  refused,   ///< does not open, with a reason
  found,     ///< `hansard verify` says where
  harmless,  ///< sound, and gives out what it gave out before
  differs,   ///< sound, and gives out something else
  broken,    ///< neither: no reason, no place, or an error that tells nothing
};

struct Verdict {
  Outcome outcome = Outcome::broken;
  std::string why;
  Baseline now;  ///< where it is sound
};

/// Does with `directory` what `hansard verify` (against `heads`), `hansard export` and a server
/// that starts do, in this process.
/// @param baseline  nothing: whatever it gives out is right.
Verdict judge(const std::filesystem::path& directory, const Baseline* baseline,
              const std::vector<core::TreeHead>& heads);

}  // namespace hansard::tampering
