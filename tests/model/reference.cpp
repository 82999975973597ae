#include "reference.h"

#include <algorithm>
#include <set>

namespace hansard::model {
namespace {

using core::Errc;
using core::NewEvent;

bool is_well_formed(const core::AppendRequest& request) {
  std::set<core::EventId> ids;
  for (const NewEvent& record : request.records) {
    const bool capital = !record.type.empty() && record.type[0] >= 'A' && record.type[0] <= 'Z';
    const bool object = record.facts.starts_with('{') && record.content.starts_with('{');
    if (!capital || !object || record.id.is_nil() || !ids.insert(record.id).second) return false;
  }
  return !request.records.empty();
}

bool is_same(const Reference::Stored& stored, const NewEvent& sent) {
  const NewEvent& event = stored.event;
  const bool same_time = (!event.occurred_at_from_client && !sent.occurred_at_from_client) ||
                         (event.occurred_at_from_client && sent.occurred_at_from_client &&
                          event.occurred_at == sent.occurred_at);
  return stored.stream == sent.stream.text() && event.type == sent.type &&
         event.facts == sent.facts && event.content == sent.content && same_time;
}

std::string number_or_none(std::optional<std::uint64_t> version) {
  return version ? std::to_string(*version) : "none";
}

}  // namespace

std::optional<std::uint64_t> Reference::head(const std::string& project,
                                             const std::string& name) const {
  const auto found = by_stream_.find({project, name});
  if (found == by_stream_.end() || found->second.empty()) return {};
  return found->second.size() - 1;
}

std::vector<std::uint64_t> Reference::stream(const std::string& project,
                                             const std::string& name) const {
  const auto found = by_stream_.find({project, name});
  return found == by_stream_.end() ? std::vector<std::uint64_t>{} : found->second;
}

std::optional<std::uint64_t> Reference::find(const std::string& project,
                                             const core::EventId& id) const {
  const auto found = by_id_.find({project, id});
  if (found == by_id_.end()) return {};
  return found->second;
}

bool Reference::is_boundary(std::uint64_t end) const {
  return end == events_.size() || (end < events_.size() && events_[end].begins_append);
}

void Reference::truncate(std::uint64_t end) {
  while (events_.size() > end) {
    const Stored& last = events_.back();
    by_id_.erase({last.project, last.event.id});
    by_stream_[{last.project, last.stream}].pop_back();
    events_.pop_back();
  }
}

Answer Reference::append(const core::AppendRequest& request) {
  if (!is_well_formed(request)) return {Errc::invalid_argument, {}, {}};
  const std::string& project = request.project.text();
  std::size_t known = 0;
  for (const NewEvent& record : request.records) {
    const auto position = find(project, record.id);
    if (!position) continue;
    if (!is_same(events_[*position], record)) return {Errc::id_reused, {}, {}};
    ++known;
  }
  const bool all_known = known == request.records.size();
  if (known != 0 && !all_known && request.known == core::Known::fail) {
    return {Errc::partial_duplicate, {}, {}};
  }
  Answer answer;
  if (!all_known) {
    for (const core::Check& check : request.checks) {
      const auto now = head(project, check.stream.text());
      using Kind = core::Expected::Kind;
      const Kind kind = check.expected.kind;
      const bool holds = kind == Kind::any || (kind == Kind::none && !now) ||
                         (kind == Kind::exists && now) ||
                         (kind == Kind::exact && now && *now == check.expected.version.value);
      if (holds) continue;
      const std::string expected = kind == Kind::none ? "none"
                                   : kind == Kind::exists
                                       ? "exists"
                                       : std::to_string(check.expected.version.value);
      answer.violations.emplace_back(check.stream.text(), expected, number_or_none(now));
    }
    if (!answer.violations.empty()) {
      answer.error = Errc::version_conflict;
      return answer;
    }
  }
  bool first = true;
  for (const NewEvent& record : request.records) {
    if (const auto position = find(project, record.id)) {
      const Stored& stored = events_[*position];
      answer.records.push_back({core::Position{*position}, core::Version{stored.version}, true,
                                false, stored.recorded_at});
      continue;
    }
    Stored stored{project, record.stream.text(), 0, record, request.recorded_at, first};
    first = false;
    if (!events_.empty()) {
      stored.recorded_at = std::max(stored.recorded_at, events_.back().recorded_at);
    }
    auto& versions = by_stream_[{project, stored.stream}];
    stored.version = versions.size();
    versions.push_back(events_.size());
    by_id_[{project, record.id}] = events_.size();
    answer.records.push_back({core::Position{events_.size()}, core::Version{stored.version}, false,
                              false, stored.recorded_at});
    events_.push_back(std::move(stored));
  }
  return answer;
}

}  // namespace hansard::model
