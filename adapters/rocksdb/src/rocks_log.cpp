#include "rocks_log.h"

#include "committer.h"
#include "reading.h"

namespace hansard::rocks {

void RocksLog::append(core::AppendRequest request, core::AppendDone done) {
  if (committer_ == nullptr) {
    return done(core::Error{core::Errc::unsupported, "the store was opened read-only"});
  }
  committer_->append(std::move(request), std::move(done));
}

core::Result<core::Position> RocksLog::read(core::Position from,
                                            const core::EventSink& sink) const {
  const core::Position end = published_.end();  // before the iterator: it sees all below
  const auto database = databases_.get();
  if (!database) return database.error();
  return read_events(**database, from, end, sink, read_as_);
}

core::Result<core::Version> RocksLog::read_stream(const core::ProjectId& project,
                                                  const core::StreamId& stream, core::Version from,
                                                  const core::EventSink& sink) const {
  const core::Position end = published_.end();
  const auto database = databases_.get();
  if (!database) return database.error();
  return read_stream_events(**database, project.text(), stream.text(), from, end, sink, read_as_);
}

core::Result<std::optional<core::Version>> RocksLog::head(const core::ProjectId& project,
                                                          const core::StreamId& stream) const {
  const core::Position end = published_.end();
  const auto database = databases_.get();
  if (!database) return database.error();
  std::string prefix;
  put_stream_prefix(prefix, project.text(), stream.text());
  const auto run = last_run(**database, prefix, end);
  if (!run) return run.error();
  if (!*run) return std::optional<core::Version>{};
  return std::optional<core::Version>{
      core::Version{(*run)->first_version.value + (*run)->count - 1}};
}

core::Result<std::optional<core::Position>> RocksLog::find(const core::ProjectId& project,
                                                           const core::EventId& id) const {
  const core::Position end = published_.end();
  const auto database = databases_.get();
  if (!database) return database.error();
  auto position = find_id(**database, project.text(), id);
  if (position && *position && **position >= end) return std::optional<core::Position>{};
  return position;
}

}  // namespace hansard::rocks
