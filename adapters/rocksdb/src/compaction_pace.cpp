#include "compaction_pace.h"

#include <algorithm>
#include <string>
#include <thread>

namespace hansard::rocks {
namespace {

/// Of one compaction, on its thread; keeps everything.
class Rests final : public rocksdb::CompactionFilter {
 public:
  explicit Rests(const CompactionPace& pace) : pace_(pace) {}
  const char* Name() const override { return "hansard.Rests"; }

  Decision FilterV2(int /*level*/, const rocksdb::Slice& key, ValueType /*type*/,
                    const rocksdb::Slice& value, std::string* /*new_value*/,
                    std::string* /*skip_until*/) const override {
    bytes_ += key.size() + value.size();
    if (bytes_ >= CompactionPace::kStepBytes) rest();
    return Decision::kKeep;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void rest() const {
    bytes_ = 0;
    const auto took = Clock::now() - began_;
    if (pace_.slow()) {
      std::this_thread::sleep_for(
          std::min<Clock::duration>(CompactionPace::kRests * took, CompactionPace::kRestMax));
    }
    began_ = Clock::now();
  }

  const CompactionPace& pace_;
  // RocksDB calls it for one key after another.
  mutable std::size_t bytes_ = 0;
  mutable Clock::time_point began_ = Clock::now();
};

}  // namespace

std::unique_ptr<rocksdb::CompactionFilter> CompactionPace::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context& context) {
  if (!context.is_manual_compaction || !slow()) return nullptr;
  return std::make_unique<Rests>(*this);
}

}  // namespace hansard::rocks
