#include "reader_pool.h"

#include <utility>

namespace hansard::search {

void ReaderPool::open(std::string path) {
  const std::lock_guard lock(mutex_);
  path_ = std::move(path);
  open_ = true;
  interrupted_ = false;
}

void ReaderPool::close() {
  std::vector<std::unique_ptr<Reader>> closing;
  {
    std::unique_lock lock(mutex_);
    open_ = false;
    interrupted_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return leased_ == 0; });
    closing.swap(free_);
  }
}

core::Result<ReaderPool::Lease> ReaderPool::lease(std::chrono::steady_clock::time_point deadline) {
  std::string path;
  {
    std::unique_lock lock(mutex_);
    const bool ready =
        changed_.wait_until(lock, deadline, [this] { return !open_ || leased_ < readers_max_; });
    if (!open_) {
      return core::Error{core::Errc::unavailable, "the search index is not open yet"};
    }
    if (!ready) {
      return core::Error{
          core::Errc::timed_out,
          "no search ended in time: " + std::to_string(readers_max_) + " are under way"};
    }
    ++leased_;
    if (!free_.empty()) {
      auto reader = std::move(free_.back());
      free_.pop_back();
      return Lease(*this, std::move(reader));
    }
    path = path_;
  }
  auto reader = Reader::open(path, interrupted_);
  if (!reader) {
    give_back(nullptr);
    return reader.error();
  }
  return Lease(*this, *std::move(reader));
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader) {
  // Under the lock to the end: whoever waits in `close` may destroy this next.
  const std::lock_guard lock(mutex_);
  --leased_;
  if (reader && open_) free_.push_back(std::move(reader));
  reader.reset();
  changed_.notify_all();
}

}  // namespace hansard::search
