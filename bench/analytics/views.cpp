#include "analytics/views.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "analytics/made_calls.h"
#include "core/projection.h"
#include "events/session/ids.h"
#include "projections/facts/calls.h"
#include "scale/filled_log.h"
#include "scale/must.h"
#include "workload.h"

namespace hansard::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kBatchEvents = 32'768;  ///< as the runner takes them at a rebuild

const projections::facts::CallsView& view() {
  static const projections::facts::CallsView instance;
  return instance;
}

constexpr const char* kMarker = "calls.txt";

std::string description(std::uint64_t calls) {
  return std::to_string(calls) + " calls, view version " + std::to_string(view().version());
}

core::ViewId view_id() { return {std::string(view().name()), view().version(), 0}; }

core::ProjectId project() { return must(core::ProjectId::parse("default"), "project"); }

/// The events of made calls, and their fold.
class Folder {
 public:
  Folder(core::ReadModelStore& store, const core::KeyedHash& keyed_hash, std::uint64_t sessions)
      : store_(store), begun_(sessions, false) {
    users_.reserve(MadeCalls::kUsers);
    for (std::uint32_t user = 0; user < MadeCalls::kUsers; ++user) {
      users_.push_back(events::user_hash(project(), "u" + std::to_string(user), keyed_hash));
    }
    begin();
  }

  void add(const MadeCall& call) {
    stream_ = "session-s" + std::to_string(call.session);
    at_ = core::Timestamp(std::chrono::microseconds(call.at_us));
    if (!begun_[call.session]) {
      begun_[call.session] = true;
      fold("SessionCreated", R"({"user_hash":")" + users_[call.user] + R"(","agent":"agent)" +
                                 std::to_string(call.agent) + R"(","source":"gateway"})");
    }
    const std::string id = R"({"call_id":"c)" + std::to_string(calls_++) + '"';
    const std::string model = R"(,"provider":"provider)" + std::to_string(call.model % 4) +
                              R"(","model":"model)" + std::to_string(call.model) + '"';
    fold("ResponseRequested", id + R"(,"kind":"chat")" + model +
                                  R"(,"variant":{"experiment":"greeting","variant":")" +
                                  (call.variant == 0 ? "a" : "b") + R"("},"stream":true})");
    const std::string latency = R"(,"latency_us":)" + std::to_string(call.latency_us) + "}";
    if (call.failed) {
      fold("ResponseFailed", id + R"(,"reason":"error")" + model +
                                 R"(,"error_type":"overloaded","status":529)" + latency);
    } else {
      fold("ResponseReceived",
           id + R"(,"message_id":"m")" + model +
               R"(,"finish_reason":"stop","usage":{"input_text":)" + std::to_string(call.input) +
               R"(,"input_cache_read":)" + std::to_string(call.cached) + R"(,"output_text":)" +
               std::to_string(call.output) +
               R"(},"usage_source":"provider","served_from":"provider","ttft_us":)" +
               std::to_string(call.ttft_us) + latency);
    }
  }

  CallsStore::Filled finish() {
    const auto from = Clock::now();
    commit();
    filled_.fold_seconds += std::chrono::duration<double>(Clock::now() - from).count();
    return filled_;
  }

 private:
  void fold(std::string_view type, const std::string& facts) {
    core::RecordedEvent event;
    event.position = core::Position{filled_.events++};
    event.recorded_at = at_;
    event.occurred_at = at_;
    event.type = type;
    event.project = "default";
    event.stream = stream_;
    event.facts = facts;
    event.content = "{}";
    const auto from = Clock::now();
    const auto status = view().apply(event, *batch_);
    must(status, "folding");
    if (filled_.events % kBatchEvents == 0) {
      commit();
      begin();
    }
    filled_.fold_seconds += std::chrono::duration<double>(Clock::now() - from).count();
  }
  void begin() {
    model_ = must(store_.open(view_id()), "opening the view");
    batch_.emplace(*model_);
  }
  void commit() {
    must(batch_->status(), "reading rows");
    must(store_.commit(view_id(), batch_->take(), core::Position{filled_.events}), "commit");
    batch_.reset();
  }

  core::ReadModelStore& store_;
  std::vector<bool> begun_;
  std::vector<std::string> users_;
  std::unique_ptr<core::ReadModel> model_;
  std::optional<core::ReadModelBatch> batch_;
  std::string stream_;
  core::Timestamp at_;
  std::uint64_t calls_ = 0;
  CallsStore::Filled filled_;
};

}  // namespace

CallsStore::CallsStore(const std::filesystem::path& directory, For purpose)
    : directory_(directory),
      store_(open_store(data_in(directory), purpose == For::asking)),
      keyed_hash_(hasher(), store_->store_key()) {}

bool CallsStore::is_filled(const std::filesystem::path& directory, std::uint64_t calls) {
  std::ifstream file(directory / kMarker);
  std::string found;
  if (!std::getline(file, found)) return false;
  must(found == description(calls), directory.string() + " holds something else (" + found + ")");
  return true;
}

CallsStore::Filled CallsStore::fill(std::uint64_t calls, const std::filesystem::path& csv) {
  MadeCalls made(calls);
  Folder folder(store_->views(), keyed_hash_, made.sessions());
  std::ofstream lines(csv);
  std::string line;
  for (std::uint64_t i = 0; i < calls; ++i) {
    const MadeCall call = made.next();
    folder.add(call);
    line.clear();
    append_csv(call, line);
    lines << line << '\n';
  }
  must(lines.flush().good(), "cannot write " + csv.string());
  const Filled filled = folder.finish();
  std::ofstream(directory_ / kMarker) << description(calls) << '\n';
  return filled;
}

std::unique_ptr<core::ReadModel> CallsStore::read() const {
  return must(store_->views().open(view_id()), "opening the view");
}

void CallsStore::close() { must(store_->close(), "closing"); }

}  // namespace hansard::bench
