#pragma once

#include <filesystem>
#include <string_view>

#include "backup/file_copy.h"
#include "core/result.h"

namespace hansard::cli {

/// A directory that is made beside the name it is to have, and gets that name when it is whole:
///
///     <target><suffix>/mark    says what this is; locked while somebody works here
///     <target><suffix>/made/   becomes <target>
///
/// What a process leaves that was killed is found by the mark, and the next one to come here clears
/// it away. A directory of that name without a mark is somebody else's, and is left alone.
/// Caller synchronises.
class Workplace {
 public:
  enum class Target : std::uint8_t {
    absent,          ///< nothing of that name may be there
    absent_or_empty  ///< an empty directory may be
  };
  /// @param sentence  for people who find it
  /// Errors: rejected (the target is there, or the name beside it is somebody else's),
  ///   not_found (there is no folder to make it in), unavailable (somebody works there already; no
  ///   permission), out_of_space, invalid_argument (no name).
  static core::Result<Workplace> begin(const std::filesystem::path& target, std::string_view suffix,
                                       std::string_view sentence, Target allowed);
  Workplace(Workplace&&) noexcept = default;
  Workplace& operator=(Workplace&&) = delete;
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  /// Removes what was not published.
  ~Workplace();

  [[nodiscard]] const std::filesystem::path& made() const { return made_; }
  /// Gives it its name, durably, and clears the place. What is in it must be synced.
  /// Errors: as `begin`.
  core::Status publish();

 private:
  Workplace() = default;
  core::Status claim();
  core::Status clear() const;

  std::filesystem::path target_;
  std::filesystem::path place_;
  std::filesystem::path made_;
  Target allowed_ = Target::absent;
  Descriptor mark_;  ///< of the locked mark; none once this has nothing to remove
};

}  // namespace hansard::cli
