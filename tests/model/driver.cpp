#include "driver.h"

#include <deque>
#include <functional>
#include <sstream>

#include "reference.h"
#include "support/events.h"
#include "support/log.h"

namespace hansard::model {
namespace {

using core::Errc;
using core::Expected;

constexpr std::size_t kTraced = 40;

std::string describe(const core::AppendRequest& request) {
  std::ostringstream text;
  text << "append to " << request.project.text() << ":";
  for (const core::NewEvent& record : request.records) {
    text << ' ' << record.stream.text() << "/" << record.facts.substr(0, 40);
  }
  for (const core::Check& check : request.checks) {
    text << " if " << check.stream.text() << " is "
         << (check.expected.kind == Expected::Kind::exact
                 ? std::to_string(check.expected.version.value)
             : check.expected.kind == Expected::Kind::none   ? "none"
             : check.expected.kind == Expected::Kind::exists ? "there"
                                                             : "anything");
  }
  if (request.known == core::Known::skip) text << ", skipping what is known";
  if (request.durability == core::Durability::relaxed) text << ", relaxed";
  return text.str();
}

/// What differs between an answer and what it must be; empty: nothing.
std::string difference(const core::Result<core::Receipt>& answer, const Answer& expected) {
  if (!answer) {
    const std::string_view code = traits(answer.error().code).name;
    if (!expected.error) return "refused: " + std::string(code) + ", " + answer.error().message;
    if (*expected.error != answer.error().code) {
      return "refused as " + std::string(code) + " instead of " +
             std::string(traits(*expected.error).name);
    }
    if (answer.error().violations.size() != expected.violations.size()) {
      return "names another number of violated checks";
    }
    for (std::size_t i = 0; i < expected.violations.size(); ++i) {
      const core::Violation& told = answer.error().violations[i];
      if (std::tie(told.stream, told.expected, told.actual) != expected.violations[i]) {
        return "says that " + told.stream + " is at " + told.actual + " instead of " +
               std::get<2>(expected.violations[i]);
      }
    }
    return {};
  }
  if (expected.error) return "accepted instead of " + std::string(traits(*expected.error).name);
  if (answer->records.size() != expected.records.size()) return "names another number of records";
  for (std::size_t i = 0; i < expected.records.size(); ++i) {
    const core::RecordReceipt& told = answer->records[i];
    const core::RecordReceipt& must = expected.records[i];
    if (told.position != must.position || told.version != must.version ||
        told.duplicate != must.duplicate || told.recorded_at != must.recorded_at) {
      return "record " + std::to_string(i) + " is told at position " +
             std::to_string(told.position.value) + ", version " +
             std::to_string(told.version.value) + (told.duplicate ? ", a duplicate" : "") +
             "; must be position " + std::to_string(must.position.value) + ", version " +
             std::to_string(must.version.value) + (must.duplicate ? ", a duplicate" : "");
    }
  }
  return {};
}

class Run {
 public:
  Run(Subject& subject, const RunOptions& options)
      : subject_(subject), options_(options), random_(options.seed) {
    for (std::size_t i = 0; i < options.streams; ++i) {
      streams_.push_back(support::stream("session-s" + std::to_string(i)));
    }
    projects_ = {core::ProjectId(), support::project("other")};
  }

  std::optional<std::string> run() {
    for (done_ = 0; done_ < options_.operations; ++done_) {
      const std::string wrong = step();
      if (wrong.empty()) continue;
      std::string report = wrong + "\nin operation " + std::to_string(done_) + " of seed " +
                           std::to_string(options_.seed) + ", the last of:";
      for (const auto& operation : trace_) report += "\n  " + operation();
      return report;
    }
    return {};
  }

 private:
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  const core::ProjectId& any_project() { return projects_[draw(8) == 0 ? 1 : 0]; }
  const core::StreamId& any_stream() { return streams_[draw(streams_.size())]; }

  void trace(std::function<std::string()> operation) {
    trace_.push_back(std::move(operation));
    if (trace_.size() > kTraced) trace_.pop_front();
  }

  std::string step() {
    if (options_.faults && draw(400) == 0) subject_.plan_fault(random_);
    if (options_.faults && draw(1500) == 0) return restart();
    const std::uint64_t kind = draw(20);
    if (kind < 11) return append();
    if (kind < 14) return read();
    if (kind < 17) return read_stream();
    if (kind < 18) return head();
    return find();
  }

  core::NewEvent fresh() {
    const std::string name = std::to_string(made_++);
    core::NewEvent event;
    event.stream = any_stream();
    event.type = "MessageSent";
    for (std::size_t i = 0; i < 8; ++i) {
      event.id.bytes[i] = static_cast<std::uint8_t>(made_ >> (8 * i));
      event.id.bytes[15 - i] = static_cast<std::uint8_t>(options_.seed >> (8 * i));
    }
    event.facts = "{\"n\":" + name + "}";
    event.content = draw(6) == 0 ? "{}" : "{\"text\":\"" + std::string(draw(30), 'x') + "\"}";
    if (draw(4) == 0) {
      event.occurred_at = support::at_us(static_cast<std::int64_t>(draw(1000)));
      event.occurred_at_from_client = draw(2) == 0;
    }
    event.salt.fill(static_cast<std::uint8_t>(1 + draw(255)));
    return event;
  }

  /// One that was sent before, the same or changed; mostly a recent one.
  core::NewEvent known(const core::ProjectId& project) {
    const auto& all = reference_.events();
    if (all.empty()) return fresh();
    const std::size_t back =
        draw(draw(3) == 0 ? all.size() : std::min<std::size_t>(all.size(), 20));
    core::NewEvent event = all[all.size() - 1 - back].event;
    if (all[all.size() - 1 - back].project != project.text()) return event;  // new there
    event.salt.fill(static_cast<std::uint8_t>(1 + draw(255)));  // drawn anew by a real client
    switch (draw(8)) {
      case 0:
        event.content = "{\"text\":\"changed\"}";
        break;
      case 1:
        event.stream = any_stream();
        break;
      case 2:
        event.occurred_at = support::at_us(static_cast<std::int64_t>(draw(3)));
        event.occurred_at_from_client = true;
        break;
      default:
        break;
    }
    return event;
  }

  core::AppendRequest request() {
    core::AppendRequest request;
    request.project = any_project();
    const std::uint64_t count = draw(5) == 0 ? 1 + draw(6) : 1;
    for (std::uint64_t i = 0; i < count; ++i) {
      request.records.push_back(draw(5) == 0 ? known(request.project) : fresh());
    }
    switch (draw(200)) {
      case 0:
        request.records.clear();
        break;
      case 1:
        request.records.push_back(request.records[0]);
        break;
      case 2:
        request.records[0].type = "lower";
        break;
      case 3:
        request.records[0].id = {};
        break;
      default:
        break;
    }
    for (core::NewEvent& record : request.records) core::seal(record, support::hasher());
    for (std::uint64_t i = draw(3); i > 0; --i) request.checks.push_back(check(request.project));
    request.recorded_at = support::at_us(static_cast<std::int64_t>(5'000 + done_ + draw(2000)));
    if (draw(10) == 0) request.durability = core::Durability::relaxed;
    if (draw(3) == 0) request.known = core::Known::skip;
    return request;
  }

  core::Check check(const core::ProjectId& project) {
    const core::StreamId& stream = any_stream();
    const auto positions = reference_.stream(project.text(), stream.text());
    switch (draw(6)) {
      case 0:
        return {stream, Expected::any()};
      case 1:
        return {stream, Expected::none()};
      case 2:
        return {stream, Expected::exists()};
      default: {  // mostly what it is, sometimes beside it
        const std::uint64_t head = positions.empty() ? 0 : positions.size() - 1;
        return {stream, Expected::exactly(core::Version{draw(4) == 0 ? head + draw(2) : head})};
      }
    }
  }

  std::string append() {
    const auto request = std::make_shared<const core::AppendRequest>(this->request());
    trace([request] { return describe(*request); });
    auto answer = support::append(subject_.log(), *request);
    const std::uint64_t before = reference_.events().size();
    for (int again = 0; !answer && answer.error().code == Errc::unavailable; ++again) {
      if (!options_.faults) return "unavailable: " + answer.error().message;
      if (!subject_.has_power()) {
        static_cast<void>(reference_.append(*request));  // it may be there or not
        return restart();
      }
      if (again == kUnavailableMax || !subject_.wait_until_serving()) {
        return "unavailable for good: " + answer.error().message;
      }
      if (!subject_.has_power()) continue;  // it went while we waited
      answer = support::append(subject_.log(), *request);
      if (answer && stored_by_lost_answer(*answer, before)) {
        const Answer first = reference_.append(*request);
        for (core::RecordReceipt& record : answer->records) {
          record.duplicate = record.position.value < before;
        }
        return difference(answer, first);
      }
    }
    const Answer expected = reference_.append(*request);
    auto wrong = difference(answer, expected);
    if (!wrong.empty()) return wrong;
    if (answer && answer->durability == core::Durability::strict) {
      durable_ = reference_.events().size();
    } else if (answer && !answer->duplicate()) {
      return wait_for_visible();
    }
    return end();
  }

  [[nodiscard]] static bool stored_by_lost_answer(const core::Receipt& receipt,
                                                  std::uint64_t before) {
    for (const core::RecordReceipt& record : receipt.records) {
      if (record.duplicate && record.position.value >= before) return true;
    }
    return false;
  }

  std::string wait_for_visible() {
    const core::Position end{reference_.events().size()};
    if (support::wait_for_end(subject_.log(), end,
                              std::chrono::seconds(subject_.can_restart() ? 2 : 20))) {
      return {};
    }
    // Its sync failed: a relaxed receipt promises nothing then.
    return options_.faults ? restart() : "a relaxed append does not become visible";
  }

  std::string end() {
    const std::uint64_t told = subject_.log().end().value;
    if (told == reference_.events().size()) return {};
    return "the log ends at " + std::to_string(told) + " instead of " +
           std::to_string(reference_.events().size());
  }

  std::string compare(const core::RecordedEvent& event, std::uint64_t position) const {
    const Reference::Stored& must = reference_.events()[position];
    const core::NewEvent& sent = must.event;
    if (event.position.value != position) return "another position is read";
    if (event.stream != must.stream || event.project != must.project ||
        event.version.value != must.version) {
      return "position " + std::to_string(position) + " is read as version " +
             std::to_string(event.version.value) + " of " + std::string(event.stream);
    }
    if (event.id != sent.id || event.type != sent.type || event.facts != sent.facts ||
        event.content != sent.content || event.occurred_at != sent.occurred_at ||
        event.recorded_at != must.recorded_at) {
      return "position " + std::to_string(position) + " is read with other fields";
    }
    return {};
  }

  std::string read() {
    const std::uint64_t size = reference_.events().size();
    std::uint64_t next = draw(size + 3);
    std::uint64_t left = 1 + draw(10);
    trace(
        [next, left] { return "read " + std::to_string(left) + " from " + std::to_string(next); });
    std::string wrong;
    const std::uint64_t until = std::max(next, std::min(size, next + left));
    const auto read = subject_.log().read(core::Position{next}, [&](const auto& event) {
      if (next >= size) {
        wrong = "an event is read that nobody appended";
        return false;
      }
      wrong = compare(event, next++);
      return wrong.empty() && --left > 0;
    });
    if (!wrong.empty()) return wrong;
    if (!read) return unreadable(read.error());
    return read->value == until ? ""
                                : "reading ends at " + std::to_string(read->value) +
                                      " instead of " + std::to_string(until);
  }

  std::string read_stream() {
    const core::ProjectId& project = any_project();
    const core::StreamId& stream = any_stream();
    const auto positions = reference_.stream(project.text(), stream.text());
    std::uint64_t next = draw(positions.size() + 2);
    if (positions.size() > 20 && draw(2) == 0) next = positions.size() - draw(20);
    std::uint64_t left = 1 + draw(10);
    trace([next, left, name = stream.text()] {
      return "read " + std::to_string(left) + " of " + name + " from version " +
             std::to_string(next);
    });
    std::string wrong;
    const auto read =
        subject_.log().read_stream(project, stream, core::Version{next}, [&](const auto& event) {
          if (next >= positions.size()) {
            wrong = "a version is read that nobody appended";
            return false;
          }
          wrong = compare(event, positions[next++]);
          return wrong.empty() && --left > 0;
        });
    if (!wrong.empty()) return wrong;
    if (!read) return unreadable(read.error());
    const bool all = left == 0 || next >= positions.size();
    return all ? "" : "version " + std::to_string(next) + " of " + stream.text() + " is not read";
  }

  std::string head() {
    const core::ProjectId& project = any_project();
    const core::StreamId& stream = any_stream();
    trace([name = stream.text()] { return "head of " + name; });
    const auto positions = reference_.stream(project.text(), stream.text());
    const auto head = subject_.log().head(project, stream);
    if (!head) return unreadable(head.error());
    const std::uint64_t told = *head ? (*head)->value + 1 : 0;
    return told == positions.size()
               ? ""
               : "the head of " + stream.text() + " is told " + std::to_string(told) +
                     " events long instead of " + std::to_string(positions.size());
  }

  std::string find() {
    const core::ProjectId& project = any_project();
    const core::NewEvent event = draw(4) == 0 ? fresh() : known(project);
    trace([facts = event.facts] { return "find " + facts; });
    const auto found = subject_.log().find(project, event.id);
    if (!found) return unreadable(found.error());
    const auto must = reference_.find(project.text(), event.id);
    const bool same = found->has_value() == must.has_value() && (!must || (*found)->value == *must);
    return same ? "" : "an id is found elsewhere";
  }

  /// Reads may be unavailable while a log reopens after a planned fault, and only then.
  std::string unreadable(const core::Error& error) {
    const bool planned = options_.faults && error.code == Errc::unavailable;
    if (!planned) return "unreadable: " + error.message;
    if (!subject_.wait_until_serving()) return "unreadable for good: " + error.message;
    return subject_.has_power() ? "" : restart();
  }

  std::string restart() {
    trace([] { return std::string("restart"); });
    if (auto failed = subject_.restart(random_)) return *failed;
    const std::uint64_t end = subject_.log().end().value;
    if (end < durable_) return "position " + std::to_string(end) + " was acknowledged and is lost";
    if (end > reference_.events().size()) return "there is an event that nobody appended";
    if (!reference_.is_boundary(end)) return "half of an append is there";
    reference_.truncate(end);
    durable_ = end;
    return subject_.log().tree().size == end ? "" : "the tree has another size than the log";
  }

  Subject& subject_;
  const RunOptions options_;
  std::mt19937_64 random_;
  std::vector<core::StreamId> streams_;
  std::vector<core::ProjectId> projects_;
  Reference reference_;
  std::uint64_t durable_ = 0;  ///< events that a restart must leave
  std::uint64_t made_ = 0;
  std::uint64_t done_ = 0;
  std::deque<std::function<std::string()>> trace_;
};

}  // namespace

std::optional<std::string> run_against_reference(Subject& subject, const RunOptions& options) {
  return Run(subject, options).run();
}

}  // namespace hansard::model
