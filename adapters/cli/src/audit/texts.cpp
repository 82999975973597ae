#include "audit/texts.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace hansard::cli {

namespace {

namespace fs = std::filesystem;

/// Within the data directory.
constexpr const char* kFolder = "search";
constexpr const char* kDatabase = "texts.sqlite";

core::Error cannot(const std::string& doing, const std::error_code& why) {
  const bool full = why == std::errc::no_space_on_device;
  return core::Error{full ? core::Errc::out_of_space : core::Errc::unavailable,
                     doing + ": " + why.message()};
}

/// A folder that only we may read: words can be guessed from an index.
core::Result<fs::path> make_temporary() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error) return cannot("no folder for temporary files", error);
  std::string pattern = (parent / "hansard-search-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return cannot("cannot make a folder in " + parent.string(),
                  std::error_code(errno, std::generic_category()));
  }
  return fs::path(pattern);
}

/// Copies the database as it stands. The data directory is locked against writers meanwhile, so the
/// files belong together. One that is not there is built from the log.
core::Status copy_database(const fs::path& from, const fs::path& to) {
  for (const char* beside : {"", "-wal"}) {
    const fs::path file = from / (std::string(kDatabase) + beside);
    std::error_code error;
    if (!fs::exists(file, error)) continue;
    fs::copy_file(file, to / file.filename(), error);
    if (error) return cannot("cannot copy " + file.string() + " to search in the copy", error);
  }
  return core::Ok{};
}

}  // namespace

core::Result<std::unique_ptr<Texts>> Texts::start(core::EventLog& log, Options options) {
  std::unique_ptr<Texts> texts(new Texts());
  fs::path folder = options.data / kFolder;
  if (options.copy) {
    auto temporary = make_temporary();
    if (!temporary) return temporary.error();
    texts->temporary_ = *std::move(temporary);
    if (auto status = copy_database(folder, texts->temporary_); !status) return status.error();
    folder = texts->temporary_;
  }
  search::SearchOptions with;
  with.path = (folder / kDatabase).string();
  with.log_id = std::move(options.log_id);
  with.notice = [notice = std::move(options.notice)](const std::string& reason) {
    if (notice) notice(reason);
  };
  texts->pool_ = std::make_unique<http::Pool>(
      http::Pool::Options{.name = "search", .threads = 2, .waiting_max = 256, .nice = 5});
  texts->index_ = std::make_unique<search::Search>(log, std::move(with));
  texts->index_->start();
  return texts;
}

Texts::~Texts() {
  stop();
  if (temporary_.empty()) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void Texts::stop() {
  if (!index_) return;
  index_->stop();  // searches under way end with it
  pool_->stop();
}

core::Result<std::unique_ptr<TextsCopy>> TextsCopy::make(const fs::path& data) {
  auto folder = make_temporary();
  if (!folder) return folder.error();
  std::unique_ptr<TextsCopy> copy(new TextsCopy(*std::move(folder)));
  if (auto status = copy_database(data / kFolder, copy->folder_); !status) return status.error();
  return copy;
}

TextsCopy::~TextsCopy() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

fs::path TextsCopy::database() const { return folder_ / kDatabase; }

core::Status drop_texts(const fs::path& data) {
  std::error_code error;
  for (const char* beside : {"", "-wal", "-shm", "-journal"}) {
    const fs::path file = data / kFolder / (std::string(kDatabase) + beside);
    fs::remove(file, error);
    if (error) return cannot("cannot delete " + file.string(), error);
  }
  return core::Ok{};
}

}  // namespace hansard::cli
