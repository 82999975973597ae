#pragma once

#include <filesystem>
#include <string>

namespace hansard::bench {

/// A directory on the disk of the build, empty at first, removed when this goes.
class Scratch {
 public:
  explicit Scratch(const std::string& name);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// Where they all are: beside the program.
  static std::filesystem::path root();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Waits until the file system has written everything, so that what one benchmark left behind is
  /// not paid by the next.
  void settle() const;

 private:
  std::filesystem::path path_;
};

}  // namespace hansard::bench
