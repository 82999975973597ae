#include "disk_files.h"

namespace hansard::faults {
namespace {

namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

Status to_status(Outcome outcome, const std::string& doing) {
  switch (outcome) {
    case Outcome::ok:
    case Outcome::exists:
      return Ok{};
    case Outcome::no_space:
      return Error{Errc::out_of_space, doing + ": no space left (planned)"};
    case Outcome::absent:
    case Outcome::io_error:
      break;
  }
  return Error{Errc::unavailable, doing + ": I/O error (planned)"};
}

class OpenFile final : public rocks::OwnFile {
 public:
  OpenFile(std::shared_ptr<Disk> disk, Disk::Handle file, std::string path)
      : disk_(std::move(disk)), file_(std::move(file)), path_(std::move(path)) {}
  ~OpenFile() override {
    if (locked_) disk_->unlock(file_, *locked_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] Result<std::string> read_start(std::size_t bytes_max) const override {
    std::string bytes(bytes_max, '\0');
    std::size_t got = 0;
    const auto status = to_status(disk_->read(file_, 0, bytes_max, bytes.data(), got), path_);
    if (!status) return status.error();
    bytes.resize(got);
    return bytes;
  }
  Status write_at(std::string_view bytes, std::uint64_t offset) override {
    return to_status(disk_->write(file_, offset, bytes), "writing " + path_);
  }
  Status reserve(std::uint64_t bytes) override {
    return to_status(disk_->write(file_, 0, std::string(bytes, '\0')), "reserving " + path_);
  }
  Status sync() override { return to_status(disk_->sync(file_), "syncing " + path_); }
  Result<bool> lock(bool exclusive) override {
    if (!disk_->lock(file_, exclusive)) return false;
    locked_ = exclusive;
    return true;
  }

 private:
  const std::shared_ptr<Disk> disk_;
  const Disk::Handle file_;
  const std::string path_;
  std::optional<bool> locked_;  ///< exclusively?
};

class Files final : public rocks::OwnFiles {
 public:
  explicit Files(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) {}

  Result<std::unique_ptr<rocks::OwnFile>> open(const fs::path& path, Mode mode) override {
    const auto opened = mode == Mode::read ? disk_->open(path.string())
                                           : disk_->create(path.string(), mode == Mode::write);
    if (auto status = to_status(opened.outcome, "opening " + path.string()); !status) {
      return status.error();
    }
    return std::unique_ptr<rocks::OwnFile>(new OpenFile(disk_, opened.file, path.string()));
  }
  [[nodiscard]] Result<Kind> kind(const fs::path& path) const override {
    if (disk_->is_directory(path.string())) return Kind::directory;
    return disk_->size(path.string()) ? Kind::file : Kind::absent;
  }
  [[nodiscard]] Result<std::uint64_t> size(const fs::path& path) const override {
    const auto bytes = disk_->size(path.string());
    if (!bytes) return Error{Errc::not_found, path.string() + " is missing"};
    return *bytes;
  }
  Status make_directory(const fs::path& path) override {
    return to_status(disk_->make_directory(path.string()), "creating " + path.string());
  }
  Status rename(const fs::path& from, const fs::path& to) override {
    return to_status(disk_->rename(from.string(), to.string()), "creating " + to.string());
  }
  Status remove(const fs::path& path) override {
    const auto outcome = disk_->remove(path.string());
    if (outcome == Outcome::absent) return Ok{};
    return to_status(outcome, "removing " + path.string());
  }
  Status sync_directory(const fs::path& directory) override {
    return to_status(disk_->sync_directory(directory.string()), "syncing " + directory.string());
  }
  [[nodiscard]] std::optional<std::uint64_t> free_bytes(const fs::path&) const override {
    return disk_->free();
  }

 private:
  const std::shared_ptr<Disk> disk_;
};

}  // namespace

std::shared_ptr<rocks::OwnFiles> own_files(std::shared_ptr<Disk> disk) {
  return std::make_shared<Files>(std::move(disk));
}

}  // namespace hansard::faults
