#include "load.h"

#include <latch>
#include <map>
#include <mutex>
#include <thread>

#include "core/assert.h"
#include "core/event_bytes.h"
#include "core/merkle.h"
#include "sleeping_semaphore.h"
#include "workload.h"

namespace hansard::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// The first failure of any thread.
class Problem {
 public:
  void say(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (!first_) first_ = what;
  }
  std::optional<std::string> first() {
    const std::lock_guard lock(mutex_);
    return first_;
  }

 private:
  std::mutex mutex_;
  std::optional<std::string> first_;
};

void seal_all(core::AppendRequest& request, const core::Hasher& hasher) {
  for (core::NewEvent& event : request.records) core::seal(event, hasher);
}

void judge(const core::Result<core::Receipt>& receipt, Problem& problem) {
  if (!receipt) return problem.say(receipt.error().message);
  if (receipt->duplicate()) problem.say("a new event was answered as a duplicate");
}

}  // namespace

Load blocking_loop(
    std::size_t clients, std::size_t operations, std::uint64_t events_each,
    const std::function<std::optional<std::string>(std::size_t client, std::size_t i)>& operation) {
  Problem problem;
  std::vector<Latencies> latencies(clients);
  std::latch ready(static_cast<std::ptrdiff_t>(clients) + 1);
  std::vector<std::thread> threads;
  for (std::size_t client = 0; client < clients; ++client) {
    latencies[client].reserve(operations);
    threads.emplace_back([&, client] {
      ready.arrive_and_wait();
      for (std::size_t i = 0; i < operations; ++i) {
        const auto start = Clock::now();
        const auto wrong = operation(client, i);
        latencies[client].add(Clock::now() - start);
        if (wrong) return problem.say(*wrong);
      }
    });
  }
  const Meter meter;
  ready.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  Load load;
  load.usage = meter.stop();
  load.events = clients * operations * events_each;
  load.problem = problem.first();
  for (const Latencies& own : latencies) load.latencies.add(own);
  return load;
}

Load closed_loop(core::EventLog& log, const core::Hasher& hasher,
                 std::vector<std::vector<core::AppendRequest>> clients) {
  HANSARD_ASSERT(!clients.empty() && !clients.front().empty(), "somebody writes something");
  const std::size_t operations = clients.front().size();
  const std::size_t per_request = clients.front().front().records.size();
  struct Waiting {
    Semaphore done{0};
    std::optional<std::string> wrong;
  };
  std::vector<Waiting> waiting(clients.size());
  return blocking_loop(
      clients.size(), operations, per_request, [&](std::size_t client, std::size_t i) {
        core::AppendRequest& request = clients[client][i];
        Waiting& mine = waiting[client];
        seal_all(request, hasher);
        log.append(std::move(request), [&mine](const core::Result<core::Receipt>& receipt) {
          Problem problem;
          judge(receipt, problem);
          mine.wrong = problem.first();
          mine.done.release();
        });
        mine.done.acquire();
        return mine.wrong;
      });
}

Load pipelined(core::EventLog& log, const core::Hasher& hasher,
               std::vector<core::AppendRequest> requests, std::size_t outstanding) {
  struct Shared {
    explicit Shared(std::size_t slots) : room(static_cast<unsigned>(slots)) {}
    Semaphore room;
    Problem problem;
    std::vector<Clock::time_point> started;
    std::vector<Clock::duration> took;
  };
  Shared shared(outstanding);
  shared.started.resize(requests.size());
  shared.took.resize(requests.size());
  Load load;
  const Meter meter;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    shared.room.acquire();
    shared.started[i] = Clock::now();
    load.events += requests[i].records.size();
    seal_all(requests[i], hasher);
    log.append(std::move(requests[i]),
               [state = &shared, i](const core::Result<core::Receipt>& receipt) {
                 state->took[i] = Clock::now() - state->started[i];
                 judge(receipt, state->problem);
                 state->room.release();
               });
  }
  for (std::size_t i = 0; i < outstanding; ++i) shared.room.acquire();
  load.usage = meter.stop();
  load.problem = shared.problem.first();
  for (const auto took : shared.took) load.latencies.add(took);
  return load;
}

std::optional<std::string> check_log(const core::EventLog& log, const core::Hasher& hasher,
                                     std::uint64_t events) {
  std::vector<core::Hash> leaves;
  leaves.reserve(events);
  std::map<std::string, std::uint64_t, std::less<>> next;  // version, by stream
  std::optional<std::string> wrong;
  const auto read = log.read(core::Position{0}, [&](const core::RecordedEvent& event) {
    auto stream = next.find(event.stream);
    if (stream == next.end()) stream = next.emplace(std::string(event.stream), 0).first;
    if (event.position.value != leaves.size()) wrong = "positions are not gapless";
    if (event.version.value != stream->second++) wrong = "versions are not gapless";
    if (event.facts.size() + event.content.size() != kPayloadBytes) wrong = "a payload changed";
    leaves.push_back(core::leaf_hash(event, hasher));
    return !wrong;
  });
  if (!read) return read.error().message;
  if (wrong) return wrong;
  if (leaves.size() != events || log.end().value != events) {
    return "wrote " + std::to_string(events) + " events, found " + std::to_string(leaves.size());
  }
  for (const auto& [name, count] : next) {
    const auto head = log.head({}, core::StreamId::parse(name).value());
    if (!head) return head.error().message;
    if (*head != core::Version{count - 1}) return "the head of " + name + " is not its last event";
  }
  const core::TreeHead tree = log.tree();
  if (tree.size != events || tree.root != core::merkle_root(hasher, leaves)) {
    return "the root of the tree is not that of the events";
  }
  return {};
}

}  // namespace hansard::bench
