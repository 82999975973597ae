#include <unordered_map>

#include "benchmark/benchmark.h"
#include "core/event_bytes.h"
#include "core/in_memory_event_log.h"
#include "core/merkle.h"
#include "core/sequencer.h"
#include "fresh_store.h"
#include "suite.h"
#include "workload.h"

namespace hansard::bench {
namespace {

constexpr std::size_t kEvents = 4096;  ///< more than the second-level cache holds

core::Placement placement(std::size_t i) {
  return {core::Position{i}, core::Version{i}, core::Timestamp{std::chrono::microseconds{i}}};
}

void per_event(benchmark::State& state, std::size_t events_each = 1) {
  const auto events = state.iterations() * static_cast<std::int64_t>(events_each);
  state.SetItemsProcessed(events);
  state.SetBytesProcessed(events * static_cast<std::int64_t>(kPayloadBytes));
}

std::vector<core::NewEvent> make_events(std::size_t count) {
  std::vector<core::NewEvent> events;
  for (auto& request : make_requests(5, count, 1)) {
    events.push_back(std::move(request.records.front()));
    core::seal(events.back(), hasher());
  }
  return events;
}

std::vector<std::string> encode_all(const std::vector<core::NewEvent>& events) {
  std::vector<std::string> encoded(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    core::encode_event(events[i], {}, {}, placement(i), encoded[i]);
  }
  return encoded;
}

/// Question: what does SHA-256 cost by itself, the floor under everything that is hashed?
/// Expected: 64 bytes a block at about 1.6 GB/s with the processor's instructions: 1 KB is 0.65 us,
/// and about 0.2 us for setting OpenSSL up.
void sha256(benchmark::State& state) {
  const std::string bytes = make_payloads(3, 1).front();
  if (core::to_hex(core::as_bytes(hasher().sha256({"abc"}))) !=
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") {
    state.SkipWithError("SHA-256 of FIPS 180-4's example is wrong");
  }
  for (auto iteration : state) {
    static_cast<void>(iteration);
    benchmark::DoNotOptimize(hasher().sha256({bytes}));
  }
  per_event(state);
}

/// Question: what do all hashes of one event cost: salted content, facts, leaf, and its share of
/// the inner nodes? Expected: 1 KB in two pieces 1.1 us, leaf of 0.2 KB 0.4 us, one node 0.3
/// us: 1.8 us.
void tree_per_event(benchmark::State& state) {
  auto events = make_events(kEvents);
  const auto encoded = encode_all(events);
  std::vector<core::Hash> leaves;
  core::MerkleEdge edge(hasher());
  std::vector<core::FullTile> tiles;
  std::size_t i = 0;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    core::NewEvent& event = events[i % kEvents];
    core::seal(event, hasher());
    const std::string_view bytes = encoded[i % kEvents];
    const auto header = bytes.substr(0, core::event_header_bytes(bytes));
    const auto leaf = core::leaf_hash(header, event.facts_hash, event.content_commitment, hasher());
    edge.append(leaf, tiles);
    tiles.clear();
    if (leaves.size() < kEvents) leaves.push_back(leaf);
    ++i;
  }
  core::MerkleEdge again(hasher());
  for (const core::Hash& leaf : leaves) again.append(leaf, tiles);
  if (again.head().root != core::merkle_root(hasher(), leaves)) {
    state.SkipWithError("the edge's root is not the tree's");
  }
  per_event(state);
}

/// Question: what does encoding cost? Expected: copying 1.2 KB, 0.1 us, and 15 small fields.
void encode(benchmark::State& state) {
  const auto events = make_events(kEvents);
  std::string out;
  std::size_t i = 0;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    out.clear();
    core::encode_event(events[i % kEvents], {}, {}, placement(i), out);
    benchmark::DoNotOptimize(out.data());
    ++i;
  }
  const auto decoded = core::decode_event(out);
  if (!decoded || decoded->id != events[(i - 1) % kEvents].id) {
    state.SkipWithError("what was encoded does not decode");
  }
  per_event(state);
}

/// Question: what does decoding cost? Expected: nothing is copied and no payload is looked at:
/// about 20 fields of one cold line each two, 0.1 us.
void decode(benchmark::State& state) {
  const auto encoded = encode_all(make_events(kEvents));
  std::size_t i = 0;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    const auto event = core::decode_event(encoded[i % kEvents]);
    if (!event || event->position.value != i % kEvents) {
      state.SkipWithError("an event does not decode");
      return;
    }
    ++i;
  }
  per_event(state);
}

/// Every event is new; heads are where the last append left them.
class HeadsOnly final : public core::SequencerIndex {
 public:
  [[nodiscard]] core::Result<std::optional<core::Version>> head(
      const core::StreamKey& stream) const override {
    const auto found = heads_.find(stream.stream);
    if (found == heads_.end()) return std::optional<core::Version>{};
    return std::optional<core::Version>{found->second};
  }
  [[nodiscard]] core::Result<std::optional<core::OwnedEvent>> find(
      const core::ProjectId&, const core::EventId&) const override {
    return std::optional<core::OwnedEvent>{};
  }
  void wrote(const core::Sequenced& sequenced) {
    for (const auto& record : sequenced.writes) {
      heads_[record.event->stream.text()] = record.placement.version;
    }
  }

 private:
  std::unordered_map<std::string, core::Version> heads_;
};

/// Question: what does deciding cost, without any storage: versions, checks, receipts?
/// Expected: a few small allocations and two hash lookups a request, 0.5 us; in a batch they are
/// shared, 0.1 us an event.
void sequence(benchmark::State& state) {
  const auto per_request = static_cast<std::size_t>(state.range(0));
  const auto requests = make_requests(6, kEvents / 100 * 100, per_request);
  const core::EventEquivalence equivalence;
  HeadsOnly index;
  core::SequencerState sequencer;
  std::size_t i = 0;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    if (i == requests.size()) {
      state.PauseTiming();
      index = HeadsOnly{};
      i = 0;
      state.ResumeTiming();
    }
    const auto sequenced = core::sequence(sequencer, index, equivalence, requests[i++]);
    if (!sequenced || sequenced->writes.size() != per_request) {
      state.SkipWithError("a good append was refused");
      return;
    }
    index.wrote(*sequenced);
  }
  if (sequencer.next.value != static_cast<std::uint64_t>(state.iterations()) * per_request) {
    state.SkipWithError("positions are not gapless");
  }
  per_event(state, per_request);
}

/// Question: how long does the whole path take without a disk and without threads?
/// Expected: hashes 1.8 us, encoding 0.2 us, deciding 0.5 us, maps of the log in memory 1 us.
void in_memory_append(benchmark::State& state) {
  const core::EventEquivalence equivalence;
  auto log = std::make_unique<core::InMemoryEventLog>(hasher(), equivalence);
  auto requests = make_requests(8, kEvents / 20 * 20, 1);
  std::size_t i = 0;
  bool refused = false;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    if (i == requests.size()) {
      state.PauseTiming();
      if (const auto wrong = check_log(*log, hasher(), i)) {
        state.SkipWithError(wrong->c_str());
        return;
      }
      log = std::make_unique<core::InMemoryEventLog>(hasher(), equivalence);
      i = 0;
      state.ResumeTiming();
    }
    core::AppendRequest request = requests[i++];
    core::seal(request.records.front(), hasher());
    log->append(std::move(request),
                [&](const core::Result<core::Receipt>& receipt) { refused = refused || !receipt; });
  }
  if (refused) state.SkipWithError("a good append was refused");
  per_event(state);
}

}  // namespace

void register_core() {
  constexpr double kSeconds = 0.2;
  benchmark::RegisterBenchmark("BM_Sha256/bytes:1024", sha256)->MinTime(kSeconds);
  benchmark::RegisterBenchmark("BM_Tree_HashesOfOneEvent", tree_per_event)->MinTime(kSeconds);
  benchmark::RegisterBenchmark("BM_Event_Encode", encode)->MinTime(kSeconds);
  benchmark::RegisterBenchmark("BM_Event_Decode", decode)->MinTime(kSeconds);
  benchmark::RegisterBenchmark("BM_Sequencer_Sequence", sequence)
      ->ArgName("batch")
      ->Arg(1)
      ->Arg(100)
      ->MinTime(kSeconds);
  benchmark::RegisterBenchmark("BM_InMemoryEventLog_Append", in_memory_append)->MinTime(kSeconds);
}

}  // namespace hansard::bench
