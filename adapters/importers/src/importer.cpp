#include "importers/importer.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "events/session/ids.h"

namespace hansard::importers {

namespace {

using core::Errc;
using core::Error;
using core::Receipt;
using core::Result;

constexpr std::size_t kNameHashBytes = 10;

/// Sessions that fork from each other begin alike, `<session>~<branch>`. They are taken one after
/// another, because the fork has to be there before what is said in it.
std::string family(const std::string& name) { return name.substr(0, name.find('~')); }

}  // namespace

/// One call of `take`: results by item, groups of items of one family of names.
struct Importer::Batch {
  std::vector<Imported> results;
  std::vector<ImportItem> items;
  std::vector<std::string> names;  ///< of `items`
  std::vector<std::vector<std::size_t>> groups;
  std::atomic<std::size_t> groups_left{0};
  std::function<void(std::vector<Imported>)> done;

  /// The item that a member of a group goes on from: the one before it of its name, or, for the
  /// first of a branch, one of the group that failed, or simply the one before it.
  [[nodiscard]] std::size_t before(std::size_t group, std::size_t member) const {
    const auto& members = groups[group];
    std::size_t found = members[member - 1];
    for (std::size_t i = 0; i < member; ++i) {
      if (results[members[i]].error) found = members[i];
    }
    for (std::size_t i = 0; i < member; ++i) {
      if (names[members[i]] == names[members[member]]) found = members[i];
    }
    return found;
  }
};

/// One piece on its way into the log.
struct Importer::Work {
  std::size_t group = 0;
  std::size_t member = 0;
  std::size_t item = 0;
  std::uint64_t alike = 0;  ///< sessions of this name found to be other conversations
  std::size_t next_step = 0;
  std::size_t new_events = 0;  ///< in the session being tried
  std::size_t known_events = 0;
};

Importer::Importer(core::ProjectId project, const core::KeyedHash& keyed_hash, Submit submit,
                   std::function<core::Hash()> draw_salt)
    : project_(std::move(project)),
      keyed_hash_(keyed_hash),
      submit_(std::move(submit)),
      draw_salt_(std::move(draw_salt)) {}

std::string Importer::name_of(const SessionName& session) const {
  if (!session.id.empty()) return session.id;
  const core::Hash hash = keyed_hash_("import.session", project_.text(), session.seed);
  return session.prefix + core::to_hex(core::as_bytes(hash).substr(0, kNameHashBytes));
}

void Importer::take(std::vector<ImportItem> items,
                    std::function<void(std::vector<Imported>)> done) const {
  if (items.empty()) return done({});
  auto batch = std::make_shared<Batch>();
  batch->done = std::move(done);
  batch->items = std::move(items);
  batch->results.resize(batch->items.size());
  std::map<std::string, std::vector<std::size_t>> by_name;
  for (std::size_t i = 0; i < batch->items.size(); ++i) {
    batch->results[i].line = batch->items[i].line;
    batch->names.push_back(name_of(batch->items[i].session));
    by_name[family(batch->names.back())].push_back(i);
  }
  for (auto& [name, members] : by_name) batch->groups.push_back(std::move(members));
  batch->groups_left = batch->groups.size();
  for (std::size_t group = 0; group < batch->groups.size(); ++group) next_of_group(batch, group, 0);
}

void Importer::next_of_group(std::shared_ptr<Batch> batch, std::size_t group,
                             std::size_t member) const {
  if (member == batch->groups[group].size()) {
    if (batch->groups_left.fetch_sub(1) == 1) batch->done(std::move(batch->results));
    return;
  }
  auto work = std::make_shared<Work>();
  work->group = group;
  work->member = member;
  work->item = batch->groups[group][member];
  const ImportItem& item = batch->items[work->item];
  if (item.continues && member > 0) {
    const std::size_t last = batch->before(group, member);
    const Imported& before = batch->results[last];
    const bool same = batch->names[last] == batch->names[work->item];
    if (before.error) {
      Imported& result = batch->results[work->item];
      result.session_id = same ? before.session_id : batch->names[work->item];
      result.error = before.error;
      return next_of_group(std::move(batch), group, member + 1);
    }
    work->alike = same ? before.alike : item.alike;
  } else if (item.continues) {
    work->alike = item.alike;
  }
  next_append(std::move(batch), std::move(work));
}

void Importer::next_append(std::shared_ptr<Batch> batch, std::shared_ptr<Work> work) const {
  const ImportItem& item = batch->items[work->item];
  Imported& result = batch->results[work->item];
  result.session_id = batch->names[work->item];
  result.alike = work->alike;
  if (work->alike > 0) result.session_id += "~" + std::to_string(work->alike);
  auto stream = events::session_stream(project_, result.session_id, keyed_hash_);
  if (!stream) return appended(batch, work, std::move(stream).error());

  events::Record record;
  record.create = item.create;
  record.created_at = item.created_at;
  record.created_at_from_client = item.created_at.has_value();
  if (stream->name() != result.session_id) record.create.session_id = result.session_id;
  const std::size_t end = std::min(item.steps.size(), work->next_step + kStepsPerAppend);
  record.steps.assign(item.steps.begin() + static_cast<std::ptrdiff_t>(work->next_step),
                      item.steps.begin() + static_cast<std::ptrdiff_t>(end));
  work->next_step = end;
  events::SessionCommand command;
  command.meta.salt_seed = draw_salt_();
  command.body = std::move(record);
  submit_(*std::move(stream), std::move(command), [this, batch, work](Result<Receipt> receipt) {
    appended(batch, work, std::move(receipt));
  });
}

void Importer::appended(const std::shared_ptr<Batch>& batch, const std::shared_ptr<Work>& work,
                        Result<Receipt> receipt) const {
  Imported& result = batch->results[work->item];
  if (!receipt) {
    // Only before anything was written is another session still an option.
    const ImportItem& item = batch->items[work->item];
    const bool other =
        receipt.error().code == Errc::id_reused && work->new_events == 0 && !item.continues;
    if (other && work->alike < kAlikeMax) {
      ++work->alike;
      work->next_step = work->known_events = 0;
      return next_append(batch, work);
    }
    result.error = other ? Error{Errc::rejected, "more than " + std::to_string(kAlikeMax) +
                                                     " recorded conversations begin like this one"}
                         : std::move(receipt).error();
  } else {
    for (const core::RecordReceipt& record : receipt->records) {
      ++(record.duplicate ? work->known_events : work->new_events);
    }
    if (work->next_step < batch->items[work->item].steps.size()) {
      return next_append(batch, work);
    }
  }
  result.new_events = work->new_events;
  result.known_events = work->known_events;
  next_of_group(batch, work->group, work->member + 1);
}

}  // namespace hansard::importers
