#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "projections/recorder.h"
#include "search/search.h"

namespace hansard::search::test {

/// A folder of its own, deleted at the end.
class SearchFolder {
 public:
  SearchFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "hansard-search-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~SearchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SearchFolder(const SearchFolder&) = delete;
  SearchFolder& operator=(const SearchFolder&) = delete;
  [[nodiscard]] std::string database() const { return (path_ / "search.sqlite").string(); }

 private:
  std::filesystem::path path_;
};

/// A log in memory with an index beside it.
class SearchRig {
 public:
  explicit SearchRig(std::string log_id = "log-1") {
    options.path = folder.database();
    options.log_id = std::move(log_id);
    options.gather = std::chrono::milliseconds(0);
    options.notice = [this](const std::string& reason) {
      const std::lock_guard lock(mutex_);
      notices_.push_back(reason);
    };
  }

  void start() {
    index = std::make_unique<Search>(recorder.log(), options);
    index->start();
  }
  void stop() { index.reset(); }

  projections::SearchRequest request(std::string_view query) {
    projections::SearchRequest request;
    request.project = recorder.project();
    request.query = query;
    request.limit = projections::kSearchLimitMax;
    request.at_least = recorder.log().end();
    request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return request;
  }
  core::Result<projections::SearchAnswer> try_search(const projections::SearchRequest& request) {
    return index->search(request);
  }
  projections::SearchAnswer search(const projections::SearchRequest& request) {
    auto answer = try_search(request);
    EXPECT_TRUE(answer) << request.query << ": " << answer.error().message;
    return answer ? *std::move(answer) : projections::SearchAnswer{};
  }
  projections::SearchAnswer search(std::string_view query) { return search(request(query)); }
  /// Positions found, ascending.
  std::vector<std::uint64_t> positions(const projections::SearchRequest& request) {
    std::vector<std::uint64_t> found;
    for (const auto& hit : search(request).hits) found.push_back(hit.position.value);
    std::sort(found.begin(), found.end());
    return found;
  }
  std::vector<std::uint64_t> positions(std::string_view query) { return positions(request(query)); }

  std::vector<std::string> notices() {
    const std::lock_guard lock(mutex_);
    return notices_;
  }

  SearchFolder folder;
  projections::test::Recorder recorder;
  SearchOptions options;
  std::unique_ptr<Search> index;

 private:
  std::mutex mutex_;
  std::vector<std::string> notices_;
};

}  // namespace hansard::search::test
