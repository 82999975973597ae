#include "history.h"

#include <algorithm>
#include <map>

namespace hansard::model {
namespace {

using core::Errc;

class Explainer {
 public:
  Explainer(const std::vector<Call>& calls, const core::EventLog& log) : calls_(calls) {
    std::uint64_t next = 0;
    const auto read = log.read({}, [&](const core::RecordedEvent& event) {
      if (event.position.value != next++) wrong_ = "positions have a gap";
      auto& versions = streams_[std::string(event.stream)];
      if (event.version.value != versions.size()) wrong_ = "versions have a gap";
      versions.push_back(event.position.value);
      if (!ids_.emplace(event.id, event.position.value).second) wrong_ = "an event is there twice";
      return true;
    });
    if (!read) wrong_ = "unreadable: " + read.error().message;
    size_ = next;
    boundary_.assign(size_ + 1, false);
    boundary_[0] = true;
  }

  std::optional<std::string> run() {
    if (wrong_) return wrong_;
    if (auto wrong = note_stored()) return wrong;
    note_bounds();
    for (const Call& call : calls_) {
      if (auto wrong = explain(call)) return wrong;
    }
    return {};
  }

 private:
  struct Stored {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
  };

  /// What `call` wrote, if anything.
  static std::optional<Stored> written(const Call& call) {
    std::optional<Stored> stored;
    if (!call.answer) return stored;
    for (const core::RecordReceipt& record : call.answer->records) {
      if (record.duplicate) continue;
      if (!stored) stored = Stored{record.position.value, record.position.value};
      stored->end = record.position.value + 1;
    }
    return stored;
  }

  /// Every stored event was acknowledged to exactly one call, and is where it was told to be.
  std::optional<std::string> note_stored() {
    std::uint64_t events = 0;
    for (const Call& call : calls_) {
      if (!call.answer) continue;
      for (std::size_t i = 0; i < call.request.records.size(); ++i) {
        const core::RecordReceipt& told = call.answer->records[i];
        const auto found = ids_.find(call.request.records[i].id);
        if (found == ids_.end() || found->second != told.position.value) {
          return "position " + std::to_string(told.position.value) +
                 " was acknowledged and does not hold that event";
        }
        const auto& versions = streams_[call.request.records[i].stream.text()];
        if (told.version.value >= versions.size() ||
            versions[told.version.value] != told.position.value) {
          return "position " + std::to_string(told.position.value) + " was told another version";
        }
        events += told.duplicate ? 0 : 1;
      }
      if (const auto stored = written(call)) boundary_[stored->end] = true;
    }
    if (events == size_) return {};
    return std::to_string(size_) + " events are stored, " + std::to_string(events) +
           " were acknowledged as new";
  }

  /// For each moment: what had been answered before it must be seen, what is called after it
  /// cannot.
  void note_bounds() {
    for (const Call& call : calls_) {
      const auto stored = written(call);
      if (!stored) continue;
      returned_.emplace_back(call.returned, stored->end);
      called_.emplace_back(call.called, stored->first);
    }
    std::sort(returned_.begin(), returned_.end());
    std::sort(called_.begin(), called_.end());
    std::uint64_t most = 0;
    for (auto& [time, end] : returned_) end = most = std::max(most, end);
    std::uint64_t least = size_;
    for (auto at = called_.rbegin(); at != called_.rend(); ++at) {
      at->second = least = std::min(least, at->second);
    }
  }
  /// The log's end was at least this at `time`.
  [[nodiscard]] std::uint64_t end_at_least(std::uint64_t time) const {
    const auto after = std::lower_bound(returned_.begin(), returned_.end(),
                                        std::pair<std::uint64_t, std::uint64_t>{time, 0});
    return after == returned_.begin() ? 0 : std::prev(after)->second;
  }
  [[nodiscard]] std::uint64_t end_at_most(std::uint64_t time) const {
    const auto after = std::upper_bound(called_.begin(), called_.end(),
                                        std::pair<std::uint64_t, std::uint64_t>{time, ~0ULL});
    return after == called_.end() ? size_ : after->second;
  }

  /// Events of a stream below `end`.
  [[nodiscard]] std::uint64_t length(const std::string& stream, std::uint64_t end) const {
    const auto found = streams_.find(stream);
    if (found == streams_.end()) return 0;
    const auto& positions = found->second;
    return static_cast<std::uint64_t>(std::lower_bound(positions.begin(), positions.end(), end) -
                                      positions.begin());
  }
  [[nodiscard]] bool holds(const core::Check& check, std::uint64_t end) const {
    const std::uint64_t count = length(check.stream.text(), end);
    switch (check.expected.kind) {
      case core::Expected::Kind::any:
        return true;
      case core::Expected::Kind::none:
        return count == 0;
      case core::Expected::Kind::exists:
        return count != 0;
      case core::Expected::Kind::exact:
        return count == check.expected.version.value + 1;
    }
    return false;
  }
  [[nodiscard]] std::size_t known(const core::AppendRequest& request, std::uint64_t end) const {
    return static_cast<std::size_t>(
        std::count_if(request.records.begin(), request.records.end(), [&](const auto& record) {
          const auto found = ids_.find(record.id);
          return found != ids_.end() && found->second < end;
        }));
  }

  /// Whether `answer` is right for a log that ends at `end`.
  [[nodiscard]] bool is_right(const Call& call, std::uint64_t end) const {
    const core::AppendRequest& request = call.request;
    const std::size_t known = this->known(request, end);
    if (call.answer) {
      if (const auto stored = written(call)) {
        if (stored->first != end) return false;
        return std::all_of(request.checks.begin(), request.checks.end(),
                           [&](const auto& check) { return holds(check, end); });
      }
      return known == request.records.size();
    }
    const core::Error& error = call.answer.error();
    if (error.code == Errc::partial_duplicate) {
      return known != 0 && known != request.records.size();
    }
    if (error.code == Errc::id_reused) return known != 0;
    if (error.code != Errc::version_conflict) return false;
    std::size_t violated = 0;
    for (const core::Check& check : request.checks) {
      if (holds(check, end)) continue;
      if (violated == error.violations.size()) return false;
      const core::Violation& told = error.violations[violated++];
      const std::uint64_t count = length(check.stream.text(), end);
      const std::string actual = count == 0 ? "none" : std::to_string(count - 1);
      if (told.stream != check.stream.text() || told.actual != actual) return false;
    }
    return violated != 0 && violated == error.violations.size();
  }

  [[nodiscard]] std::optional<std::string> explain(const Call& call) const {
    const std::uint64_t least = end_at_least(call.called);
    // Its own position bounds what it wrote itself, so only the others count.
    const auto own = written(call);
    const std::uint64_t most = end_at_most(call.returned);
    for (std::uint64_t end = least; end <= most; ++end) {
      if (boundary_[end] && is_right(call, end)) return {};
    }
    std::string what = own           ? "stored at position " + std::to_string(own->first)
                       : call.answer ? std::string("a duplicate")
                                     : std::string(traits(call.answer.error().code).name) + ": " +
                                           call.answer.error().message;
    return "an answer (" + what +
           ") is right at no moment between its call and its return, when the " +
           "log ended between " + std::to_string(least) + " and " + std::to_string(most);
  }

  const std::vector<Call>& calls_;
  std::optional<std::string> wrong_;
  std::uint64_t size_ = 0;
  std::map<std::string, std::vector<std::uint64_t>> streams_;
  std::map<core::EventId, std::uint64_t> ids_;
  std::vector<bool> boundary_;  ///< ends between two appends
  std::vector<std::pair<std::uint64_t, std::uint64_t>> returned_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> called_;
};

}  // namespace

std::optional<std::string> unexplained(const std::vector<Call>& calls, const core::EventLog& log) {
  return Explainer(calls, log).run();
}

}  // namespace hansard::model
