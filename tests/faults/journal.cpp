#include "journal.h"

#include <set>
#include <tuple>

#include "support/log.h"

namespace hansard::faults {
namespace {

using core::Errc;
using core::Position;
using State = Journal::State;

bool is_known(const core::Result<core::Receipt>& receipt) {
  if (receipt) return receipt->durability == core::Durability::strict || receipt->duplicate();
  return receipt.error().code != Errc::unavailable && receipt.error().code != Errc::cancelled;
}

std::string place(Position position) { return "position " + std::to_string(position.value); }

class Judge {
 public:
  Judge(const core::EventLog& log, const Journal& journal) : journal_(journal) {
    core::Timestamp last = core::Timestamp::min();
    const auto read = log.read({}, [&](const core::RecordedEvent& event) {
      add(event, last);
      last = event.recorded_at;
      return true;
    });
    if (!read) {
      wrong("the log cannot be read: " + read.error().message);
    } else if (*read != log.end()) {
      wrong("the log ends at " + std::to_string(read->value) + ", its end says " +
            std::to_string(log.end().value));
    }
    if (log.tree().size != stored_.size()) wrong("the tree has another size than the log");
  }

  std::vector<std::string> run() {
    std::set<core::EventId> sent;
    for (const Journal::Entry& entry : journal_.entries()) judge(entry, sent);
    for (const auto& [id, at] : by_id_) {
      if (!sent.contains(id)) wrong(place(Position{at}) + " holds what nobody sent");
    }
    return std::move(wrong_);
  }

 private:
  void add(const core::RecordedEvent& event, core::Timestamp last) {
    if (event.position.value != stored_.size()) wrong(place(event.position) + " is out of order");
    if (event.recorded_at < last) wrong(place(event.position) + ": recorded_at goes back");
    auto& versions = streams_[std::string(event.stream)];
    if (event.version.value != versions.size()) {
      wrong(place(event.position) + " has version " + std::to_string(event.version.value) +
            " where " + std::to_string(versions.size()) + " comes next");
    }
    versions.push_back(event.position.value);
    if (!by_id_.emplace(event.id, stored_.size()).second) {
      wrong(place(event.position) + " repeats an id");
    }
    stored_.push_back({std::string(event.stream), event.version, std::string(event.facts),
                       std::string(event.content)});
  }

  void judge(const Journal::Entry& entry, std::set<core::EventId>& sent) {
    std::size_t there = 0;
    std::optional<std::uint64_t> first;
    for (std::size_t i = 0; i < entry.request.records.size(); ++i) {
      const core::NewEvent& record = entry.request.records[i];
      const auto found = by_id_.find(record.id);
      if (entry.state != State::refused) sent.insert(record.id);
      if (found == by_id_.end()) {
        if (entry.state == State::acknowledged) {
          wrong(place(entry.receipt.records[i].position) + " was acknowledged and is lost");
        }
        continue;
      }
      ++there;
      if (entry.state == State::refused) continue;  // another request may have stored this id
      const Stored& stored = stored_[found->second];
      if (!first || found->second < *first) first = found->second;
      if (stored.stream != record.stream.text() || stored.facts != record.facts ||
          stored.content != record.content) {
        wrong(place(Position{found->second}) + " differs from what was sent");
      }
      if (entry.state != State::acknowledged) continue;
      const core::RecordReceipt& receipt = entry.receipt.records[i];
      if (receipt.position.value != found->second || receipt.version != stored.version) {
        wrong(place(receipt.position) + " was acknowledged, but is at " +
              std::to_string(found->second));
      }
    }
    const bool whole = there == 0 || there == entry.request.records.size();
    if (entry.state == State::unknown && entry.request.known == core::Known::fail && !whole) {
      wrong("half of an append is there, from " + place(Position{*first}));
    }
    if (entry.state != State::refused && first && there == entry.request.records.size()) {
      judge_checks(entry, *first);
    }
  }

  /// An exact check held when the append was stored. (Only writers that own a stream use them.)
  void judge_checks(const Journal::Entry& entry, std::uint64_t first) {
    for (const core::Check& check : entry.request.checks) {
      if (check.expected.kind != core::Expected::Kind::exact) continue;
      const auto& versions = streams_[check.stream.text()];
      const std::uint64_t expected = check.expected.version.value;
      const bool before = expected < versions.size() && versions[expected] < first;
      const bool after = expected + 1 >= versions.size() || versions[expected + 1] >= first;
      if (!before || !after) wrong(place(Position{first}) + " is there against its check");
    }
  }

  void wrong(std::string what) { wrong_.push_back(std::move(what)); }

  struct Stored {
    std::string stream;
    core::Version version;
    std::string facts;
    std::string content;
  };
  const Journal& journal_;
  std::vector<Stored> stored_;
  std::map<core::EventId, std::uint64_t> by_id_;
  std::map<std::string, std::vector<std::uint64_t>> streams_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::size_t Journal::send(std::size_t writer, const core::AppendRequest& request) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({writer, request, State::unknown, {}});
  return entries_.size() - 1;
}

void Journal::answer(std::size_t number, const core::Result<core::Receipt>& receipt) {
  const std::lock_guard lock(mutex_);
  if (!is_known(receipt)) return;
  Entry& entry = entries_[number];
  entry.state = receipt ? State::acknowledged : State::refused;
  if (receipt) entry.receipt = *receipt;
}

std::size_t Journal::count(State state) const {
  std::size_t count = 0;
  for (const Entry& entry : entries_) count += entry.state == state ? 1 : 0;
  return count;
}

std::vector<std::string> contradictions(const core::EventLog& log, const Journal& journal) {
  return Judge(log, journal).run();
}

std::vector<std::string> resolve_unknown(core::EventLog& log, Journal& journal) {
  std::vector<std::string> wrong;
  for (Journal::Entry& entry : journal.entries()) {
    if (entry.state != State::unknown) continue;
    core::AppendRequest again = entry.request;
    again.durability = core::Durability::strict;
    std::vector<std::optional<Position>> places;
    for (const core::NewEvent& record : again.records) {
      const auto found = log.find(again.project, record.id);
      places.push_back(found ? *found : std::nullopt);
    }
    const auto receipt = support::append(log, again);
    if (!receipt) {
      wrong.push_back("a retry was answered " + std::string(traits(receipt.error().code).name) +
                      ": " + receipt.error().message);
      continue;
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      const core::RecordReceipt& record = receipt->records[i];
      if (record.duplicate != places[i].has_value() ||
          (places[i] && *places[i] != record.position)) {
        wrong.push_back("a retry was answered with another place: " + place(record.position));
      }
    }
    entry.state = State::acknowledged;
    entry.receipt = *receipt;
  }
  return wrong;
}

}  // namespace hansard::faults
