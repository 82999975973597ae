#include "projections/query/shown.h"

#include <algorithm>
#include <map>

#include "events/session/fast_facts.h"
#include "events/session/ids.h"
#include "projections/facts/reader.h"
#include "usage_codec.h"

namespace hansard::projections::query {
namespace {

using facts::Column;
using facts::kNull;

/// Sessions looked at for one name: erasing one of them must not hide what others still say.
constexpr std::size_t kSessionsPerName = 4;
/// Events at the beginning of a stream among which its SessionCreated is looked for.
constexpr int kFirstEvents = 8;
/// Names of streams that stand for another id are this many digits of hex (`events/session/ids.h`).
constexpr std::size_t kHashDigits = 64;

core::Error late() {
  return core::Error{core::Errc::timed_out, "the query took longer than it may"};
}

/// The first SessionCreated of a session, with what is left of its content.
core::Result<std::optional<events::SessionCreated>> created(const core::EventLog& log,
                                                            const core::ProjectId& project,
                                                            const std::string& session) {
  std::optional<events::SessionCreated> found;
  const auto stream = core::StreamId::make("session", session);
  if (!stream) return found;
  core::Status status = core::Ok{};
  int left = kFirstEvents;
  const auto read = log.read_stream(project, *stream, core::Version{}, [&](const auto& event) {
    if (event.type == events::SessionCreated::kType) {
      auto decoded = events::session_codec().decode(event);
      if (!decoded) {
        status = decoded.error();
      } else if (auto* is = std::get_if<events::SessionCreated>(&decoded->event)) {
        found = std::move(*is);
      }
      return false;
    }
    return --left > 0;
  });
  if (!read) return read.error();
  if (!status) return status.error();
  return found;
}

struct Wanted {
  std::optional<std::string> name = {};
  std::vector<std::int64_t> sessions = {};  ///< ids, the latest first
};

/// Finds names behind the hashes of one column: users, or the values of one tag.
class Names {
 public:
  Names(const facts::Reader& reader, const core::EventLog& log, const core::ProjectId& project,
        DimensionRef dimension, const std::function<bool()>& keep_going)
      : reader_(reader),
        log_(log),
        project_(project),
        dimension_(std::move(dimension)),
        column_(dimension_.dimension == Dimension::user ? Column::user : Column::tags),
        keep_going_(keep_going) {}

  void want(const std::string& hash) { wanted_.try_emplace(hash); }

  core::Status find() {
    if (wanted_.empty()) return core::Ok{};
    if (auto status = prepare(); !status) return status;
    // First one session each, which nearly always says the name; then more for those erased.
    for (const std::size_t sessions : {std::size_t{1}, kSessionsPerName}) {
      if (auto status = find_sessions(sessions); !status) return status;
      if (auto status = read(sessions); !status) return status;
    }
    return core::Ok{};
  }

  [[nodiscard]] const std::optional<std::string>& name(const std::string& hash) const {
    return wanted_.at(hash).name;
  }

 private:
  core::Status prepare() {
    if (column_ == Column::user) {
      of_id_.resize(reader_.texts(column_));
      for (auto& [hash, wanted] : wanted_) {
        const auto id = reader_.find(column_, pack_hash(hash));
        if (!id) return id.error();
        if (*id) of_id_[**id] = &wanted;
      }
      return core::Ok{};
    }
    const auto sets = reader_.all_texts(column_);
    if (!sets) return sets.error();
    for (const std::string& set : *sets) {
      const auto tags = facts::decode_tags(set);
      if (!tags) return tags.error();
      Wanted* wanted = nullptr;
      for (const facts::Tag& tag : *tags) {
        if (tag.key != dimension_.tag) continue;
        const auto found = wanted_.find(unpack_hash(tag.hash));
        wanted = found == wanted_.end() ? nullptr : &found->second;
      }
      of_id_.push_back(wanted);
    }
    return core::Ok{};
  }

  core::Status find_sessions(std::size_t most) {
    std::size_t missing = 0;
    for (auto& [hash, wanted] : wanted_) {
      if (!wanted.name) ++missing;
      wanted.sessions.clear();
    }
    const auto& segments = reader_.segments();
    for (auto segment = segments.rbegin(); segment != segments.rend() && missing > 0; ++segment) {
      if (keep_going_ && !keep_going_()) return late();
      if (!segment->zone(column_).any || !segment->zone(Column::session).any) continue;
      const auto values = reader_.column(*segment, column_);
      if (!values) return values.error();
      const auto sessions = reader_.column(*segment, Column::session);
      if (!sessions) return sessions.error();
      ids_.resize(segment->rows);
      of_session_.resize(segment->rows);
      values->read(0, ids_);
      sessions->read(0, of_session_);
      for (std::size_t row = ids_.size(); row-- > 0 && missing > 0;) {
        if (ids_[row] == kNull || of_session_[row] == kNull) continue;
        Wanted* wanted = of_id_[static_cast<std::size_t>(ids_[row])];
        if (wanted == nullptr || wanted->name || wanted->sessions.size() == most) continue;
        auto& known = wanted->sessions;
        if (std::find(known.begin(), known.end(), of_session_[row]) != known.end()) continue;
        known.push_back(of_session_[row]);
        if (known.size() == most) --missing;
      }
    }
    return core::Ok{};
  }

  core::Status read(std::size_t sessions) {
    for (auto& [hash, wanted] : wanted_) {
      if (keep_going_ && !keep_going_()) return late();
      // What the first pass read need not be read again.
      for (std::size_t i = sessions == 1 ? 0 : 1; i < wanted.sessions.size() && !wanted.name; ++i) {
        const auto id = static_cast<std::uint32_t>(wanted.sessions[i]);
        const auto session = reader_.text(Column::session, id);
        if (!session) return session.error();
        auto found = created(log_, project_, *session);
        if (!found) return found.error();
        if (*found) take(**found, hash, wanted);
      }
    }
    return core::Ok{};
  }

  /// Only what the hash was made of is its name.
  void take(events::SessionCreated& said, const std::string& hash, Wanted& wanted) const {
    if (column_ == Column::user) {
      if (said.user_hash == hash) wanted.name = std::move(said.user);
      return;
    }
    const auto of_key = [&](events::StringMap& map) {
      return std::find_if(map.begin(), map.end(),
                          [&](const auto& entry) { return entry.first == dimension_.tag; });
    };
    const auto hashed = of_key(said.tag_hashes);
    if (hashed == said.tag_hashes.end() || hashed->second != hash) return;
    if (const auto text = of_key(said.tags); text != said.tags.end()) wanted.name = text->second;
  }

  const facts::Reader& reader_;
  const core::EventLog& log_;
  const core::ProjectId& project_;
  const DimensionRef dimension_;
  const Column column_;
  const std::function<bool()>& keep_going_;
  std::map<std::string, Wanted> wanted_;
  std::vector<Wanted*> of_id_;  ///< by id of the column's text
  std::vector<std::int64_t> ids_;
  std::vector<std::int64_t> of_session_;
};

bool stands_for_another(const std::string& session) {
  return session.size() == kHashDigits &&
         session.find_first_not_of("0123456789abcdef") == std::string::npos;
}

core::Status show_sessions(const core::EventLog& log, const core::ProjectId& project,
                           const std::function<bool()>& keep_going, std::size_t at,
                           Answer& answer) {
  for (Group& group : answer.groups) {
    Key& key = group.keys[at];
    if (!key.text || !stands_for_another(*key.text)) continue;
    if (keep_going && !keep_going()) return late();
    auto found = created(log, project, *key.text);
    if (!found) return found.error();
    if (!*found || !(*found)->session_id) continue;
    if (!events::is_pseudonym(*(*found)->session_id)) key.text = std::move((*found)->session_id);
  }
  return core::Ok{};
}

}  // namespace

core::Status show_names(const core::ReadModel& model, const core::EventLog& log,
                        const core::ProjectId& project, const std::function<bool()>& keep_going,
                        Answer& answer) {
  std::optional<facts::Reader> reader;
  for (std::size_t at = 0; at < answer.group_by.size(); ++at) {
    const DimensionRef& dimension = answer.group_by[at];
    if (dimension.dimension == Dimension::session) {
      if (auto s = show_sessions(log, project, keep_going, at, answer); !s) return s;
    }
    if (dimension.dimension != Dimension::user && dimension.dimension != Dimension::tag) continue;
    if (!reader) {
      auto opened = facts::Reader::open(model, project);
      if (!opened) return opened.error();
      reader = *std::move(opened);
    }
    Names names(*reader, log, project, dimension, keep_going);
    for (const Group& group : answer.groups) {
      if (group.keys[at].text) names.want(group.keys[at].hash);
    }
    if (auto status = names.find(); !status) return status;
    for (Group& group : answer.groups) {
      Key& key = group.keys[at];
      if (!key.text) continue;
      const auto& name = names.name(key.hash);
      key.erased = !name;
      if (name) key.text = *name;
    }
  }
  return core::Ok{};
}

}  // namespace hansard::projections::query
