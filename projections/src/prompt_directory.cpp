#include "projections/prompt_directory.h"

#include <algorithm>

#include "projections/row.h"

namespace hansard::projections {

using core::Result;
using core::Status;

namespace {

constexpr std::string_view kPrefix = "prompt-";

std::string key_of(std::string_view project, std::string_view name) {
  std::string key;
  row::Writer writer(key);
  writer.name(project);
  writer.name(name);
  return key;
}

std::int64_t micros(core::Timestamp time) { return time.time_since_epoch().count(); }
core::Timestamp time_of(std::int64_t value) {
  return core::Timestamp{std::chrono::microseconds{value}};
}

std::string encode(const ListedPrompt& listed) {
  std::string out;
  row::Writer writer(out);
  writer.varint(static_cast<std::uint64_t>(listed.kind));
  writer.signed_varint(micros(listed.created_at));
  writer.signed_varint(micros(listed.changed_at));
  writer.optional_text(listed.trial);
  writer.varint(listed.labels.size());
  for (const auto& [label, version] : listed.labels) {
    writer.text(label);
    writer.text(version.text);
  }
  writer.varint(listed.versions.size());
  for (const ListedPrompt::Version& version : listed.versions) {
    writer.text(version.name.text);
    writer.byte(version.deleted ? 1 : 0);
    writer.varint(version.tags.size());
    for (const std::string& tag : version.tags) writer.text(tag);
  }
  return out;
}

Result<ListedPrompt> decode(std::string_view key, std::string_view bytes) {
  ListedPrompt listed;
  row::Reader names(key);
  (void)names.name();
  listed.name = std::string(names.name());
  row::Reader reader(bytes);
  listed.kind = static_cast<events::PromptKind>(reader.varint());
  listed.created_at = time_of(reader.signed_varint());
  listed.changed_at = time_of(reader.signed_varint());
  if (const auto trial = reader.optional_text()) listed.trial = std::string(*trial);
  for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    std::string label(reader.text());
    listed.labels.emplace_back(std::move(label), std::string(reader.text()));
  }
  for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    ListedPrompt::Version version;
    version.name = std::string(reader.text());
    version.deleted = reader.byte() != 0;
    for (std::uint64_t tags = reader.varint(); tags > 0 && reader.ok(); --tags) {
      version.tags.emplace_back(reader.text());
    }
    listed.versions.push_back(std::move(version));
  }
  if (!names.done() || !reader.done()) {
    return core::Error{core::Errc::corruption, "a row of the view prompts is damaged"};
  }
  return listed;
}

/// As `events::after` has it.
class Change {
 public:
  explicit Change(ListedPrompt& listed) : listed_(listed) {}
  void operator()(const events::PromptVersionStored& event) {
    if (find(event.version) != nullptr) return;
    listed_.kind = event.kind;
    listed_.versions.push_back({event.version, false, event.tags});
  }
  void operator()(const events::PromptTagged& event) {
    if (auto* version = find(event.version)) version->tags = event.tags;
  }
  void operator()(const events::PromptLabelMoved& event) {
    const auto at = place(event.label);
    if (at != listed_.labels.end() && at->first == event.label) {
      at->second = event.version;
    } else {
      listed_.labels.emplace(at, event.label, event.version);
    }
  }
  void operator()(const events::PromptLabelRemoved& event) {
    const auto at = place(event.label);
    if (at != listed_.labels.end() && at->first == event.label) listed_.labels.erase(at);
  }
  void operator()(const events::PromptVersionDeleted& event) {
    if (auto* version = find(event.version)) version->deleted = true;
  }
  void operator()(const events::PromptTrialStarted& event) { listed_.trial = event.experiment; }
  void operator()(const events::PromptTrialEnded& event) {
    if (listed_.trial == event.experiment) listed_.trial.reset();
  }
  void operator()(const events::Unrecognised&) {}

 private:
  ListedPrompt::Version* find(const events::PromptVersion& name) {
    const auto found = std::find_if(listed_.versions.begin(), listed_.versions.end(),
                                    [&](const auto& each) { return each.name == name; });
    return found == listed_.versions.end() ? nullptr : &*found;
  }
  std::vector<std::pair<std::string, events::PromptVersion>>::iterator place(
      const std::string& label) {
    return std::lower_bound(listed_.labels.begin(), listed_.labels.end(), label,
                            [](const auto& each, const auto& name) { return each.first < name; });
  }
  ListedPrompt& listed_;
};

bool accepts(const PromptQuery& query, const ListedPrompt& listed) {
  if (query.label && std::none_of(listed.labels.begin(), listed.labels.end(),
                                  [&](const auto& each) { return each.first == *query.label; })) {
    return false;
  }
  if (query.tags.empty()) return true;
  return std::any_of(listed.versions.begin(), listed.versions.end(), [&](const auto& version) {
    return !version.deleted &&
           std::all_of(query.tags.begin(), query.tags.end(), [&](const std::string& tag) {
             return std::find(version.tags.begin(), version.tags.end(), tag) != version.tags.end();
           });
  });
}

}  // namespace

const ListedPrompt::Version* ListedPrompt::latest() const {
  const auto found = std::find_if(versions.rbegin(), versions.rend(),
                                  [](const Version& each) { return !each.deleted; });
  return found == versions.rend() ? nullptr : &*found;
}

Status Prompts::apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const {
  if (!event.stream.starts_with(kPrefix)) return core::Ok{};
  const auto decoded = events::prompt_codec().decode(event, events::Want::facts);
  if (!decoded) return decoded.error();
  const std::string key = key_of(event.project, event.stream.substr(kPrefix.size()));
  ListedPrompt listed;
  if (const std::string* stored = batch.get(key)) {
    auto read = decode(key, *stored);
    if (!read) return std::move(read.error());
    listed = *std::move(read);
  } else {
    listed.created_at = event.recorded_at;
  }
  std::visit(Change(listed), decoded->event);
  listed.changed_at = event.recorded_at;
  batch.put(key, encode(listed));
  return core::Ok{};
}

Result<PromptPage> list_prompts(const core::ReadModel& model, const PromptQuery& query) {
  PromptPage page;
  page.checkpoint = model.checkpoint();
  std::string prefix;
  row::Writer(prefix).name(query.project.text());
  const std::string from = query.cursor.empty() ? "" : prefix + query.cursor + '\1';
  Status status = core::Ok{};
  std::size_t looked_at = 0;
  std::string last;
  const auto scanned =
      model.scan(prefix + query.prefix, from, [&](std::string_view key, std::string_view bytes) {
        if (page.prompts.size() == query.limit || looked_at == kPromptScanMax) {
          page.next = last;
          return false;
        }
        ++looked_at;
        auto listed = decode(key, bytes);
        if (!listed) {
          status = std::move(listed.error());
          return false;
        }
        last = listed->name;
        if (accepts(query, *listed)) page.prompts.push_back(*std::move(listed));
        return true;
      });
  if (!scanned) return scanned.error();
  if (!status) return std::move(status.error());
  return page;
}

}  // namespace hansard::projections
