#include <charconv>
#include <thread>
#include <unordered_map>

#include "live_load.h"
#include "scale/must.h"
#include "scale/requests.h"
#include "scale/served.h"
#include "scale/server_figures.h"

namespace hansard::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kConnections = 16;
constexpr double kSlowRate = 20;  ///< messages a second, where a thousand listen

/// The position in a receipt: the member behind the list of events.
std::uint64_t position_in(std::string_view receipt) {
  constexpr std::string_view kKey = R"("position":)";
  const std::size_t at = receipt.rfind(kKey);
  must(at != std::string_view::npos, "a receipt without position");
  std::uint64_t position = 0;
  const char* from = receipt.data() + at + kKey.size();
  std::from_chars(from, receipt.data() + receipt.size(), position);
  return position;
}

/// Writes `messages` at `rate` while `live` listens, waits until everything has arrived at each of
/// `subscribers`, and says how long after its receipt each event did.
Latencies delays(Served& served, LiveLoad& live, std::size_t subscribers, Writing writing,
                 double rate) {
  std::unordered_map<std::uint64_t, Clock::time_point> acknowledged;
  const auto outcome = run_http({.port = served.port(),
                                 .connections = std::move(writing.messages),
                                 .per_second = rate,
                                 .told = [&](const HttpAnswered& answered) {
                                   acknowledged[position_in(answered.body)] = answered.answered;
                                 }});
  must(!outcome.problem, "writing for subscribers: " + outcome.problem.value_or(""));
  const auto deadline = Clock::now() + std::chrono::seconds(30);
  while (live.arrived() < outcome.answers * subscribers && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto arrivals = live.stop();
  must(arrivals.size() == outcome.answers * subscribers, "events did not arrive");
  Latencies all;
  all.reserve(arrivals.size());
  for (const auto& arrival : arrivals) {
    const auto found = acknowledged.find(arrival.position);
    must(found != acknowledged.end(), "an event arrived that nobody wrote");
    // Often it arrives before the writer has read its receipt.
    all.add(std::max(arrival.at - found->second, Clock::duration::zero()));
  }
  return all;
}

}  // namespace

/// Question: how long after its receipt does an event reach a subscriber?
/// Expected: receipts and subscribers are told by the same sync; printing and two wake-ups: 100 us,
/// and the queues of a busy machine.
void measure_live(Served& served, const ServerSizes& sizes, const std::string& prefix,
                  double half_rate, Board& board) {
  {
    auto writing = make_writing(prefix + "live", kConnections, sizes.many_each, 611);
    served.run({.connections = std::move(writing.sessions)}, "", board);
    LiveLoad live(served.port(), 1, "/v1/live?type=MessageSent");
    Latencies all = delays(served, live, 1, std::move(writing), half_rate);
    board.note("live after its ack, half-rate ingest, p50 ms", all.quantile(0.5) / 1e3);
    board.at_most("live after its ack, half-rate ingest, p99 ms", 5, all.quantile(0.99) / 1e3);
  }
  const std::string count = std::to_string(sizes.subscribers) + " subscribers";
  auto writing = make_writing(prefix + "crowd", 1, sizes.crowd_messages, 612);
  served.run({.connections = std::move(writing.sessions)}, "", board);
  const ProcessWatch server = served.watch();
  const auto before = static_cast<double>(server.resident_bytes());
  LiveLoad live(served.port(), sizes.subscribers, "/v1/live?type=MessageSent");
  board.note(count + ", idle, KB each", (static_cast<double>(server.resident_bytes()) - before) /
                                            1e3 / static_cast<double>(sizes.subscribers));
  Latencies all = delays(served, live, sizes.subscribers, std::move(writing), kSlowRate);
  board.note("live after its ack, " + count + ", p50 ms", all.quantile(0.5) / 1e3);
  board.note("live after its ack, " + count + ", p99 ms", all.quantile(0.99) / 1e3);
}

}  // namespace hansard::bench
