#include "writers.h"

#include <optional>
#include <random>

#include "support/events.h"
#include "support/log.h"

namespace hansard::faults {
namespace {

using core::Errc;

/// One writer's draws and what it remembers. Confined to its thread.
class Script {
 public:
  Script(std::string name, std::uint64_t seed, std::size_t text_bytes_max)
      : name_(std::move(name)), random_(seed), text_bytes_max_(text_bytes_max) {}

  [[nodiscard]] std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  [[nodiscard]] std::string own_stream() const { return "session-own-" + name_; }

  core::NewEvent event() {
    const std::string name = name_ + "-" + std::to_string(made_++);
    const bool own = draw(2) == 0;
    std::string text(draw(8) == 0 ? draw(text_bytes_max_) : draw(40), 'x');
    for (std::size_t i = 0; i < text.size(); i += 7) text[i] = static_cast<char>('a' + draw(26));
    return support::event(own ? own_stream() : "session-shared-" + std::to_string(draw(5)), name,
                          text);
  }

  core::AppendRequest fresh() {
    std::vector<core::NewEvent> events;
    const std::uint64_t count = draw(4) == 0 ? 2 + draw(6) : 1;
    for (std::uint64_t i = 0; i < count; ++i) events.push_back(event());
    auto request = support::request(std::move(events));
    request.recorded_at = support::at_us(static_cast<std::int64_t>(1'000'000 + draw(1'000'000)));
    if (draw(2) == 0 && known_head_) {
      request.checks.push_back({support::stream(own_stream()), *known_head_});
    }
    if (draw(8) == 0) request.durability = core::Durability::relaxed;
    return request;
  }

  /// Notes an answer to something `fresh`.
  void stored(const core::AppendRequest& request, const core::Receipt& receipt) {
    for (std::size_t i = 0; i < request.records.size(); ++i) {
      if (receipt.records[i].duplicate) continue;
      if (request.records[i].stream.text() != own_stream()) continue;
      known_head_ = core::Expected::exactly(receipt.records[i].version);
    }
    if (receipt.durability == core::Durability::strict) last_ = {request, receipt};
  }

  struct Known {
    core::AppendRequest request;
    core::Receipt receipt;
  };
  [[nodiscard]] const std::optional<Known>& last() const { return last_; }

 private:
  const std::string name_;
  std::mt19937_64 random_;
  const std::size_t text_bytes_max_;
  std::uint64_t made_ = 0;
  std::optional<core::Expected> known_head_ = core::Expected::none();
  std::optional<Known> last_;
};

bool means_stop(const core::Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::cancelled ||
         error.code == Errc::out_of_space;
}

/// The same again answers its original places; its id with another text is refused.
std::optional<std::string> send_again(core::EventLog& log, Script& script) {
  const auto& [request, receipt] = *script.last();
  auto again = request;
  const bool other = script.draw(3) == 0;
  if (other) {
    again.records[0] = support::event(again.records[0].stream.text(), "x", "another text");
    again.records[0].id = request.records[0].id;
  }
  const auto answer = support::append(log, again);
  if (!answer && means_stop(answer.error())) return {};
  if (other) {
    if (!answer && answer.error().code == Errc::id_reused) return {};
    return "an id with another text was not refused";
  }
  if (!answer) return "a retry was refused: " + answer.error().message;
  for (std::size_t i = 0; i < receipt.records.size(); ++i) {
    if (!answer->records[i].duplicate ||
        answer->records[i].position != receipt.records[i].position) {
      return "a retry was stored again";
    }
  }
  return {};
}

}  // namespace

Writers::Writers(core::EventLog& log, Journal& journal, std::string name, std::uint64_t seed,
                 const Options& options)
    : log_(log), journal_(journal), name_(std::move(name)), options_(options) {
  for (std::size_t i = 0; i < options.count; ++i) {
    threads_.emplace_back([this, i, seed] { run(i, seed * 1000 + i); });
  }
}

Writers::~Writers() {
  stop();
  join();
}

void Writers::stop() { stopping_ = true; }

void Writers::join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Writers::run(std::size_t number, std::uint64_t seed) {
  Script script(name_ + "-" + std::to_string(number), seed, options_.text_bytes_max);
  const auto note = [this](std::string what) {
    const std::lock_guard lock(mutex_);
    wrong_.push_back(std::move(what));
  };
  for (std::size_t i = 0; i < options_.appends_each && !stopping_; ++i) {
    if (script.last() && script.draw(8) == 0) {
      if (auto wrong = send_again(log_, script)) note(*wrong);
      continue;
    }
    auto request = script.fresh();
    if (script.last() && script.draw(12) == 0) {  // a file that grew: what is known, then more
      request.records.insert(request.records.begin(), script.last()->request.records.begin(),
                             script.last()->request.records.end());
      request.known = core::Known::skip;
      request.checks.clear();
      request.durability = core::Durability::strict;
    }
    const std::size_t sent = journal_.send(number, request);
    const auto answer = support::append(log_, request);
    journal_.answer(sent, answer);
    if (answer) {
      script.stored(request, *answer);
    } else if (means_stop(answer.error())) {
      return;  // what follows could rest on an unknown outcome
    } else {
      note("refused: " + answer.error().message);
      return;
    }
  }
}

}  // namespace hansard::faults
