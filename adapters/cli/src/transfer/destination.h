#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::cli {

/// Where what a command writes goes: a file that has its name only when it is whole (`.part` until
/// then, 0600: what people said is in it), or standard output. Confined to one thread.
class Destination {
 public:
  /// @param file  `-`: standard output. Errors, as of all: unavailable, out_of_space.
  static core::Result<Destination> open(const std::string& file);
  Destination(Destination&& other) noexcept;
  Destination& operator=(Destination&&) = delete;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  ~Destination();  ///< a file that was not finished is removed

  core::Status write(std::string_view bytes);
  /// Synced and named.
  core::Status finish();

 private:
  Destination() = default;
  [[nodiscard]] core::Error failed(const char* what) const;

  std::string file_;
  std::string part_;
  int fd_ = -1;
};

}  // namespace hansard::cli
