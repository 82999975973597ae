#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <iostream>
#include <string>

namespace hansard::crash {

/// A directory for one test: removed when the test passed, kept and named when it failed.
class Scratch {
 public:
  Scratch() {
    std::string form = ::testing::TempDir() + "hansard-crash-XXXXXX";
    path_ = ::mkdtemp(form.data());
  }
  ~Scratch() {
    if (::testing::Test::HasFailure()) {
      std::cerr << "kept: " << path_.string() << "\n";
      return;
    }
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path data() const { return path_ / "data"; }
  /// Created on the first call; never inside the data directory.
  [[nodiscard]] std::filesystem::path outside() const {
    std::filesystem::create_directories(path_ / "outside");
    return path_ / "outside";
  }

 private:
  std::filesystem::path path_;
};

}  // namespace hansard::crash
