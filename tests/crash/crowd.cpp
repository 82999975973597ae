#include "crowd.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hansard::crash {
namespace {

constexpr std::chrono::seconds kAcksPatience{120};

}  // namespace

Crowd::Crowd(std::size_t writers, std::uint64_t seed, const std::filesystem::path& outside)
    : journal_(outside / "journal.ndjson"), reading_(journal_) {
  for (std::size_t i = 0; i < writers; ++i) {
    writers_.push_back(std::make_unique<Writer>(Script(seed, i), gate_, journal_, payload_bytes_));
  }
}

Crowd::~Crowd() { abandon(); }

void Crowd::tell_faults() const {
  for (const std::string& fault : journal_.faults()) ADD_FAILURE() << fault;
}

void Crowd::write_until(std::uint16_t port, std::size_t acks) {
  const std::size_t wanted = journal_.counts().acked + acks;
  gate_.open(port);
  const bool enough = journal_.wait_acked(wanted, kAcksPatience);
  tell_faults();
  EXPECT_TRUE(enough) << journal_.counts().acked << " acknowledged appends of " << wanted;
}

void Crowd::finish(std::uint16_t port) {
  payload_bytes_ = 0;
  gate_.stop();
  gate_.open(port);
  writers_.clear();
  gate_.close();
  tell_faults();
  const auto& appends = journal_.appends();
  EXPECT_TRUE(std::none_of(appends.begin(), appends.end(), [](const Append& append) {
    return append.outcome == Outcome::unknown;
  })) << "a request was never answered";
}

void Crowd::abandon() {
  gate_.abandon();
  writers_.clear();
}

std::vector<Fault> Crowd::read_and_compare(std::uint16_t port) {
  std::string problem;
  reading_.begin();
  HttpClient client(port);
  const auto status = client.get_lines("/v1/events?from=0", [&](std::string_view line) {
    const auto read = reading_.line(line);
    if (!read && problem.empty()) problem = read.error().message;
  });
  reading_.end();
  EXPECT_TRUE(status && *status == 200) << "the log cannot be read to its end";
  EXPECT_EQ(problem, "");
  return compare(journal_, reading_.events());
}

}  // namespace hansard::crash
