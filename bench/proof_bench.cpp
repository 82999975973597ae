#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "core/event_bytes.h"
#include "core/tree.h"
#include "events/audit/note.h"
#include "ossl/ed25519.h"
#include "ossl/hasher.h"
#include "rocksdb_store/store.h"
#include "scratch.h"

/// Question: how many proofs does a log give a second, how many can be checked, and what does a
/// checkpoint cost?
/// Expected at 1 M events: a path needs a tile of each of 3 levels and about two more at the right
/// edge. A tile is 8 KiB out of the block cache (4 us) and, to make a node of it, up to 255 hashes
/// of 65 bytes (0.12 us each): 5 x (4 + 15) = 95 us a proof, 10,000 a second. Checking: 20 hashes,
/// 3 us. A checkpoint: a signature (50 us), a file and a directory synced (2 x 250 us), every 10 s
/// at most: 0.01 % of the time of one thread that appends do not use. Before anything is timed,
/// proofs of random pairs are compared with those made from the whole list of leaves, which is how
/// RFC 6962 defines them.
///
/// usage: hansard_proof_bench [EVENTS [PAIRS]]   (1,000,000 and 100)
namespace hansard::bench {
namespace {

using Clock = std::chrono::steady_clock;
using core::Hash;

constexpr std::uint64_t kSeed = 7;
constexpr std::chrono::milliseconds kMeasured{2'000};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

template <class T>
T must(core::Result<T> result) {
  if (!result) fail(result.error().message);
  return *std::move(result);
}

void must_hold(bool condition, const char* what) {
  if (!condition) fail(std::string("wrong: ") + what);
}

/// A store of `events` small events.
void fill(core::EventLog& log, const core::Hasher& hasher, std::uint64_t events) {
  constexpr std::uint64_t kBatch = 1024;
  std::uint64_t number = log.end().value;
  while (number < events) {
    core::AppendRequest request;
    for (std::uint64_t i = 0; i < kBatch && number < events; ++i, ++number) {
      core::NewEvent event;
      const std::string name = std::to_string(number);
      event.stream = must(core::StreamId::parse("custom-" + std::to_string(number % 1000)));
      event.type = "Measured";
      event.id = core::EventId{core::uuid_v8(hasher.sha256({"id", name}))};
      event.facts = "{\"n\":" + name + "}";
      event.content = "{}";
      event.salt = hasher.sha256({"salt", name});
      core::seal(event, hasher);
      request.records.push_back(std::move(event));
    }
    std::promise<core::Result<core::Receipt>> told;
    auto receipt = told.get_future();
    log.append(std::move(request),
               [&](core::Result<core::Receipt> result) { told.set_value(std::move(result)); });
    must(receipt.get());
  }
}

/// Calls `work` for a while. @return times a second
template <class F>
double rate(const F& work) {
  const auto start = Clock::now();
  std::uint64_t times = 0;
  auto now = start;
  for (; now - start < kMeasured; now = Clock::now()) {
    work();
    ++times;
  }
  return static_cast<double>(times) / std::chrono::duration<double>(now - start).count();
}

void run(std::uint64_t events, std::uint64_t pairs) {
  const ossl::OpenSslHasher hasher;
  const core::EventEquivalence equivalence;
  const Scratch scratch("proofs");
  rocks::OpenOptions options;
  options.directory = scratch.path() / "data";
  options.hasher = &hasher;
  options.equivalence = &equivalence;
  const auto store = must(rocks::RocksStore::open(std::move(options)));
  fill(store->log(), hasher, events);
  const core::Tree& tree = store->tree();
  const core::TreeHead now = tree.head();

  std::vector<Hash> leaves;
  must(store->log().read(core::Position{}, [&](const core::RecordedEvent& event) {
    leaves.push_back(core::leaf_hash(event, hasher));
    return true;
  }));
  must_hold(core::merkle_root(hasher, leaves) == now.root, "the root");
  std::mt19937_64 random(kSeed);
  for (std::uint64_t i = 0; i < pairs; ++i) {
    const std::uint64_t size = 1 + random() % events;
    const std::uint64_t older = 1 + random() % size;
    const auto first = std::span(leaves).first(size);
    const auto path = must(core::inclusion_proof(hasher, tree, older - 1, size));
    must_hold(path == core::inclusion_proof(hasher, first, older - 1), "a path");
    const auto proof = must(core::consistency_proof(hasher, tree, older, size));
    must_hold(proof == core::consistency_proof(hasher, first, older), "a consistency proof");
    const core::TreeHead then{size, core::merkle_root(hasher, first)};
    must_hold(must(core::head_at(hasher, tree, size)) == then, "an older root");
    must_hold(core::verify_inclusion(hasher, leaves[older - 1], older - 1, then, path), "checking");
    const core::TreeHead before{older, core::merkle_root(hasher, first.first(older))};
    must_hold(core::verify_consistency(hasher, before, then, proof), "checking consistency");
  }
  std::printf("%llu events, %llu random pairs agree with recomputation\n",
              static_cast<unsigned long long>(events), static_cast<unsigned long long>(pairs));

  const auto any = [&] { return random() % events; };
  const auto say = [](const char* what, double per_second) {
    std::printf("%-28s %12.0f a second\n", what, per_second);
  };
  say("inclusion, made", rate([&] { must(core::inclusion_proof(hasher, tree, any(), events)); }));
  say("consistency, made",
      rate([&] { must(core::consistency_proof(hasher, tree, 1 + any(), events)); }));
  say("older root", rate([&] { must(core::head_at(hasher, tree, 1 + any())); }));
  const std::uint64_t at = any();
  const auto path = must(core::inclusion_proof(hasher, tree, at, events));
  say("inclusion, checked", rate([&] {
        must_hold(core::verify_inclusion(hasher, leaves[at], at, now, path), "a path");
      }));
  const core::TreeHead half = must(core::head_at(hasher, tree, events / 2 + 1));
  const auto proof = must(core::consistency_proof(hasher, tree, half.size, events));
  say("consistency, checked", rate([&] {
        must_hold(core::verify_consistency(hasher, half, now, proof), "a consistency proof");
      }));

  const auto key = ossl::Ed25519Key::draw();
  const ossl::Ed25519Verifier verifier;
  const events::audit::VerifierKey named{"hansard/bench/1", key.public_key()};
  const std::string text = to_text(events::audit::Checkpoint{named.name, now, {}});
  const auto note = events::audit::sign_note(hasher, key, named.name, text);
  say("checkpoint, signed",
      rate([&] { (void)events::audit::sign_note(hasher, key, named.name, text); }));
  say("checkpoint, checked", rate([&] {
        must_hold(check_note(hasher, verifier, named, note).has_value(), "a signature");
      }));
  say("checkpoint, kept", rate([&] {
        must(rocks::replace_file(store->own_files(), store->directory() / "checkpoint",
                                 to_text(events::audit::sign_note(hasher, key, named.name, text))));
      }));
}

}  // namespace
}  // namespace hansard::bench

int main(int argc, char** argv) {
  const auto number = [&](int index, std::uint64_t otherwise) {
    return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  hansard::bench::run(number(1, 1'000'000), number(2, 100));
  return 0;
}
