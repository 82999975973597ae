// usage: tampering_campaign BASE OLDER OTHER WORK SEED COUNT [FIRST [KIND]]
//
// Changes a copy of BASE once, `COUNT` times over, and judges each in a process of its own. Case i
// depends on SEED and i alone: FIRST begins with a later one, KIND makes only those of that name.
// Exit 0: every change showed, or did nothing.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "changes.h"
#include "judge.h"

namespace hansard::tampering {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kCaseSeconds = 300;  // the machine may have much else to do

/// Runs `work` in a process of its own and gives what it wrote. RocksDB's threads do not survive a
/// fork, so this process never opens one; and whatever aborts, aborts only its own case.
template <class Work>
std::pair<int, std::string> apart(const Work& work) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    ::close(ends[0]);
    ::alarm(kCaseSeconds);
    std::string text;
    int code = 0;
    try {
      text = work();
    } catch (const std::exception& thrown) {
      text = thrown.what();
      code = 3;
    }
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t put = ::write(ends[1], rest.data(), rest.size());
      if (put <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
    std::_Exit(code);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return {-WTERMSIG(status), text};
  return {WEXITSTATUS(status), text};
}

std::string pack(const Verdict& verdict) {
  std::ostringstream out;
  out << static_cast<int>(verdict.outcome) << '\n'
      << verdict.now.tree.size << '\n'
      << core::to_hex(core::as_bytes(verdict.now.tree.root)) << '\n'
      << verdict.now.told << '\n'
      << verdict.why;
  return out.str();
}

Verdict unpack(const std::pair<int, std::string>& said) {
  Verdict verdict;
  if (said.first != 0) {
    verdict.why = "the process ended with " + std::to_string(said.first) + ": " + said.second;
    return verdict;
  }
  std::istringstream in(said.second);
  int outcome = 0;
  std::string root;
  in >> outcome >> verdict.now.tree.size >> root >> verdict.now.told;
  for (std::size_t i = 0; i < verdict.now.tree.root.size() && 2 * i + 1 < root.size(); ++i) {
    verdict.now.tree.root[i] =
        static_cast<std::uint8_t>(std::stoul(root.substr(2 * i, 2), nullptr, 16));
  }
  in.ignore(1);
  std::getline(in, verdict.why, '\0');
  verdict.outcome = static_cast<Outcome>(outcome);
  return verdict;
}

Verdict judge_apart(const fs::path& directory, const Baseline* baseline,
                    const std::vector<core::TreeHead>& heads) {
  return unpack(apart([&] { return pack(judge(directory, baseline, heads)); }));
}

const Change& draw_change(Random& random) {
  int total = 0;
  for (const Change& each : changes()) total += each.weight;
  int at = static_cast<int>(random() % static_cast<unsigned>(total));
  for (const Change& each : changes()) {
    at -= each.weight;
    if (at < 0) return each;
  }
  throw std::logic_error("some kind is drawn");
}

struct Tally {
  int refused = 0;
  int found = 0;
  int harmless = 0;
  int outside = 0;
  int failed = 0;
};

class Campaign {
 public:
  Campaign(fs::path base, Grounds grounds, fs::path work)
      : base_(std::move(base)), grounds_(std::move(grounds)), work_(std::move(work)) {}

  /// What the directory gives out as it is, which must not depend on when it is asked.
  void look() {
    const Verdict first = judge_apart(copy(), nullptr, {});
    if (first.outcome != Outcome::harmless) throw std::runtime_error("the base: " + first.why);
    baseline_ = first.now;
    const Verdict again = judge_apart(copy(), &baseline_, {baseline_.tree});
    if (again.outcome != Outcome::harmless) throw std::runtime_error("again: " + again.why);
    std::uint64_t bytes = 0;
    for (const auto& file : files_of(base_)) bytes += fs::file_size(base_ / file);
    std::printf("%llu events, %llu bytes in %zu files\n",
                static_cast<unsigned long long>(baseline_.tree.size),
                static_cast<unsigned long long>(bytes), files_of(base_).size());
  }

  /// False when a change could not be made there.
  bool run(std::uint64_t seed, std::uint64_t index, std::string_view only) {
    Random random(seed * 1'000'003 + index);
    const Change& change = draw_change(random);
    if (!only.empty() && change.name != only) return false;
    const fs::path directory = copy();
    const auto [code, what] = apart([&] { return change.make(directory, grounds_, random); });
    if (code != 0) {
      ++skipped_;
      return false;
    }
    Verdict verdict = judge_apart(directory, &baseline_, {});
    Tally& tally = tallies_[&change];
    Must must = change.must;
    if (must == Must::show_signed) must = signed_ ? Must::show : Must::show_outside;
    bool good = true;
    switch (verdict.outcome) {
      case Outcome::refused:
        ++tally.refused;
        break;
      case Outcome::found:
        ++tally.found;
        break;
      case Outcome::harmless:
        good = must != Must::show;
        ++tally.harmless;
        break;
      case Outcome::differs:
        good = must == Must::show_outside && shows_outside(directory, verdict);
        if (good) ++tally.outside;
        break;
      case Outcome::broken:
        good = false;
        break;
    }
    if (!good) {
      ++tally.failed;
      ++failed_;
      std::printf("FAILED   seed %llu, case %llu: %s, %s: outcome %d, %s\n",
                  static_cast<unsigned long long>(seed), static_cast<unsigned long long>(index),
                  std::string(change.name).c_str(), what.c_str(), static_cast<int>(verdict.outcome),
                  verdict.why.c_str());
      std::fflush(stdout);
    } else if (std::getenv("TAMPERING_TELL") != nullptr) {
      std::printf("case %llu: %s, %s: outcome %d, %s\n", static_cast<unsigned long long>(index),
                  std::string(change.name).c_str(), what.c_str(), static_cast<int>(verdict.outcome),
                  verdict.why.c_str());
    }
    return true;
  }

  int finish(std::chrono::steady_clock::duration took) const {
    std::printf("\n%-50s %6s %8s %8s %8s %8s %7s\n", "change", "made", "refused", "found",
                "no effect", "outside", "failed");
    std::map<Level, Tally> levels;
    for (const Change& change : changes()) {
      const auto tally = tallies_.find(&change);
      if (tally == tallies_.end()) continue;
      print(std::string(change.name), tally->second);
      Tally& sum = levels[change.level];
      sum.refused += tally->second.refused;
      sum.found += tally->second.found;
      sum.harmless += tally->second.harmless;
      sum.outside += tally->second.outside;
      sum.failed += tally->second.failed;
    }
    std::printf("\n");
    for (const auto& [level, sum] : levels) print("all " + std::string(name(level)), sum);
    std::printf("\n%d could not be made where they were drawn, and were drawn again; %.0f s\n",
                skipped_, std::chrono::duration<double>(took).count());
    return failed_ == 0 ? 0 : 1;
  }

 private:
  fs::path copy() {
    const fs::path directory = work_ / "case";
    fs::remove_all(directory);
    fs::copy(base_, directory, fs::copy_options::recursive);
    return directory;
  }

  bool shows_outside(const fs::path& directory, Verdict& verdict) const {
    verdict = judge_apart(directory, &baseline_, {baseline_.tree});
    return verdict.outcome == Outcome::found;
  }

  static void print(const std::string& label, const Tally& tally) {
    const int made = tally.refused + tally.found + tally.harmless + tally.outside + tally.failed;
    std::printf("%-50s %6d %8d %8d %8d %8d %7d\n", label.c_str(), made, tally.refused, tally.found,
                tally.harmless, tally.outside, tally.failed);
  }

  const fs::path base_;
  const Grounds grounds_;
  const fs::path work_;
  const bool signed_ = fs::exists(base_ / "checkpoint");
  Baseline baseline_;
  std::map<const Change*, Tally> tallies_;
  int skipped_ = 0;
  int failed_ = 0;
};

int run(int argc, char** argv) {
  if (argc < 7) {
    std::cerr << "usage: tampering_campaign BASE OLDER OTHER WORK SEED COUNT [FIRST [KIND]]\n";
    return 2;
  }
  const std::uint64_t seed = std::stoull(argv[5]);
  const std::uint64_t count = std::stoull(argv[6]);
  const std::uint64_t first = argc > 7 ? std::stoull(argv[7]) : 0;
  const std::string only = argc > 8 ? argv[8] : "";
  Campaign campaign(argv[1], {argv[2], argv[3]}, argv[4]);
  campaign.look();
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t made = 0;
  for (std::uint64_t index = first; made < count && index < first + 100 * count; ++index) {
    if (campaign.run(seed, index, only)) ++made;
  }
  return campaign.finish(std::chrono::steady_clock::now() - begun);
}

}  // namespace
}  // namespace hansard::tampering

int main(int argc, char** argv) {
  try {
    return hansard::tampering::run(argc, argv);
  } catch (const std::exception& thrown) {
    std::cerr << "tampering_campaign: " << thrown.what() << "\n";
    return 2;
  }
}
