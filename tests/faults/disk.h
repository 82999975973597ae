#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hansard::faults {

enum class Op : std::uint8_t {
  create,
  open,
  read,
  write,
  sync,
  rename,
  remove,
  make_directory,
  sync_directory
};
std::string_view name_of(Op op);

/// One operation that is about to happen.
struct Step {
  Op op;
  const std::string& path;
  /// Counts the operations that change the disk or make it durable, from 1; 0 for the others.
  std::uint64_t number;
};

/// What becomes of it.
enum class Verdict : std::uint8_t {
  proceed,
  io_error,  ///< fails; of a write some first bytes may be there, of a sync nothing is durable
  no_space,  ///< likewise, saying that the disk is full
  lose_power
};
/// Asked before each step, without a lock: a plan that blocks delays the operation.
using Plan = std::function<Verdict(const Step&)>;

/// How an operation ended.
enum class Outcome : std::uint8_t { ok, absent, exists, io_error, no_space };

/// A disk with the page cache in front of it, in memory. It remembers what was written but never
/// synced, so that a power loss can take it: in whole, in part, some pages of it, and names
/// created, renamed or removed without a sync of their directory. A sync that failed leaves its
/// bytes readable and counted as clean, as Linux does, but they never reach the disk. Threads: safe
/// to call concurrently.
class Disk {
 public:
  struct File;
  using Handle = std::shared_ptr<File>;
  static constexpr std::uint64_t kPage = 4096;

  explicit Disk(std::uint64_t seed);

  // ---- faults
  void set_plan(Plan plan);
  /// Bytes of all files together; writes beyond store what fits and fail. Unlimited at first.
  void set_capacity(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t used() const;
  [[nodiscard]] std::uint64_t free() const;
  /// Steps so far that change the disk or make it durable.
  [[nodiscard]] std::uint64_t steps() const;
  /// Everything fails from now on.
  void lose_power();
  [[nodiscard]] bool has_power() const;

  // ---- afterwards
  /// The disk as the machine finds it when the power is back. @pre it was lost.
  [[nodiscard]] std::shared_ptr<Disk> after_power_loss(std::uint64_t seed) const;
  /// The disk as it is, all of it durable: what a process finds after one that ended.
  [[nodiscard]] std::shared_ptr<Disk> copy() const;
  /// Every file with its size.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> files() const;
  void flip(const std::string& path, std::uint64_t byte, unsigned bit);
  [[nodiscard]] std::string contents(const std::string& path) const;

  // ---- what a file system offers
  struct Opened {
    Outcome outcome;
    Handle file;
  };
  Opened open(const std::string& path);
  /// `keep`: an existing file is opened as it is; otherwise replaced by an empty one.
  Opened create(const std::string& path, bool keep);
  Outcome read(const Handle& file, std::uint64_t offset, std::size_t bytes, char* out,
               std::size_t& got);
  Outcome write(const Handle& file, std::uint64_t offset, std::string_view bytes);
  Outcome sync(const Handle& file);
  /// At the end, wherever that is.
  Outcome append(const Handle& file, std::string_view bytes);
  [[nodiscard]] std::uint64_t size(const Handle& file) const;
  [[nodiscard]] std::optional<std::uint64_t> size(const std::string& path) const;
  [[nodiscard]] bool is_directory(const std::string& path) const;
  [[nodiscard]] std::optional<std::vector<std::string>> list(const std::string& directory) const;
  Outcome rename(const std::string& from, const std::string& to);
  Outcome remove(const std::string& path);
  Outcome make_directory(const std::string& path);
  Outcome sync_directory(const std::string& path);
  /// @return false when somebody is in the way.
  bool lock(const Handle& file, bool exclusive);
  void unlock(const Handle& file, bool exclusive);

 private:
  using Names = std::map<std::string, Handle>;
  struct NameChange {
    std::string from;  ///< empty: created
    std::string to;    ///< empty: removed
    Handle file;
  };
  /// Asks the plan. Errors: those it decided on, and no power.
  Verdict ask(Op op, const std::string& path);
  [[nodiscard]] static Outcome failure(Verdict verdict);
  Outcome put(File& file, std::uint64_t offset, std::string_view bytes);
  void change_name(NameChange change);
  static void apply(Names& names, const NameChange& change);
  [[nodiscard]] std::uint64_t used_locked() const;

  mutable std::mutex mutex_;
  // All below is guarded by mutex_.
  std::mt19937_64 random_;
  std::shared_ptr<const Plan> plan_;
  std::uint64_t steps_ = 0;
  bool power_ = true;
  std::uint64_t capacity_ = ~std::uint64_t{0};
  std::uint64_t used_ = 0;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> unsynced_names_;
};

}  // namespace hansard::faults
