#include "backup/refuse_backup.h"

#include <string>

#include "backup/backup_manifest.h"

namespace hansard::cli {

core::Status refuse_backup(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(directory / kManifestName, ignored)) return core::Ok{};
  const std::string name = directory.string();
  return core::Error{core::Errc::rejected,
                     name + " is a backup (it has a " + kManifestName +
                         "): make a data directory of it with `hansard restore " + name +
                         " --data NEW_DIRECTORY`, and open that"};
}

}  // namespace hansard::cli
