#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "local_backend.h"

namespace hansard::cli::testing {

/// A directory of its own that goes with it.
class OwnDirectory {
 public:
  OwnDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "hansard-cli-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~OwnDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  OwnDirectory(const OwnDirectory&) = delete;
  OwnDirectory& operator=(const OwnDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// An engine on a data directory, and the routes of it without sockets.
class OwnEngine {
 public:
  explicit OwnEngine(const std::filesystem::path& data) {
    Settings settings;
    settings.data = data.string();
    Engine::Options options;
    options.access = Access::operate;
    options.create = true;
    auto opened = Engine::open(settings, options);
    if (!opened) throw std::runtime_error("cannot open: " + opened.error().message);
    engine_ = *std::move(opened);
    backend_ = local_backend(*engine_, settings).value();
  }
  OwnEngine(const OwnEngine&) = delete;
  OwnEngine& operator=(const OwnEngine&) = delete;

  Answer get(const std::string& target) { return call({http::Method::get, target, ""}); }
  Answer post(const std::string& target, const std::string& body) {
    return call({http::Method::post, target, body});
  }
  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] Backend& backend() { return *backend_; }

 private:
  Answer call(const Call& what) {
    auto answer = backend_->call(what);
    EXPECT_TRUE(answer) << what.target;
    return answer ? *std::move(answer) : Answer{};
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Backend> backend_;
};

}  // namespace hansard::cli::testing
