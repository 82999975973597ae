#include "audit/checkpoint_copies.h"

#include <algorithm>
#include <utility>

#include "audit/checkpoint_file.h"
#include "providers/client.h"

namespace hansard::cli {

using core::Errc;
using core::Error;
using core::Result;
using std::chrono::milliseconds;

namespace {

constexpr core::ProviderDeadlines kDeadlines{milliseconds{10'000}, milliseconds{30'000},
                                             milliseconds{10'000}, milliseconds{60'000}};

bool is_address(std::string_view place) {
  return place.starts_with("http://") || place.starts_with("https://");
}

Error misplaced(const std::string& place, const std::string& why) {
  constexpr const char* kField = "audit.checkpoint_to";
  return Error{Errc::invalid_argument, std::string(kField) + ": '" + place + "' " + why, kField};
}

}  // namespace

struct CheckpointCopies::Copy {
  std::string place;
  std::string provider;  ///< of the client; empty: a file
  std::string target;
  std::string method = "PUT";
  std::unique_ptr<core::ProviderExchange> exchange;
  std::uint64_t sending = 0;  ///< size of the note under way
  Clock::time_point due{};
  milliseconds wait = kFirstWait;
  bool failing = false;               ///< told already
  std::optional<Result<int>> answer;  ///< guarded by mutex_; of the exchange
  bool has_newest = true;             ///< guarded by mutex_
  std::uint64_t latest = 0;           ///< guarded by mutex_; size of what arrived last
  std::uint64_t failures = 0;         ///< guarded by mutex_
};

CheckpointCopies::CheckpointCopies(Ports ports) : ports_(std::move(ports)) {}

Result<std::unique_ptr<CheckpointCopies>> CheckpointCopies::create(
    Ports ports, const std::vector<std::string>& places) {
  std::unique_ptr<CheckpointCopies> copies(new CheckpointCopies(std::move(ports)));
  providers::Settings hosts;
  for (const std::string& place : places) {
    auto copy = std::make_unique<Copy>();
    copy->place = place;
    if (is_address(place)) {
      const auto slash = place.find('/', place.find("://") + 3);
      if (slash == std::string::npos) return misplaced(place, "has no path");
      copy->provider = "checkpoint-" + std::to_string(copies->copies_.size() + 1);
      copy->target = place.substr(slash);
      providers::ProviderSettings& host = hosts.providers[copy->provider];
      host.base_url = place.substr(0, slash);
      host.dialect = "openai";  // one of them must be named; what answers here speaks none
    } else if (!std::filesystem::path(place).is_absolute()) {
      return misplaced(place, "is neither an absolute path nor an http(s) address");
    }
    copies->copies_.push_back(std::move(copy));
  }
  if (hosts.providers.empty()) return copies;
  auto client = providers::Client::create(hosts, copies->ports_.clock);
  if (!client) {
    for (const auto& copy : copies->copies_) {
      if (client.error().field.starts_with("providers." + copy->provider + ".")) {
        return misplaced(copy->place, "is no address: " + client.error().message);
      }
    }
    return std::move(client.error());
  }
  copies->client_ = *std::move(client);
  return copies;
}

CheckpointCopies::~CheckpointCopies() {
  for (const auto& copy : copies_) copy->exchange.reset();  // no callback runs after that
}

std::vector<std::filesystem::path> CheckpointCopies::files_of(
    const std::vector<std::string>& places) {
  std::vector<std::filesystem::path> files;
  for (const std::string& place : places) {
    if (!is_address(place)) files.emplace_back(place);
  }
  return files;
}

void CheckpointCopies::tell(const std::string& note, std::uint64_t size) {
  note_ = note;
  size_ = size;
  const std::lock_guard lock(mutex_);
  for (const auto& copy : copies_) copy->has_newest = false;
}

std::optional<CheckpointCopies::Clock::time_point> CheckpointCopies::work() {
  std::optional<Clock::time_point> next;
  for (const auto& copy : copies_) {
    if (copy->exchange) collect(*copy);
    if (copy->exchange || note_.empty()) continue;
    {
      const std::lock_guard lock(mutex_);
      if (copy->has_newest) continue;
    }
    if (Clock::now() >= copy->due) {
      if (copy->provider.empty()) {
        append(*copy);
      } else {
        send(*copy);
      }
    }
    const std::lock_guard lock(mutex_);
    if (!copy->has_newest && !copy->exchange) next = std::min(next.value_or(copy->due), copy->due);
  }
  return next;
}

void CheckpointCopies::append(Copy& copy) {
  const auto appended = append_checkpoint(copy.place, note_);
  if (appended && *appended != 0) {
    ports_.notice(std::to_string(*appended) + " bytes at the end of " + copy.place +
                  " were no whole note, cut off while they were written; they were cut away");
  }
  outcome(copy, appended ? std::optional<Error>() : appended.error(), size_);
}

void CheckpointCopies::send(Copy& copy) {
  core::ProviderCall call;
  call.provider = copy.provider;
  call.method = copy.method;
  call.target = copy.target;
  call.fields = {{"Content-Type", "text/plain; charset=utf-8"}};
  call.body = note_;
  call.deadlines = kDeadlines;
  copy.sending = size_;
  copy.exchange = client_->start(std::move(call), [this, &copy](Result<core::ProviderHead> head) {
    {
      const std::lock_guard lock(mutex_);
      copy.answer = head ? Result<int>(head->status) : Result<int>(std::move(head.error()));
    }
    ports_.wake();
  });
}

void CheckpointCopies::collect(Copy& copy) {
  std::optional<Result<int>> answer;
  {
    const std::lock_guard lock(mutex_);
    answer = std::exchange(copy.answer, std::nullopt);
  }
  if (!answer) return;
  copy.exchange.reset();
  if (*answer && (**answer == 405 || **answer == 501) && copy.method == "PUT") {
    copy.method = "POST";
    return;
  }
  std::optional<Error> error;
  if (!*answer) {
    error = answer->error();
  } else if (**answer / 100 != 2) {
    error = Error{Errc::unavailable, "it answered " + std::to_string(**answer)};
  }
  outcome(copy, error, copy.sending);
}

void CheckpointCopies::outcome(Copy& copy, const std::optional<Error>& error, std::uint64_t size) {
  if (error) {
    copy.due = Clock::now() + copy.wait;
    copy.wait = std::min(copy.wait * 2, kLastWait);
    if (!std::exchange(copy.failing, true)) {
      ports_.notice("the checkpoint does not reach " + copy.place + ": " + error->message +
                    "; it is tried again");
    }
    const std::lock_guard lock(mutex_);
    ++copy.failures;
    return;
  }
  copy.due = {};
  copy.wait = kFirstWait;
  if (std::exchange(copy.failing, false)) {
    ports_.notice("the checkpoint reaches " + copy.place + " again");
  }
  const std::lock_guard lock(mutex_);
  copy.latest = size;
  copy.has_newest = size == size_;
}

bool CheckpointCopies::settled() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(copies_.begin(), copies_.end(),
                     [](const auto& copy) { return copy->has_newest; });
}

std::vector<CheckpointCopies::Status> CheckpointCopies::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<Status> all;
  for (const auto& copy : copies_) all.push_back({copy->place, copy->latest, copy->failures});
  return all;
}

}  // namespace hansard::cli
