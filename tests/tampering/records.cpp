#include "records.h"

#include <stdexcept>

#include "reading.h"
#include "rocksdb_store/repair.h"

namespace hansard::tampering {
namespace {

template <class T>
T must(core::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

void must(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace

Records::Records(const std::filesystem::path& directory)
    : engine_(rocks::OpenOptions{}),
      database_(must(rocks::Database::open(engine_, {directory / "db", false, false, false}))) {
  events_ = must(rocks::stored_end(*database_)).value;
  if (events_ < 10) throw std::runtime_error("too few events to change one");
}

core::OwnedEvent Records::event(std::uint64_t position) const {
  const std::string stored = get(rocks::Family::events, key_of(position));
  const auto bytes = rocks::open_value(stored);
  if (!bytes) throw std::runtime_error("its checksum is wrong before it is changed");
  return must(core::OwnedEvent::decode(std::string(*bytes)));
}

void Records::put_event(const core::RecordedEvent& event) {
  std::string value;
  core::encode_recorded(event, value);
  rocks::seal_value(value);
  put(rocks::Family::events, key_of(event.position.value), value);
}

std::string Records::get(rocks::Family family, const std::string& key) const {
  const auto value = must(database_->get(family, key, "reading"));
  if (!value) throw std::runtime_error("there is no such entry");
  return *value;
}

void Records::put(rocks::Family family, const std::string& key, const std::string& value) {
  must(database_->db().Put(synced(), (*database_)[family], key, value));
}

void Records::drop(rocks::Family family, const std::string& key) {
  must(database_->db().Delete(synced(), (*database_)[family], key));
}

std::pair<std::string, std::string> Records::any(rocks::Family family, Random& random,
                                                 const std::string& prefix) const {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> entries(
      database_->db().NewIterator(options, (*database_)[family]));
  std::uint64_t count = 0;
  std::pair<std::string, std::string> drawn;
  for (entries->Seek(prefix); entries->Valid() && entries->key().starts_with(prefix);
       entries->Next()) {
    // Each of them is kept with the same chance.
    if (random() % ++count == 0) drawn = {entries->key().ToString(), entries->value().ToString()};
  }
  must(entries->status());
  if (count == 0) throw std::runtime_error("there is no entry");
  return drawn;
}

std::string Records::key_of(std::uint64_t position) {
  const auto key = rocks::event_key(core::Position{position});
  return {key.data(), key.size()};
}

const core::Hasher& Records::hasher() {
  static const ossl::OpenSslHasher instance{};
  return instance;
}

void cover_up(const std::filesystem::path& directory) {
  rocks::OpenOptions options;
  options.directory = directory;
  options.hasher = &Records::hasher();
  rocks::RepairPlan plan;
  plan.views = true;
  must(rocks::repair(options, plan));
}

}  // namespace hansard::tampering
