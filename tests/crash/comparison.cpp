#include "comparison.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "events/pricing/book_file.h"

namespace hansard::crash {
namespace {

bool same(const SentRecord& sent, const StoredEvent& stored) {
  return sent.stream == stored.stream && sent.type == stored.type && sent.digest == stored.digest &&
         (sent.occurred_at.empty() || sent.occurred_at == stored.occurred_at);
}

class Comparison {
 public:
  Comparison(const Journal& journal, const std::vector<StoredEvent>& log)
      : journal_(journal), log_(log) {}

  std::vector<Fault> run() {
    walk_log();
    for (const Append& append : journal_.appends()) {
      if (append.outcome == Outcome::acked) check_acked(append);
      if (append.outcome == Outcome::unknown) check_whole(append);
    }
    return std::move(faults_);
  }

 private:
  void add(Fault::Kind kind, const std::string& key, std::uint64_t position, std::string what) {
    faults_.push_back({kind, key, position, std::move(what)});
  }

  void walk_log() {
    std::unordered_map<std::string, std::uint64_t> next_version;
    // A server's log begins with its prices, which stand in a project of their own.
    const std::uint64_t prices = events::pricing::default_prices().size();
    std::uint64_t next_position = !log_.empty() && log_.front().position == prices ? prices : 0;
    for (std::size_t i = 0; i < log_.size(); ++i) {
      const StoredEvent& event = log_[i];
      if (event.position != next_position) {
        add(Fault::Kind::position_gap, event.key, event.position,
            "expected position " + std::to_string(next_position));
      }
      next_position = event.position + 1;
      std::uint64_t& version = next_version[event.stream];
      if (event.version != version) {
        add(Fault::Kind::version_gap, event.stream, event.position,
            "expected version " + std::to_string(version) + ", found " +
                std::to_string(event.version));
      }
      version = event.version + 1;
      if (!by_key_.emplace(event.key, i).second) {
        add(Fault::Kind::twice, event.key, event.position,
            "also at " + std::to_string(log_[by_key_[event.key]].position));
      }
      check_sent(event);
    }
  }

  /// The event is one that some append sent, and was not only refused.
  void check_sent(const StoredEvent& event) {
    const auto* places = journal_.find(event.key);
    if (places == nullptr) {
      return add(Fault::Kind::foreign, event.key, event.position,
                 event.type + " on " + event.stream);
    }
    bool refused = false;
    for (const Journal::Place& place : *places) {
      const Append& append = journal_.appends()[place.append];
      if (!same(append.records[place.record], event)) continue;
      if (append.outcome != Outcome::refused) return;
      refused = true;
    }
    if (refused) {
      add(Fault::Kind::refused, event.key, event.position, "every append of it was refused");
    } else {
      add(Fault::Kind::altered, event.key, event.position, "not as any append sent it");
    }
  }

  [[nodiscard]] const StoredEvent* stored(const std::string& key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &log_[found->second];
  }

  void check_acked(const Append& append) {
    for (std::size_t i = 0; i < append.records.size(); ++i) {
      const SentRecord& record = append.records[i];
      const Placed& placed = append.placed[i];
      const StoredEvent* event = stored(record.key);
      if (event == nullptr) {
        add(Fault::Kind::lost, record.key, placed.position, "acknowledged, not in the log");
        continue;
      }
      if (Placed{event->position, event->version} != placed) {
        add(Fault::Kind::moved, record.key, event->position,
            "acknowledged at " + std::to_string(placed.position) + ", version " +
                std::to_string(placed.version) + "; found version " +
                std::to_string(event->version));
      }
      if (!same(record, *event)) {
        add(Fault::Kind::altered, record.key, event->position, "not as it was acknowledged");
      }
      if (record.version && *record.version != placed.version) {
        add(Fault::Kind::misplaced, record.key, placed.position,
            "its check demands version " + std::to_string(*record.version) + ", it is " +
                std::to_string(placed.version));
      }
    }
  }

  /// Another append was acknowledged with this record, so it says nothing about the others of its
  /// neighbourhood.
  [[nodiscard]] bool acked_elsewhere(const SentRecord& record) const {
    const auto* places = journal_.find(record.key);
    return places != nullptr && std::any_of(places->begin(), places->end(), [&](const auto& place) {
             return journal_.appends()[place.append].outcome == Outcome::acked;
           });
  }

  void check_whole(const Append& append) {
    std::size_t own = 0;
    std::size_t there = 0;
    for (const SentRecord& record : append.records) {
      if (acked_elsewhere(record)) continue;
      ++own;
      if (stored(record.key) != nullptr) ++there;
    }
    if (there == 0 || there == own) return;
    add(Fault::Kind::torn, append.records.front().key, 0,
        std::to_string(there) + " of " + std::to_string(own) + " records");
  }

  const Journal& journal_;
  const std::vector<StoredEvent>& log_;
  std::unordered_map<std::string, std::size_t> by_key_;
  std::vector<Fault> faults_;
};

}  // namespace

std::string_view name(Fault::Kind kind) {
  static constexpr std::array<std::string_view, 10> kNames{
      "lost",    "moved", "altered",      "twice",       "foreign",
      "refused", "torn",  "position_gap", "version_gap", "misplaced"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string describe(const std::vector<Fault>& faults, std::size_t lines_max) {
  std::string out;
  for (std::size_t i = 0; i < faults.size() && i < lines_max; ++i) {
    const Fault& fault = faults[i];
    out += std::string(name(fault.kind)) + " at " + std::to_string(fault.position) + ": " +
           fault.key + ": " + fault.what + "\n";
  }
  if (faults.size() > lines_max) {
    out += "and " + std::to_string(faults.size() - lines_max) + " more\n";
  }
  return out;
}

std::vector<Fault> compare(const Journal& journal, const std::vector<StoredEvent>& log) {
  return Comparison(journal, log).run();
}

}  // namespace hansard::crash
