#include "writer.h"

#include "status.h"

namespace hansard::rocks {

Writer::Writer(const Parts& parts) : parts_(parts), thread_([this] { run(); }) {}

Writer::~Writer() { thread_.join(); }

void Writer::run() {
  while (auto group = parts_.exchange.take()) {
    if (group->has_writes()) {
      if (auto written = write(*group); !written) {
        parts_.exchange.fail(std::move(group), std::move(written.error()));
        parts_.wake_sequencer();
        continue;
      }
    }
    auto answers = group->take_answers();
    const bool moved = group->has_writes();
    parts_.exchange.finished(std::move(group));
    parts_.notifier.post(std::move(answers));
    if (moved) parts_.notifier.moved();
  }
}

core::Status Writer::write(Group& group) {
  const auto database = parts_.databases.get();
  if (!database) return database.error();
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto started = std::chrono::steady_clock::now();
  const auto status = (*database)->db().Write(options, &group.batch());
  if (!status.ok()) return translate(status, "writing a group of appends");
  Counters& counters = parts_.counters;
  counters.add_sync(std::chrono::steady_clock::now() - started);
  counters.groups.fetch_add(1, std::memory_order_relaxed);
  counters.requests.fetch_add(group.requests(), std::memory_order_relaxed);
  counters.events.fetch_add(group.events(), std::memory_order_relaxed);
  counters.bytes.fetch_add(group.bytes(), std::memory_order_relaxed);

  // The group is durable whether or not HEAD can be noted: HEAD behind the log is harmless.
  const auto noted = parts_.head_file.write(core::Position{group.head().size});
  if (!noted && !head_warned_ && parts_.notice) parts_.notice(noted.error().message);
  head_warned_ = !noted;
  parts_.published.set(group.head());
  return core::Ok{};
}

}  // namespace hansard::rocks
