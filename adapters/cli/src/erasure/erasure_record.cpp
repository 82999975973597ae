#include "erasure/erasure_record.h"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

/// Appends of one order that wait at the same time: whoever else appends waits for no more.
constexpr std::size_t kAppendsAtOnce = 16;
/// Between them the order rests for as long as they took, up to this.
constexpr std::chrono::milliseconds kRestMax{50};

}  // namespace

Status ErasureRecord::append_each(
    const ErasureOrder& order,
    const std::function<events::ErasureCommand(const ErasureTarget&)>& make,
    const std::function<void(const ErasureTarget&, const Result<core::Receipt>&)>& told) {
  const auto& targets = order.targets;
  std::chrono::milliseconds rest{0};
  for (std::size_t from = 0; from < targets.size(); from += kAppendsAtOnce) {
    if (pause_(rest)) return Error{Errc::cancelled, "the store is closing"};
    const auto began = std::chrono::steady_clock::now();
    const std::size_t end = std::min(targets.size(), from + kAppendsAtOnce);
    std::vector<std::future<Result<core::Receipt>>> waiting;
    for (std::size_t i = from; i < end; ++i) {
      core::CommandContext context;
      context.project = order.project;
      context.stream = targets[i].stream;
      context.recorded_at = ports_.clock.now();
      context.actor = order.actor;
      auto done = std::make_shared<std::promise<Result<core::Receipt>>>();
      waiting.push_back(done->get_future());
      ports_.execute(std::move(context), make(targets[i]), [done](Result<core::Receipt> receipt) {
        done->set_value(std::move(receipt));
      });
    }
    for (std::size_t i = from; i < end; ++i) told(targets[i], waiting[i - from].get());
    rest = std::min(kRestMax, std::chrono::duration_cast<std::chrono::milliseconds>(
                                  std::chrono::steady_clock::now() - began));
  }
  return Ok{};
}

events::ErasureCommand ErasureRecord::request_of(const ErasureOrder& order,
                                                 const ErasureTarget& target) const {
  events::RequestErasure step;
  step.erasure_id = order.id;
  step.scope = order.scope;
  step.message_id = order.message_id;
  if (order.origin && *order.origin != target.stream) step.origin = order.origin->text();
  step.rule = order.rule;
  step.reason = order.reason;
  step.comment = order.comment;
  events::ErasureCommand command{{}, std::move(step)};
  command.meta.salt_seed = ports_.draw_random();
  return command;
}

Result<ErasureRecord::Asked> ErasureRecord::request(const ErasureOrder& order) {
  Asked asked;
  std::optional<Error> failed;
  std::optional<Error> rejected;
  auto status = append_each(
      order, [&](const ErasureTarget& target) { return request_of(order, target); },
      [&](const ErasureTarget& target, const Result<core::Receipt>& receipt) {
        if (receipt && !receipt->records.empty()) {
          asked.below[target.stream.text()] = receipt->records.front().version;
        } else if (!receipt && receipt.error().code == Errc::rejected) {
          asked.held.push_back(target.stream.text());
          rejected = receipt.error();
        } else if (!receipt) {
          failed = receipt.error();
        }
      });
  if (!status) return status.error();
  if (failed) return *failed;
  if (rejected && (asked.below.empty() || order.message_id)) return *rejected;
  return asked;
}

Status ErasureRecord::request_again(const ErasureOrder& order) {
  Status failed = Ok{};
  auto status = append_each(
      order, [&](const ErasureTarget& target) { return request_of(order, target); },
      [&](const ErasureTarget& target, const Result<core::Receipt>& receipt) {
        if (receipt) return;
        const Errc code = receipt.error().code;
        if (code != Errc::rejected && code != Errc::id_reused) failed = receipt.error();
        if (code == Errc::rejected) {
          ports_.notice("erasure " + order.id + " by the ledger: " + target.stream.text() + ": " +
                        receipt.error().message);
        }
      });
  if (!status) return status;
  return failed;
}

Status ErasureRecord::complete(const ErasureOrder& order) {
  Status failed = Ok{};
  auto status = append_each(
      order,
      [&](const ErasureTarget& target) {
        events::CompleteErasure step;
        step.erasure_id = order.id;
        step.events = target.positions ? target.positions->count() : 0;
        events::ErasureCommand command{{}, std::move(step)};
        command.meta.salt_seed = ports_.draw_random();
        return command;
      },
      [&](const ErasureTarget&, const Result<core::Receipt>& receipt) {
        // Of one that the ledger brought back under a hold the stream says nothing.
        const bool unsaid = order.reapplied && !receipt && receipt.error().code == Errc::not_found;
        if (!receipt && !unsaid) failed = receipt.error();
      });
  if (!status) return status;
  return failed;
}

}  // namespace hansard::cli
