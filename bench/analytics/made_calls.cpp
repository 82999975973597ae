#include "analytics/made_calls.h"

#include <algorithm>
#include <cmath>

namespace hansard::bench {

namespace {

/// As at 5 million calls: 400 thousand sessions.
constexpr double kCallsPerSession = 12.5;
constexpr std::int64_t kDayUs = 86'400'000'000;

/// The same user and agent whenever a session is met.
std::uint64_t mixed(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

std::uint64_t skew(double part, std::uint64_t bound, double power) {
  const double at = std::pow(part, power) * static_cast<double>(bound);
  return std::min(bound - 1, static_cast<std::uint64_t>(at));
}

}  // namespace

MadeCalls::MadeCalls(std::uint64_t calls, std::uint64_t seed)
    : calls_(calls),
      sessions_(std::clamp<std::uint64_t>(
          static_cast<std::uint64_t>(static_cast<double>(calls) / kCallsPerSession), 1, 400'000)),
      random_(seed) {}

std::uint64_t MadeCalls::skewed(std::uint64_t bound, double power) {
  return skew(std::uniform_real_distribution<double>(0, 1)(random_), bound, power);
}

MadeCall MadeCalls::next() {
  MadeCall call;
  const auto step = static_cast<double>(kDays * kDayUs) / static_cast<double>(calls_);
  call.at_us = kStartUs + static_cast<std::int64_t>(static_cast<double>(made_++) * step);
  call.session = skewed(sessions_, 1.5);
  const std::uint64_t whose = mixed(call.session);
  call.user =
      static_cast<std::uint32_t>(skew(static_cast<double>(whose >> 11) * 0x1.0p-53, kUsers, 3.0));
  call.agent = static_cast<std::uint32_t>(whose % 10);
  call.model = static_cast<std::uint32_t>(skewed(kModels, 3.0));
  call.variant = static_cast<std::uint32_t>(whose >> 5U & 1U);
  call.latency_us = 200'000 + skewed(60'000'000, 4.0);
  call.failed = random_() % 50 == 0;
  if (call.failed) return call;
  call.input = skewed(20'000, 3.0);
  call.cached = skewed(100'000, 3.0);
  call.output = skewed(4'000, 3.0);
  call.ttft_us = call.latency_us / 5;
  return call;
}

void append_csv(const MadeCall& call, std::string& out) {
  const auto number = [&](std::uint64_t value) { out += std::to_string(value); };
  number(static_cast<std::uint64_t>(call.at_us));
  out += ",s";
  number(call.session);
  out += ",u";
  number(call.user);
  out += ",agent";
  number(call.agent);
  out += ",provider";
  number(call.model % 4);
  out += ",model";
  number(call.model);
  out += call.variant == 0 ? ",a," : ",b,";
  out += call.failed ? '1' : '0';
  for (const std::uint64_t tokens : {call.input, call.cached, call.output}) {
    out += ',';
    if (!call.failed) number(tokens);
  }
  out += ',';
  number(call.latency_us);
  out += ',';
  if (!call.failed) number(call.ttft_us);
}

}  // namespace hansard::bench
