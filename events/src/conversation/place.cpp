#include "events/conversation/place.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace hansard::events {
namespace {

using State = CallRecord::State;

/// A step of a conversation: one utterance, or the choices of one call.
struct Step {
  std::size_t first = 0;
  std::size_t count = 1;
};

std::vector<Step> steps_of(const std::vector<Utterance>& said) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (said[i].kind == UtteranceKind::aside) continue;
    const bool choice = !steps.empty() && said[i].kind == UtteranceKind::answer &&
                        steps.back().first + steps.back().count == i &&
                        said[i - 1].kind == UtteranceKind::answer && !said[i].call_id.empty() &&
                        said[i - 1].call_id == said[i].call_id;
    if (choice) {
      ++steps.back().count;
    } else {
      steps.push_back({i, 1});
    }
  }
  return steps;
}

/// One conversation held against what is asked.
class Comparison {
 public:
  Comparison(const Asked& asked, const Candidate& candidate, std::size_t index,
             const UnderWay& under_way)
      : asked_(asked),
        transcript_(*candidate.transcript),
        said_(transcript_.utterances()),
        under_way_(under_way),
        steps_(steps_of(said_)) {
    placement_.candidate = index;
  }

  /// Nothing where it does not belong here.
  std::optional<Placement> judge() {
    if (asked_.user_hash && asked_.user_hash != transcript_.user_hash()) return {};
    match();
    placement_.known = matched_;
    if (!asked_.named && placement_.answered == 0) return opening();
    if (asked_.named || matched_ > 0) {
      if (matched_ == steps_.size()) return at_head();
      return before_head();
    }
    return {};
  }

  /// The same for one whose latest exchange is known but not all before it.
  std::optional<Placement> judge_shortened() {
    if (asked_.user_hash && asked_.user_hash != transcript_.user_hash()) return {};
    const auto last = std::find(asked_.answers.rbegin(), asked_.answers.rend(), true);
    if (last == asked_.answers.rend() || steps_.empty() || any_under_way()) return {};
    const auto asked_end = static_cast<std::size_t>(asked_.answers.rend() - last);
    std::size_t same = 0;
    while (same < asked_end && same < steps_.size() &&
           find(steps_[steps_.size() - 1 - same], asked_.history[asked_end - 1 - same])) {
      ++same;
    }
    if (same < 2) return {};  // an answer alone ("You are welcome") is no conversation
    std::size_t next = 0;
    const std::size_t before = steps_.size() - same;
    for (std::size_t i = 0; i < asked_end - same; ++i) {
      std::size_t at = next;
      while (at < before && !find(steps_[at], asked_.history[i])) ++at;
      if (at == before) {
        if (placement_.summary) return {};  // one text may stand for what is left out
        placement_.summary = i;
        continue;
      }
      for (; next < at; ++next) remove(steps_[next]);
      next = at + 1;
    }
    for (; next < before; ++next) remove(steps_[next]);
    if (placement_.removed.empty()) return {};
    placement_.kind = PlaceKind::goes_on;
    placement_.known = asked_end;
    placement_.answered = asked_end;
    return std::move(placement_);
  }

 private:
  std::optional<std::size_t> find(const Step& step, const Digest& digest) const {
    for (std::size_t i = step.first; i < step.first + step.count; ++i) {
      if (said_[i].digest == digest) return i;
    }
    return {};
  }

  void match() {
    while (matched_ < steps_.size() && matched_ < asked_.history.size()) {
      const Step& step = steps_[matched_];
      const auto found = find(step, asked_.history[matched_]);
      if (!found) return;
      for (std::size_t i = step.first; i < step.first + step.count; ++i) {
        if (i != *found && *found != step.first) unchosen_.push_back(said_[i].message_id);
      }
      ++matched_;
      if (said_[*found].kind == UtteranceKind::answer) placement_.answered = matched_;
    }
  }

  [[nodiscard]] bool open(const CallRecord& call) const {
    return call.state == State::asked && under_way_(call.call_id);
  }
  [[nodiscard]] bool any_under_way() const {
    const auto& calls = transcript_.calls();
    return std::any_of(calls.begin(), calls.end(),
                       [this](const CallRecord& call) { return open(call); });
  }
  [[nodiscard]] bool all_asked() const { return matched_ == asked_.history.size(); }

  /// The latest call made when everything that matched had been said, and nothing more.
  [[nodiscard]] const CallRecord* call_here() const {
    const std::size_t utterances = said_before(matched_);
    for (auto call = transcript_.calls().rbegin(); call != transcript_.calls().rend(); ++call) {
      if (call->utterances == utterances && call->attempts > 0) return &*call;
    }
    return nullptr;
  }
  /// Utterances up to the end of a step, asides behind it included.
  [[nodiscard]] std::size_t said_before(std::size_t step) const {
    return step < steps_.size() ? steps_[step].first : said_.size();
  }

  Placement again(const CallRecord& call) {
    placement_.kind = PlaceKind::again;
    placement_.call_id = call.call_id;
    placement_.attempt = call.attempts + 1;
    placement_.unanswered = !open(call) && call.state != State::answered;
    return std::move(placement_);
  }

  /// Whoever goes on after an answer has received it.
  [[nodiscard]] bool may_be_lost(const CallRecord& call) const {
    return call.state != State::answered || matched_ + 1 >= steps_.size();
  }

  Placement go_on() {
    placement_.kind = PlaceKind::goes_on;
    placement_.unchosen = std::move(unchosen_);
    return std::move(placement_);
  }

  Placement fork(ForkReason reason) {
    const Utterance& last = last_matched();
    placement_.kind = PlaceKind::forks;
    placement_.reason = reason;
    placement_.parent = last.session;
    placement_.at_version = last.version;
    return std::move(placement_);
  }
  /// @pre something matched
  [[nodiscard]] const Utterance& last_matched() const {
    const Step& step = steps_[matched_ - 1];
    return said_[*find(step, asked_.history[matched_ - 1])];
  }

  /// Message ids of a step, which is sent no longer; a result goes with the answer that asked.
  void remove(const Step& step) {
    for (std::size_t i = step.first; i < step.first + step.count; ++i) {
      const std::string& id = said_[i].message_id;
      auto& removed = placement_.removed;
      if (std::find(removed.begin(), removed.end(), id) == removed.end()) removed.push_back(id);
    }
  }

  /// A call whose history has no answer that we know.
  std::optional<Placement> opening() {
    if (matched_ == 0 || !all_asked()) return {};
    const CallRecord* call = call_here();
    if (call == nullptr) return {};
    if (asked_.retry && may_be_lost(*call)) return again(*call);
    if (open(*call)) return {};  // two that begin alike, at once
    if (call->state != State::answered) return again(*call);
    return asked_.user_hash ? std::optional(fork(ForkReason::retry)) : std::nullopt;
  }

  Placement at_head() {
    if (!all_asked()) {
      return any_under_way() && !asked_.named ? fork(ForkReason::parallel) : go_on();
    }
    const CallRecord* call = call_here();
    if (call == nullptr || call->state == State::answered) {
      return any_under_way() && !asked_.named ? fork(ForkReason::parallel) : go_on();
    }
    if (!open(*call) || asked_.retry) return again(*call);
    return asked_.named ? go_on() : fork(ForkReason::parallel);
  }

  Placement before_head() {
    const Utterance& next = said_[steps_[matched_].first];
    const bool answered = all_asked() && next.kind == UtteranceKind::answer;
    if (answered && asked_.retry) {
      const CallRecord* call = call_of(next);
      if (call != nullptr && may_be_lost(*call)) return again(*call);
    }
    const bool parallel = tail_is_under_way();
    if (asked_.named || matched_ == 0) {
      if (!parallel) {
        for (std::size_t i = matched_; i < steps_.size(); ++i) remove(steps_[i]);
      }
      return go_on();
    }
    if (answered) return fork(ForkReason::retry);
    return fork(parallel ? ForkReason::parallel : ForkReason::edit);
  }

  [[nodiscard]] const CallRecord* call_of(const Utterance& answer) const {
    for (const CallRecord& call : transcript_.calls()) {
      if (call.call_id == answer.call_id) return &call;
    }
    return nullptr;
  }

  /// What follows the matched part was brought by calls that are still being made.
  [[nodiscard]] bool tail_is_under_way() const {
    for (std::size_t i = matched_; i < steps_.size(); ++i) {
      if (said_[steps_[i].first].kind == UtteranceKind::answer) return false;
    }
    return any_under_way();
  }

  const Asked& asked_;
  const Transcript& transcript_;
  const std::vector<Utterance>& said_;
  const UnderWay& under_way_;
  const std::vector<Step> steps_;
  std::size_t matched_ = 0;
  std::vector<std::string> unchosen_;  ///< other choices of answers that the client went on from
  Placement placement_;
};

/// More of the history answered is better, then the head before a fork (of two that say the same at
/// once, each goes on with its own), then more of it known, then the one unused longest.
auto rank(const Placement& placement, std::span<const Candidate> candidates) {
  const bool again = placement.kind == PlaceKind::again;
  return std::tuple(placement.answered, again && placement.unanswered, again,
                    placement.kind == PlaceKind::goes_on, placement.known,
                    ~candidates[placement.candidate].last_used);
}

}  // namespace

Placement place(const Asked& asked, std::span<const Candidate> candidates,
                const UnderWay& under_way) {
  std::optional<Placement> best;
  const auto consider = [&](std::optional<Placement> found) {
    if (found && (!best || rank(*found, candidates) > rank(*best, candidates))) {
      best = std::move(found);
    }
  };
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    consider(Comparison(asked, candidates[i], i, under_way).judge());
  }
  const bool cut = best && (best->kind == PlaceKind::forks || asked.named);
  if (!best || (cut && best->reason == ForkReason::edit)) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      auto shortened = Comparison(asked, candidates[i], i, under_way).judge_shortened();
      if (shortened) return *std::move(shortened);
    }
  }
  return best ? *std::move(best) : Placement{};
}

}  // namespace hansard::events
