#include "kept_answer.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace hansard::gateway {

namespace {

using core::Result;
using events::Api;
using events::FrameKind;
using events::Json;
using std::chrono::microseconds;

/// Bytes that a reader gets at once, at most.
constexpr std::size_t kPieceBytesMax = 64U << 10;

std::string framed(const Api& api, const events::TimedFrame& frame) {
  if (api.stream == Api::Stream::lines) return frame.data + "\n";
  std::string bytes;
  if (!frame.event.empty()) bytes = "event: " + frame.event + "\n";
  return bytes + "data: " + frame.data + "\n\n";
}

std::string content_type(const Api& api, const AnswerForm& form) {
  if (!form.streams) return "application/json";
  return api.stream == Api::Stream::sse ? "text/event-stream" : "application/x-ndjson";
}

/// Hands bytes out. Confined to one owner, as every exchange is, who may be called back before
/// `next` has returned.
class GivenAnswer final : public core::ProviderExchange {
 public:
  GivenAnswer(std::vector<TimedBytes> pieces, std::optional<Pace> pace)
      : rest_(std::make_shared<Rest>()), pace_(std::move(pace)) {
    rest_->pieces = std::move(pieces);
    if (pace_) begun_ = pace_->now();
  }

  void next(std::function<void(Result<std::string>)> done) override {
    if (!pace_) return done(take(*rest_, UINT64_MAX));
    const auto elapsed = std::chrono::duration_cast<microseconds>(pace_->now() - begun_);
    const auto now_us = static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed.count(), 0));
    const bool over = rest_->next == rest_->pieces.size();
    const std::uint64_t due_us = over ? 0 : rest_->pieces[rest_->next].at_us;
    if (due_us <= now_us) return done(take(*rest_, now_us));
    std::unique_lock lock(mutex_);  // who is called back may ask again at once
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(microseconds(due_us - now_us));
    pause_ = pace_->after(wait, [rest = rest_, due_us, done] { done(take(*rest, due_us)); });
    if (pause_) return;
    lock.unlock();
    done(take(*rest_, due_us));  // too many wait: early rather than never
  }

 private:
  struct Rest {
    std::vector<TimedBytes> pieces;
    std::size_t next = 0;
  };

  /// All that has come by then, as far as it is one piece.
  static std::string take(Rest& rest, std::uint64_t now_us) {
    std::string bytes;
    while (rest.next < rest.pieces.size() && rest.pieces[rest.next].at_us <= now_us) {
      std::string& piece = rest.pieces[rest.next].bytes;
      if (!bytes.empty() && bytes.size() + piece.size() > kPieceBytesMax) break;
      bytes += std::exchange(piece, {});
      ++rest.next;
    }
    return bytes;
  }

  const std::shared_ptr<Rest> rest_;
  const std::optional<Pace> pace_;
  std::chrono::steady_clock::time_point begun_;
  std::mutex mutex_;
  std::unique_ptr<core::Subscription> pause_;  ///< by mutex_
};

}  // namespace

AnswerForm form_of(const Api& api, bool streams, const std::string& body) {
  AnswerForm form;
  form.streams = streams && api.stream != Api::Stream::none;
  if (!form.streams || !api.usage_on_request) return form;
  const auto request = events::parse_json(body);
  const Json* options = request ? request->find("stream_options") : nullptr;
  const Json* usage = options == nullptr ? nullptr : options->find("include_usage");
  const bool* wanted = usage == nullptr ? nullptr : usage->if_boolean();
  form.usage = wanted != nullptr && *wanted;
  return form;
}

Result<std::vector<TimedBytes>> written(const KeptAnswer& answer, const AnswerForm& form) {
  std::vector<TimedBytes> pieces;
  if (!form.streams) {
    pieces.push_back({answer.latency_us.value_or(0), answer.body});
    return pieces;
  }
  const Api& api = *answer.api;
  auto body = events::parse_json(answer.body);
  if (!body) return core::Error{core::Errc::corruption, "an answer that was kept is no JSON"};
  const auto reader = api.answers.stream();  // tells what a frame is
  for (const events::TimedFrame& frame : api.answers.write_stream(*body, answer.track)) {
    const FrameKind kind = reader->add({frame.event, frame.data}, frame.at_us);
    if (kind == FrameKind::usage && !form.usage) continue;
    pieces.push_back({frame.at_us, framed(api, frame)});
  }
  return pieces;
}

core::ProviderHead kept_head(const Api& api, const AnswerForm& form, std::string_view from) {
  core::ProviderHead head;
  head.status = 200;
  head.fields.push_back({"Content-Type", content_type(api, form)});
  head.fields.push_back({"Hansard-Served-From", std::string(from)});
  return head;
}

std::unique_ptr<core::ProviderExchange> give(std::vector<TimedBytes> pieces,
                                             std::optional<Pace> pace) {
  return std::make_unique<GivenAnswer>(std::move(pieces), std::move(pace));
}

}  // namespace hansard::gateway
