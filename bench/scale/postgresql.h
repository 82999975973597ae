#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "meter.h"

namespace hansard::bench {

/// The PostgreSQL that `peers/with_postgresql` started, driven by its own client. Confined to one
/// thread.
class Postgresql {
 public:
  /// Nothing when the program was not started beside one.
  static std::optional<Postgresql> find();

  struct Inserts {
    double per_second = 0;
    Latencies latencies;
  };
  /// Single inserts of 1 KB, each committed and synced, from `connections` for `seconds`: prepared
  /// statements, two client threads at most. Throws `Failed`.
  Inserts insert(std::size_t connections, std::size_t seconds,
                 const std::filesystem::path& scratch);

 private:
  explicit Postgresql(std::string client) : client_(std::move(client)) {}
  std::string client_;
  int runs_ = 0;
};

}  // namespace hansard::bench
