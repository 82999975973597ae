#include "head_cache.h"

namespace hansard::rocks {

std::size_t HeadCache::cost(const Entry& entry) {
  constexpr std::size_t kListNode = 16 + sizeof(Entry);
  constexpr std::size_t kMapNode = 16 + sizeof(std::string_view) + 8 + 8;
  return kListNode + kMapNode + entry.prefix.capacity();
}

std::optional<HeadCache::Head> HeadCache::get(std::string_view stream_prefix) {
  const auto found = index_.find(stream_prefix);
  if (found == index_.end()) return {};
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->head;
}

void HeadCache::put(std::string_view stream_prefix, const Head& head, bool written) {
  const std::uint64_t epoch = written ? 0 : epoch_;
  const auto found = index_.find(stream_prefix);
  if (found != index_.end()) {
    found->second->head = head;
    found->second->epoch = epoch;
    entries_.splice(entries_.begin(), entries_, found->second);
    return;
  }
  entries_.push_front({std::string(stream_prefix), head, epoch});
  index_.emplace(entries_.front().prefix, entries_.begin());
  bytes_ += cost(entries_.front());
  while (bytes_ > bytes_max_ && entries_.back().epoch < epoch_) {
    bytes_ -= cost(entries_.back());
    index_.erase(entries_.back().prefix);
    entries_.pop_back();
  }
}

void HeadCache::clear() {
  index_.clear();
  entries_.clear();
  bytes_ = 0;
}

}  // namespace hansard::rocks
