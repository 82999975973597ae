#include "playback_layer.h"

#include <utility>

#include "own_answer.h"

namespace hansard::gateway {

namespace {

std::string_view error_type(const events::Api* api) {
  const bool anthropic = api != nullptr && api->name.starts_with("anthropic");
  return anthropic ? "not_found_error" : "not_recorded";
}

}  // namespace

std::unique_ptr<core::ProviderExchange> PlaybackLayer::start(RoutedCall call,
                                                             std::shared_ptr<CallWatch> watch,
                                                             HeadDone head) {
  if (call.route == nullptr || call.route->mode == Mode::live) {
    return next_->start(std::move(call), std::move(watch), std::move(head));
  }
  auto late =
      std::make_shared<LateExchange>(*next_, std::move(call), std::move(watch), std::move(head));
  auto handle = late->handle();
  // What nobody can read nobody has recorded.
  if (late->call().prompt == nullptr) {
    miss(*late);
  } else {
    ports_.post([this, late] {
      if (!late->is_gone()) play(*late);
    });
  }
  return handle;
}

void PlaybackLayer::play(LateExchange& call) {
  const RoutedCall& asked = call.call();
  auto found = find(asked);
  if (!found) {
    call.watch().decided({"playback", "unreadable"});
    call.watch().stopped();
    return call.answer(core::Error{core::Errc::unavailable,
                                   "what is on record cannot be read: " + found.error().message},
                       nullptr);
  }
  if (!*found) return miss(call);
  const AnswerForm form = form_of(*asked.api, asked.prompt->request.stream, asked.call.body);
  auto pieces = written((*found)->answer, form);
  if (!pieces) return miss(call);
  ++hits_;
  call.watch().decided({"playback", "hit"});
  SentTo sent = (*found)->sent;
  sent.served_from = events::ServedFrom::playback;
  call.watch().goes_out(std::move(sent));
  std::optional<Pace> pace;
  if (asked.route->original_pace) pace = Pace{ports_.now, ports_.after};
  call.answer(kept_head(*asked.api, form, "playback"), give(*std::move(pieces), std::move(pace)));
}

PlaybackLayer::Found PlaybackLayer::find(const RoutedCall& call) {
  const core::ProjectId& project = call.identity.project;
  const auto view = ports_.gateway_calls();
  if (!view) return view.error();
  const std::size_t first = next_place(call);
  std::string before;
  for (std::size_t i = 0; i < kPlaybackTriesMax; ++i) {
    const auto place =
        projections::find_answer(**view, project, call.prompt->request_hash, first + i);
    if (!place) return place.error();
    if (!*place) break;
    const std::string name =
        (*place)->stream + '\0' + (*place)->call_id + '\0' + std::to_string((*place)->attempt);
    if (name == before) break;  // it was the last one
    before = name;
    auto found = answer_on_record(ports_.log, project, *call.api, **place);
    if (!found || *found) return found;
  }
  // The last ones were erased: any that is left.
  for (std::size_t i = first; i > 0 && first - i < kPlaybackTriesMax; --i) {
    const auto place = projections::find_answer(**view, project, call.prompt->request_hash, i - 1);
    if (!place) return place.error();
    if (!*place) break;
    auto found = answer_on_record(ports_.log, project, *call.api, **place);
    if (!found || *found) return found;
  }
  return std::optional<AnswerOnRecord>();
}

void PlaybackLayer::miss(LateExchange& call) {
  ++misses_;
  call.watch().decided({"playback", "miss"});
  const RoutedCall& asked = call.call();
  if (asked.route->mode == Mode::record_playback) return call.go_on();
  call.watch().stopped();
  const std::string& route = asked.call.provider;
  const bool embeds =
      asked.prompt != nullptr && asked.prompt->request.kind == events::CallKind::embedding;
  std::string message = "Nothing is recorded for this request";
  if (asked.prompt != nullptr) message += " (" + asked.prompt->request_hash + ")";
  message += ". Route '" + route + "' plays back only what is on record; ";
  if (embeds) {
    message += "of embeddings that are hashes, not the vectors.";
  } else {
    message += "to record it, send the same request once with [routes." + route +
               "] mode = \"record-playback\".";
  }
  std::string body = error_body(asked.api, error_type(asked.api), message);
  core::ProviderHead head = own_head(404, body.size());
  head.fields.push_back({"x-should-retry", "false"});
  call.answer(std::move(head), body_at_hand(std::move(body)));
}

/// How many times it was asked before.
std::size_t PlaybackLayer::next_place(const RoutedCall& call) {
  const std::lock_guard lock(mutex_);
  const auto [played, is_new] =
      played_.try_emplace({std::string(call.identity.project.text()), call.prompt->request_hash});
  if (is_new) {
    ages_.push_front(played->first);
    played->second.age = ages_.begin();
    if (played_.size() > kPlayedMax) {
      played_.erase(ages_.back());
      ages_.pop_back();
    }
  } else {
    ages_.splice(ages_.begin(), ages_, played->second.age);
  }
  return played->second.times++;
}

void PlaybackLayer::count(PolicyCounts& to) const {
  next_->count(to);
  to.playback_hits += hits_;
  to.playback_misses += misses_;
}

}  // namespace hansard::gateway
