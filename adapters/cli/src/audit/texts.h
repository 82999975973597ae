#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/event_log.h"
#include "http/pool.h"
#include "search/search.h"

namespace hansard::cli {

/// The index of texts of one engine, with the threads that search. Threads: created, stopped and
/// destroyed by one thread; the index may be asked from any.
class Texts {
 public:
  struct Options {
    std::filesystem::path data;  ///< the data directory
    std::string log_id;
    /// The data directory is not ours to write: a copy of the index, in a folder of its own for
    /// temporary files, is brought up to date and deleted at the end.
    bool copy = false;
    std::function<void(std::string_view)> notice = {};  ///< why it is built anew; may be empty
  };

  /// Starts following `log`, which outlives this. Whatever is wrong with the index shows in its
  /// state and is tried again: it stops nothing else.
  /// Errors: unavailable, out_of_space (of a copy).
  static core::Result<std::unique_ptr<Texts>> start(core::EventLog& log, Options options);
  ~Texts();  ///< stops
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;

  /// Ends searches that run, and the indexing after its batch.
  void stop();

  [[nodiscard]] search::Search& index() { return *index_; }
  [[nodiscard]] http::Pool& pool() { return *pool_; }

 private:
  Texts() = default;

  std::filesystem::path temporary_;  ///< deleted at the end; empty: none
  std::unique_ptr<search::Search> index_;
  std::unique_ptr<http::Pool> pool_;
};

/// A copy of a directory's index of texts, in a folder of its own for temporary files that is
/// deleted with it. The directory is locked against writers meanwhile.
class TextsCopy {
 public:
  /// Errors: unavailable, out_of_space.
  static core::Result<std::unique_ptr<TextsCopy>> make(const std::filesystem::path& data);
  ~TextsCopy();
  TextsCopy(const TextsCopy&) = delete;
  TextsCopy& operator=(const TextsCopy&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// Of the copy; not there when the directory has none.
  [[nodiscard]] std::filesystem::path database() const;

 private:
  explicit TextsCopy(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

/// Deletes the index of texts of a directory that nobody has open: it is built again when it is
/// needed. Errors: unavailable.
core::Status drop_texts(const std::filesystem::path& data);

}  // namespace hansard::cli
