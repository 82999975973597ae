#include "projections/experiment_directory.h"

#include "events/experiment/facts.h"
#include "projections/row.h"

namespace hansard::projections {
namespace {

using core::Result;
using core::Status;

constexpr std::string_view kPrefix = "experiment-";

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

std::string encode(const ListedExperiment& listed) {
  std::string out;
  row::Writer writer(out);
  writer.varint(static_cast<std::uint64_t>(listed.status));
  writer.varint(static_cast<std::uint64_t>(listed.unit));
  writer.byte(listed.automatic ? 1 : 0);
  writer.varint(listed.edition);
  writer.varint(listed.created.value);
  writer.signed_varint(micros(listed.created_at));
  writer.signed_varint(micros(listed.changed_at));
  writer.optional_text(listed.winner);
  writer.text(listed.metric);
  writer.varint(listed.variants.size());
  for (const ListedVariant& variant : listed.variants) {
    writer.text(variant.name);
    writer.text(variant.prompt);
  }
  return out;
}

Result<ListedExperiment> decode(std::string_view key, std::string_view bytes) {
  ListedExperiment listed;
  row::Reader names(key);
  auto project = core::ProjectId::parse(names.name());
  listed.name = std::string(names.name());
  row::Reader reader(bytes);
  listed.status = static_cast<events::ExperimentStatus>(reader.varint());
  listed.unit = static_cast<events::Unit>(reader.varint());
  listed.automatic = reader.byte() != 0;
  listed.edition = static_cast<std::uint32_t>(reader.varint());
  listed.created = core::Position{reader.varint()};
  listed.created_at = time_of(reader.signed_varint());
  listed.changed_at = time_of(reader.signed_varint());
  if (const auto winner = reader.optional_text()) listed.winner = std::string(*winner);
  listed.metric = std::string(reader.text());
  const std::uint64_t count = reader.varint();
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    ListedVariant variant;
    variant.name = std::string(reader.text());
    variant.prompt = std::string(reader.text());
    listed.variants.push_back(std::move(variant));
  }
  if (!project || !names.done() || !reader.done()) {
    return core::Error{core::Errc::corruption, "a row of the view experiments is damaged"};
  }
  listed.project = *std::move(project);
  return listed;
}

ListedExperiment listed_from(const events::ExperimentCreated& plan,
                             const core::RecordedEvent& event) {
  ListedExperiment listed;
  listed.unit = plan.unit;
  listed.automatic = plan.automatic;
  listed.created = event.position;
  listed.created_at = event.recorded_at;
  listed.metric = plan.metric.name;
  for (const events::VariantPlan& variant : plan.variants) {
    std::string prompt;
    if (variant.prompt) prompt = variant.prompt->name;
    if (variant.prompt && variant.prompt->version) prompt += "@" + variant.prompt->version->text;
    listed.variants.push_back({variant.name, std::move(prompt)});
  }
  return listed;
}

/// As `events::after` has it.
class Change {
 public:
  explicit Change(ListedExperiment& listed) : listed_(listed) {}
  void operator()(const events::ExperimentCreated&) {}
  void operator()(const events::ExperimentStarted&) { become(events::ExperimentStatus::running); }
  void operator()(const events::ExperimentPaused&) { become(events::ExperimentStatus::paused); }
  void operator()(const events::ExperimentReweighted& event) { listed_.edition = event.edition; }
  void operator()(const events::ExperimentStopped&) { become(events::ExperimentStatus::stopped); }
  void operator()(const events::WinnerDeclared& event) {
    if (!listed_.winner) listed_.winner = event.variant;
  }
  void operator()(const events::ExperimentConcluded&) {
    become(events::ExperimentStatus::concluded);
  }
  void operator()(const events::Unrecognised&) {}

 private:
  void become(events::ExperimentStatus status) {
    const bool over = listed_.status == events::ExperimentStatus::stopped ||
                      listed_.status == events::ExperimentStatus::concluded;
    if (!over) listed_.status = status;
  }
  ListedExperiment& listed_;
};

}  // namespace

Status Experiments::apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const {
  if (!event.stream.starts_with(kPrefix)) return core::Ok{};
  const auto decoded = events::experiment_codec().decode(event, events::Want::facts);
  if (!decoded) return decoded.error();
  const std::string key = key_of(event.project, event.stream.substr(kPrefix.size()));
  ListedExperiment listed;
  if (const std::string* stored = batch.get(key)) {
    auto read = decode(key, *stored);
    if (!read) return std::move(read.error());
    listed = *std::move(read);
    std::visit(Change(listed), decoded->event);
  } else {
    const auto* plan = std::get_if<events::ExperimentCreated>(&decoded->event);
    if (plan == nullptr) return core::Ok{};
    listed = listed_from(*plan, event);
  }
  listed.changed_at = event.recorded_at;
  batch.put(key, encode(listed));
  return core::Ok{};
}

Result<ExperimentPage> list_experiments(const core::ReadModel& model,
                                        const ExperimentQuery& query) {
  ExperimentPage page;
  page.checkpoint = model.checkpoint();
  std::string prefix;
  row::Writer(prefix).name(query.project.text());
  const std::string from = query.cursor.empty() ? "" : prefix + query.cursor + '\1';
  Status status = core::Ok{};
  const auto scanned =
      model.scan(prefix + query.prefix, from, [&](std::string_view key, std::string_view bytes) {
        auto listed = decode(key, bytes);
        if (!listed) {
          status = std::move(listed.error());
          return false;
        }
        if (query.status && listed->status != *query.status) return true;
        if (page.experiments.size() == query.limit) {
          page.next = page.experiments.back().name;
          return false;
        }
        page.experiments.push_back(*std::move(listed));
        return true;
      });
  if (!scanned) return scanned.error();
  if (!status) return std::move(status.error());
  return page;
}

Result<std::vector<ListedExperiment>> running_automatic(const core::ReadModel& model,
                                                        std::size_t most) {
  std::vector<ListedExperiment> running;
  Status status = core::Ok{};
  const auto scanned = model.scan("", "", [&](std::string_view key, std::string_view bytes) {
    auto listed = decode(key, bytes);
    if (!listed) {
      status = std::move(listed.error());
      return false;
    }
    if (listed->automatic && listed->status == events::ExperimentStatus::running) {
      running.push_back(*std::move(listed));
    }
    return running.size() < most;
  });
  if (!scanned) return scanned.error();
  if (!status) return std::move(status.error());
  return running;
}

}  // namespace hansard::projections
