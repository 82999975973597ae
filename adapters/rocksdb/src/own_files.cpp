#include "rocksdb_store/own_files.h"

namespace hansard::rocks {

namespace fs = std::filesystem;

core::Status replace_file(OwnFiles& files, const fs::path& path, std::string_view text) {
  const fs::path beside = path.string() + ".new";
  {
    const auto file = files.open(beside, OwnFiles::Mode::replace);
    if (!file) return file.error();
    if (auto status = (*file)->write_at(text, 0); !status) return status;
    if (auto status = (*file)->sync(); !status) return status;
  }
  if (auto status = files.rename(beside, path); !status) return status;
  return files.sync_directory(path.parent_path());
}

core::Result<std::optional<std::string>> read_file(OwnFiles& files, const fs::path& path,
                                                   std::size_t bytes_max) {
  const auto kind = files.kind(path);
  if (!kind) return kind.error();
  if (*kind == OwnFiles::Kind::absent) return std::optional<std::string>{};
  if (*kind != OwnFiles::Kind::file) {
    return core::Error{core::Errc::corruption, path.string() + " is no file"};
  }
  const auto file = files.open(path, OwnFiles::Mode::read);
  if (!file) return file.error();
  auto text = (*file)->read_start(bytes_max + 1);
  if (!text) return std::move(text.error());
  if (text->size() > bytes_max) {
    return core::Error{core::Errc::corruption,
                       path.string() + " has more than " + std::to_string(bytes_max) + " bytes"};
  }
  return std::optional<std::string>(*std::move(text));
}

}  // namespace hansard::rocks
