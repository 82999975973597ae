#include "answer_tee.h"

#include <algorithm>
#include <utility>

namespace hansard::gateway {

using events::Api;
using events::FrameKind;

AnswerTee::AnswerTee(const Api* api, Options options)
    : api_(api), options_(std::move(options)), coded_(!is_identity(options_.coding)) {
  if (coded_) decoder_ = make_decoder(options_.coding);
  cut_ = coded_ && !decoder_;
  if (api == nullptr || !options_.streams || api->stream == Api::Stream::none) return;
  stream_ = api->answers.stream();
  if (api->stream == Api::Stream::sse) {
    splitter_ = std::make_unique<events::SseSplitter>();
  } else {
    splitter_ = std::make_unique<events::LineSplitter>();
  }
}

std::string AnswerTee::take(std::string_view bytes, std::uint64_t at_us) {
  if (coded_) return take_coded(bytes, at_us);
  if (stream_) return take_frames(bytes, at_us);
  if (!first_us_ && !bytes.empty()) first_us_ = at_us;
  keep(bytes);
  if (!options_.hold_last) return std::string(bytes);
  // Whether a byte is the last shows with the next one.
  held_ += bytes;
  std::string out = held_.substr(0, held_.size() - std::min<std::size_t>(held_.size(), 1));
  held_.erase(0, out.size());
  return out;
}

void AnswerTee::keep(std::string_view decoded) {
  decoded_ += decoded.size();
  const std::size_t room = options_.bytes_max - std::min(options_.bytes_max, body_.size());
  body_ += decoded.substr(0, room);
  cut_ = cut_ || decoded.size() > room;
}

/// Bytes go on as they came, all or none: which of them end a frame nobody can tell.
std::string AnswerTee::take_coded(std::string_view bytes, std::uint64_t at_us) {
  held_ += bytes;
  if (complete_) return {};
  std::optional<std::string> decoded;
  if (decoder_) {
    const std::uint64_t most = kAnswerBytesMax - std::min<std::uint64_t>(kAnswerBytesMax, decoded_);
    decoded = decoder_->decode(bytes, static_cast<std::size_t>(most));
    if (!decoded) {
      decoder_ = nullptr;
      cut_ = true;
    }
  }
  if (stream_ && decoded) {
    decoded_ += decoded->size();
    splitter_->feed(*decoded);
    unfinished_ += *decoded;
    std::string passed;
    read_frames(at_us, passed);
    static_cast<void>(keep_unfinished(decoded_));
    if (complete_ || may_be_last(unfinished_)) return {};
    return release();
  }
  if (decoded) {
    if (!first_us_ && !decoded->empty()) first_us_ = at_us;
    keep(*decoded);
  }
  std::string out = held_.substr(0, held_.size() - std::min<std::size_t>(held_.size(), 1));
  held_.erase(0, out.size());
  return out;
}

std::string AnswerTee::take_frames(std::string_view bytes, std::uint64_t at_us) {
  std::string out;
  held_ += bytes;
  unfinished_ += bytes;
  splitter_->feed(bytes);
  read_frames(at_us, out);
  if (complete_) return out;
  const std::uint64_t came = held_at_ + held_.size();
  const std::uint64_t begun = keep_unfinished(came);
  pass(may_be_last(unfinished_) ? begun : came, out);
  return out;
}

/// Of all bytes that `came`, keeps those of the frame that has begun: it is judged from its start,
/// whatever of it has been passed. @return its offset
std::uint64_t AnswerTee::keep_unfinished(std::uint64_t came) {
  const std::uint64_t before = came - unfinished_.size();
  const std::uint64_t begun = std::max(before, std::min(splitter_->begun(), came));
  unfinished_.erase(0, static_cast<std::size_t>(begun - before));
  return begun;
}

void AnswerTee::read_frames(std::uint64_t at_us, std::string& out) {
  while (!complete_) {
    const auto frame = splitter_->next();
    if (!frame) return;
    const FrameKind kind = stream_->add({frame->event, frame->data}, at_us);
    if (kind == FrameKind::content && !first_us_) first_us_ = at_us;
    if (kind == FrameKind::terminator || kind == FrameKind::error) {
      complete_ = true;
      if (!coded_) pass(frame->begin, out);
    } else if (kind == FrameKind::usage && options_.drop_usage && !coded_) {
      pass(frame->begin, out);
      std::string dropped;
      pass(frame->end, dropped);
    }
  }
}

void AnswerTee::end(std::uint64_t at_us) {
  if (!stream_) {
    complete_ = true;
    return;
  }
  splitter_->end();
  std::string last;
  read_frames(at_us, last);
  held_.insert(0, last);  // of what is compressed nothing was passed
}

std::string AnswerTee::release() { return std::exchange(held_, {}); }

void AnswerTee::pass(std::uint64_t offset, std::string& out) {
  if (offset <= held_at_) return;
  const auto bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(offset - held_at_, held_.size()));
  out.append(held_, 0, bytes);
  held_.erase(0, bytes);
  held_at_ += bytes;
}

/// Whether what has come of a frame may become the one that ends the stream, or one to be dropped.
bool AnswerTee::may_be_last(std::string_view unfinished) const {
  while (!unfinished.empty()) {  // comments before the frame
    const char first = unfinished.front();
    if (first == ':') {
      const auto line_end = unfinished.find_first_of("\r\n");
      if (line_end == std::string_view::npos) return false;
      unfinished.remove_prefix(line_end);
    } else if (first == '\r' || first == '\n') {
      unfinished.remove_prefix(1);
    } else {
      break;
    }
  }
  if (unfinished.empty()) return false;
  if ((options_.drop_usage && !coded_) || api_->last_frames.empty()) return true;
  return std::any_of(api_->last_frames.begin(), api_->last_frames.end(),
                     [&](std::string_view last) {
                       return last.starts_with(unfinished) || unfinished.starts_with(last);
                     });
}

}  // namespace hansard::gateway
