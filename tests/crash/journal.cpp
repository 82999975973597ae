#include "journal.h"

#include "events/json.h"

namespace hansard::crash {
namespace {

/// Longer bodies are repetitive filling: their digest and length say enough.
constexpr std::size_t kBodyBytesKept = 2048;

}  // namespace

Journal::Journal(const std::filesystem::path& file) {
  if (!file.empty()) file_.open(file, std::ios::binary | std::ios::app);
}

Journal::Id Journal::sent(std::vector<SentRecord> records, const std::string& body) {
  events::Json line;
  line.add("sent", nullptr);
  events::Json keys(events::Json::Array{});
  for (const SentRecord& record : records) keys.push(record.key);
  line.add("keys", std::move(keys));
  line.add("body_bytes", body.size());
  if (body.size() <= kBodyBytesKept) line.add("body", body);

  const std::lock_guard lock(mutex_);
  const Id id = appends_.size();
  for (std::size_t i = 0; i < records.size(); ++i) by_key_[records[i].key].push_back({id, i});
  appends_.push_back(Append{std::move(records), Outcome::unknown, {}, {}});
  *line.find("sent") = events::Json(id);
  write(events::dump(line));
  return id;
}

void Journal::unknown(Id id) {
  const std::lock_guard lock(mutex_);
  ++counts_.unknown;
  write("{\"unknown\":" + std::to_string(id) + "}");
}

void Journal::acked(Id id, std::vector<Placed> placed, bool duplicate) {
  std::string places;
  for (const Placed& place : placed) {
    places += (places.empty() ? "[" : ",[") + std::to_string(place.position) + "," +
              std::to_string(place.version) + "]";
  }
  const std::lock_guard lock(mutex_);
  Append& append = appends_[id];
  append.outcome = Outcome::acked;
  append.placed = std::move(placed);
  ++counts_.acked;
  counts_.acked_records += append.records.size();
  if (duplicate) ++counts_.resolved_duplicate;
  write("{\"acked\":" + std::to_string(id) + ",\"placed\":[" + places +
        "],\"duplicate\":" + (duplicate ? "true" : "false") + "}");
  changed_.notify_all();
}

void Journal::refused(Id id, const std::string& code) {
  const std::lock_guard lock(mutex_);
  appends_[id].outcome = Outcome::refused;
  appends_[id].code = code;
  ++counts_.refused;
  write("{\"refused\":" + std::to_string(id) + ",\"code\":\"" + code + "\"}");
}

void Journal::repeated(Id id, const std::vector<Placed>& placed) {
  const std::lock_guard lock(mutex_);
  ++counts_.repeats;
  if (placed != appends_[id].placed) {
    faults_.push_back("append " + std::to_string(id) + " was repeated and answered other places");
    changed_.notify_all();
  }
  write("{\"repeated\":" + std::to_string(id) + "}");
}

void Journal::fault(const std::string& what) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(what);
  events::Json line;
  line.add("fault", what);
  write(events::dump(line));
  changed_.notify_all();
}

bool Journal::wait_acked(std::size_t count, std::chrono::seconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return counts_.acked >= count || !faults_.empty(); });
  return counts_.acked >= count && faults_.empty();
}

JournalCounts Journal::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<std::string> Journal::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

const std::vector<Journal::Place>* Journal::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second;
}

void Journal::write(const std::string& line) {
  if (file_.is_open()) file_ << line << std::endl;
}

}  // namespace hansard::crash
