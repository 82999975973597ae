#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "engine.h"
#include "events/json.h"
#include "projections/registry.h"
#include "rocksdb_store/verify.h"
#include "terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;

/// What comparing one view with a rebuild said.
struct ViewCheck {
  std::string name;
  core::Position checkpoint;
  std::uint64_t rows = 0;
  std::uint64_t differing = 0;
  std::string first;   ///< key of the first row that differs, readable
  std::string remark;  ///< why it was not compared
};

/// Walks both in key order.
core::Status compare(const core::ReadModel& live, const core::ReadModel& rebuilt, ViewCheck& out) {
  // One side is held in memory: the rebuilt one is there already.
  std::vector<std::pair<std::string, std::string>> wanted;
  const auto collect = [&](std::string_view key, std::string_view row) {
    wanted.emplace_back(key, row);
    return true;
  };
  core::Status status = rebuilt.scan("", "", collect);
  if (!status) return status;
  std::size_t next = 0;
  const auto differ = [&](std::string_view key) {
    if (out.differing++ == 0) out.first = printable(key);
  };
  status = live.scan("", "", [&](std::string_view key, std::string_view row) {
    ++out.rows;
    for (; next < wanted.size() && wanted[next].first < key; ++next) differ(wanted[next].first);
    const bool there = next < wanted.size() && wanted[next].first == key;
    if (!there || wanted[next].second != row) differ(key);
    if (there) ++next;
    return true;
  });
  for (; next < wanted.size(); ++next) differ(wanted[next].first);
  return status;
}

/// Live rows against a fold of the log up to where they stand.
Result<ViewCheck> check_view(rocks::RocksStore& store, const core::Projection& projection) {
  ViewCheck out;
  out.name = std::string(projection.name());
  const auto active = store.views().active(projection.name());
  if (!active) return active.error();
  if (!*active) {
    out.remark = "not built yet";
    return out;
  }
  if ((*active)->version != projection.version()) {
    out.remark = "of version " + std::to_string((*active)->version) + ", to be rebuilt as " +
                 std::to_string(projection.version());
    return out;
  }
  const auto live = store.views().open(**active);
  if (!live) return live.error();
  out.checkpoint = (*live)->checkpoint();
  const auto memory = core::make_in_memory_read_model_store();
  const core::ViewId reference{out.name, projection.version(), 0};
  const core::Status built =
      core::build(store.log(), *memory, projection, reference, out.checkpoint);
  if (!built) return built.error();
  const auto rebuilt = memory->open(reference);
  if (!rebuilt) return rebuilt.error();
  const core::Status compared = compare(**live, **rebuilt, out);
  if (!compared) return compared.error();
  return out;
}

Json report_json(const rocks::VerifyReport& report, const std::vector<ViewCheck>& views) {
  Json out;
  bool sound = report.sound();
  for (const ViewCheck& view : views) sound = sound && view.differing == 0;
  out.add("sound", sound);
  out.add("events", report.events);
  out.add("event_bytes", report.event_bytes);
  out.add("end", report.end.value);
  out.add("streams", report.streams);
  out.add("tiles", report.tiles);
  if (report.tree) {
    out.add("tree_size", report.tree->size);
    out.add("root", core::to_hex(core::as_bytes(report.tree->root)));
  }
  out.add("lost_events", report.lost_events);
  out.add("event_faults", report.event_faults);
  out.add("index_faults", report.index_faults);
  out.add("tree_faults", report.tree_faults);
  Json faults(Json::Array{});
  for (const rocks::Fault& fault : report.faults) {
    Json one;
    one.add("position", fault.position.value);
    one.add("what", fault.what);
    faults.push(std::move(one));
  }
  out.add("faults", std::move(faults));
  Json lost(Json::Array{});
  for (const rocks::LostRange& range : report.lost) {
    Json one;
    one.add("from", range.from.value);
    one.add("end", range.end.value);
    one.add("why", range.why);
    lost.push(std::move(one));
  }
  out.add("lost", std::move(lost));
  Json list(Json::Array{});
  for (const ViewCheck& view : views) {
    Json one;
    one.add("name", view.name);
    one.add("checkpoint", view.checkpoint.value);
    one.add("rows", view.rows);
    one.add("differing", view.differing);
    if (!view.first.empty()) one.add("first", view.first);
    if (!view.remark.empty()) one.add("remark", view.remark);
    list.push(std::move(one));
  }
  out.add("views", std::move(list));
  return out;
}

void print_report(const rocks::VerifyReport& report, const std::vector<ViewCheck>& views) {
  std::printf("events   %s of %s bytes, %s streams, %s tree tiles\n",
              grouped(report.events).c_str(), grouped(report.event_bytes).c_str(),
              grouped(report.streams).c_str(), grouped(report.tiles).c_str());
  if (report.tree) {
    std::printf("root     %s over %s\n", core::to_hex(core::as_bytes(report.tree->root)).c_str(),
                grouped(report.tree->size).c_str());
  }
  for (const rocks::LostRange& range : report.lost) {
    std::printf("LOST     positions %llu to %llu: %s\n",
                static_cast<unsigned long long>(range.from.value),
                static_cast<unsigned long long>(range.end.value - 1), range.why.c_str());
  }
  for (const rocks::Fault& fault : report.faults) {
    std::printf("FAULT    position %llu: %s\n",
                static_cast<unsigned long long>(fault.position.value), fault.what.c_str());
  }
  for (const ViewCheck& view : views) {
    if (!view.remark.empty()) {
      std::printf("view     %s: %s\n", view.name.c_str(), view.remark.c_str());
    } else if (view.differing == 0) {
      std::printf("view     %s: %s rows equal a rebuild up to position %s\n", view.name.c_str(),
                  grouped(view.rows).c_str(), grouped(view.checkpoint.value).c_str());
    } else {
      std::printf("FAULT    view %s: %s rows differ from a rebuild, the first at %s\n",
                  view.name.c_str(), grouped(view.differing).c_str(), view.first.c_str());
    }
  }
}

}  // namespace

Result<int> run_verify(const Settings& settings, const Output& output) {
  auto engine = Engine::open(settings, {});
  if (!engine) return std::move(engine).error();
  rocks::RocksStore& store = (*engine)->store();

  std::optional<Progress> progress("verify");
  rocks::VerifyOptions options;
  options.progress = [&](core::Position read, core::Position end) {
    progress->show(read.value, end.value);
    return true;
  };
  const auto report = store.verify(options);
  progress.reset();
  if (!report) return report.error();

  // Views are folds of events: without the events there is nothing to compare with.
  std::vector<ViewCheck> views;
  bool views_sound = true;
  if (report->lost_events == 0) {
    for (const auto& projection : projections::all((*engine)->keyed_hash())) {
      auto check = check_view(store, *projection);
      if (!check) return std::move(check).error();
      views_sound = views_sound && check->differing == 0;
      views.push_back(*std::move(check));
    }
  }
  if (output.json) {
    std::puts(dump(report_json(*report, views)).c_str());
  } else {
    print_report(*report, views);
    std::puts(report->sound() && views_sound ? "sound" : "NOT SOUND");
  }
  if (report->sound() && views_sound) return 0;
  return core::traits(core::Errc::corruption).exit_code;
}

}  // namespace hansard::cli
