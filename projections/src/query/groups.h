#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace hansard::projections::query {

constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ value >> 32) * 0x9e3779b97f4a7c15;
  return value ^ value >> 29;
}

/// Spaces of keys up to this are looked up in an array.
inline constexpr std::uint64_t kDenseSpace = std::uint64_t{1} << 20;

/// Numbers groups from 0 in the order their keys are met. Confined to one query.
class GroupIndex {
 public:
  /// `space`: one more than the largest key.
  explicit GroupIndex(std::uint64_t space) : dense_(space <= kDenseSpace) {
    slots_.assign(dense_ ? static_cast<std::size_t>(space) : kSmallest, kEmpty);
  }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] const std::vector<std::uint64_t>& keys() const { return keys_; }
  [[nodiscard]] std::size_t bytes() const {
    return slots_.capacity() * sizeof(std::uint32_t) + keys_.capacity() * sizeof(std::uint64_t);
  }
  void find(std::span<const std::uint64_t> keys, std::uint32_t* out) {
    if (dense_) {
      for (const std::uint64_t key : keys) {
        std::uint32_t& slot = slots_[static_cast<std::size_t>(key)];
        if (slot == kEmpty) slot = add(key);
        *out++ = slot;
      }
      return;
    }
    for (const std::uint64_t key : keys) *out++ = probe(key);
  }

 private:
  static constexpr std::uint32_t kEmpty = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t kSmallest = 4096;

  std::uint32_t add(std::uint64_t key) {
    keys_.push_back(key);
    return static_cast<std::uint32_t>(keys_.size() - 1);
  }
  std::uint32_t probe(std::uint64_t key) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = static_cast<std::size_t>(mix(key)) & mask;; at = (at + 1) & mask) {
      if (slots_[at] == kEmpty) {
        slots_[at] = add(key);
        const std::uint32_t found = slots_[at];
        if (keys_.size() * 2 > slots_.size()) grow();
        return found;
      }
      if (keys_[slots_[at]] == key) return slots_[at];
    }
  }
  void grow() {
    slots_.assign(slots_.size() * 2, kEmpty);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      std::size_t at = static_cast<std::size_t>(mix(keys_[i])) & mask;
      while (slots_[at] != kEmpty) at = (at + 1) & mask;
      slots_[at] = static_cast<std::uint32_t>(i);
    }
  }

  bool dense_;
  std::vector<std::uint32_t> slots_;  ///< dense: by key; else a power of two, at most half full
  std::vector<std::uint64_t> keys_;
};

/// Counts the different values of each group. Confined to one query.
class DistinctCounts {
 public:
  /// Bits that all groups and values may take together before pairs are kept instead.
  static constexpr std::uint64_t kBitsMax = std::uint64_t{1} << 27;

  /// @param groups,values  how many there can be, at most.
  DistinctCounts(std::uint64_t groups, std::uint64_t values)
      : words_(groups <= kBitsMax / values ? static_cast<std::size_t>(values / 64 + 1) : 0) {}

  /// 0 is no value.
  void add(std::uint32_t group, std::uint64_t value) {
    if (group >= counts_.size()) {
      counts_.resize(group + 1);
      bits_.resize(counts_.size() * words_);
    }
    if (value == 0) return;
    if (words_ > 0) {
      std::uint64_t& word = bits_[group * words_ + static_cast<std::size_t>(value / 64)];
      const std::uint64_t bit = std::uint64_t{1} << value % 64;
      counts_[group] += (word & bit) == 0 ? 1 : 0;
      word |= bit;
      return;
    }
    if ((used_ + 1) * 2 > slots_.size()) grow();
    if (place({group, value})) {
      ++used_;
      ++counts_[group];
    }
  }
  /// Takes in another's values; `mine` are our groups by theirs.
  void merge(const DistinctCounts& other, std::span<const std::uint32_t> mine) {
    for (std::size_t i = 0; i < other.counts_.size(); ++i) {
      add(mine[i], 0);
      for (std::size_t w = 0; w < words_; ++w) {
        std::uint64_t& word = bits_[mine[i] * words_ + w];
        const std::uint64_t more = other.bits_[i * words_ + w] & ~word;
        counts_[mine[i]] += static_cast<std::uint64_t>(std::popcount(more));
        word |= more;
      }
    }
    for (const Pair& pair : other.slots_) {
      if (pair.value != 0) add(mine[pair.group], pair.value);
    }
  }
  [[nodiscard]] std::uint64_t of(std::uint32_t group) const {
    return group < counts_.size() ? counts_[group] : 0;
  }
  [[nodiscard]] std::size_t bytes() const {
    return slots_.capacity() * sizeof(Pair) +
           (counts_.capacity() + bits_.capacity()) * sizeof(std::uint64_t);
  }

 private:
  struct Pair {
    std::uint32_t group = 0;
    std::uint64_t value = 0;  ///< 0: the slot is free
  };
  bool place(const Pair& pair) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>(mix(pair.value + mix(pair.group + 1))) & mask;
    for (; slots_[at].value != 0; at = (at + 1) & mask) {
      if (slots_[at].value == pair.value && slots_[at].group == pair.group) return false;
    }
    slots_[at] = pair;
    return true;
  }
  void grow() {
    std::vector<Pair> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    for (const Pair& pair : old) {
      if (pair.value != 0) place(pair);
    }
  }

  std::size_t words_;                ///< of bits a group; 0: pairs instead
  std::vector<std::uint64_t> bits_;  ///< by group, then value
  std::vector<Pair> slots_;
  std::size_t used_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace hansard::projections::query
