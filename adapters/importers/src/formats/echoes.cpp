#include "formats/echoes.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "formats/steps.h"

namespace hansard::importers {

void Echoes::said(std::string_view text) {
  const std::uint64_t hash = fnv1a(text);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Record& each) { return each.text == hash; });
  if (found != waiting_.end()) {
    waiting_.erase(found);
    return;
  }
  texts_.push_back(hash);
  if (texts_.size() > kNear) texts_.pop_front();
}

std::optional<Echoes::Record> Echoes::repeated(Record record, std::string_view text) {
  record.text = fnv1a(text);
  const auto found = std::find(texts_.begin(), texts_.end(), record.text);
  if (found != texts_.end()) {
    texts_.erase(found);
    return std::nullopt;
  }
  waiting_.push_back(std::move(record));
  if (waiting_.size() <= kNear) return std::nullopt;
  Record oldest = std::move(waiting_.front());
  waiting_.pop_front();
  return oldest;
}

std::vector<Echoes::Record> Echoes::take() {
  std::vector<Record> all(std::make_move_iterator(waiting_.begin()),
                          std::make_move_iterator(waiting_.end()));
  waiting_.clear();
  return all;
}

}  // namespace hansard::importers
