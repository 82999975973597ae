#include "server/websocket_parser.h"

#include <algorithm>
#include <utility>

#include "http/target.h"

namespace hansard::http {

namespace {

constexpr std::uint8_t kContinuation = 0;
constexpr std::uint8_t kText = 1;
constexpr std::uint8_t kBinary = 2;
constexpr std::uint8_t kClose = 8;
constexpr std::uint8_t kPing = 9;
constexpr std::uint8_t kPong = 10;
constexpr std::size_t kControlBytesMax = 125;

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

WebSocketClose broken(const char* how) { return {close_code::kProtocol, how}; }

bool is_control(std::uint8_t opcode) { return (opcode & 0x8U) != 0; }

/// Codes that may stand in a close frame (RFC 6455 §7.4, and those registered since).
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

std::size_t WebSocketParser::head_size() const {
  if (head_bytes_.size() < 2) return 0;
  // Refused as soon as it shows: a mask that is not there need not be waited for.
  if ((byte_at(head_bytes_, 1) & 0x80U) == 0) return 2;
  const std::uint8_t length = byte_at(head_bytes_, 1) & 0x7FU;
  return 2 + (length == 126 ? 2U : length == 127 ? 8U : 0U) + 4;
}

std::optional<WebSocketClose> WebSocketParser::begin_frame() {
  const std::uint8_t first = byte_at(head_bytes_, 0);
  const std::uint8_t second = byte_at(head_bytes_, 1);
  if ((first & 0x70U) != 0) return broken("reserved bits are set");
  if ((second & 0x80U) == 0) return broken("frames of a client must be masked");
  Head head;
  head.opcode = first & 0x0FU;
  head.fin = (first & 0x80U) != 0;
  const std::uint8_t length = second & 0x7FU;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (extended == 0) head.length = length;
  for (std::size_t i = 0; i < extended; ++i) {
    head.length = (head.length << 8U) | byte_at(head_bytes_, 2 + i);
  }
  if ((extended == 2 && head.length < 126) || (extended == 8 && head.length <= 0xFFFF)) {
    return broken("a length takes more bytes than it needs");
  }
  for (std::size_t i = 0; i < 4; ++i) head.mask[i] = byte_at(head_bytes_, 2 + extended + i);
  head_bytes_.clear();
  frame_ = head;
  seen_ = 0;
  return check_place();
}

std::optional<WebSocketClose> WebSocketParser::check_place() const {
  const Head& head = *frame_;
  if (is_control(head.opcode)) {
    if (head.opcode > kPong) return broken("unknown opcode");
    if (!head.fin) return broken("a control frame may not be fragmented");
    if (head.length > kControlBytesMax) return broken("a control frame is over 125 bytes");
    return std::nullopt;
  }
  if (head.opcode == kBinary) {
    return WebSocketClose{close_code::kUnsupportedData, "text messages only"};
  }
  if (head.opcode > kBinary) return broken("unknown opcode");
  if (head.opcode == kContinuation && !fragmented_) return broken("nothing to continue");
  if (head.opcode == kText && fragmented_) return broken("the last message has not ended");
  if (head.length > message_bytes_max_ || message_.size() + head.length > message_bytes_max_) {
    return WebSocketClose{close_code::kTooBig,
                          "a message is over " + std::to_string(message_bytes_max_) + " bytes"};
  }
  return std::nullopt;
}

WebSocketParser::Fed WebSocketParser::feed(std::string_view bytes) {
  Fed fed;
  while (!fed.item && !fed.failure) {
    if (!frame_) {
      // Byte by byte: a head has 14 bytes at most.
      if (head_size() == 0 || head_bytes_.size() < head_size()) {
        if (fed.used == bytes.size()) break;
        head_bytes_.push_back(bytes[fed.used++]);
        continue;
      }
      fed.failure = begin_frame();
      continue;
    }
    const std::size_t wanted = static_cast<std::size_t>(frame_->length - seen_);
    const std::size_t taken = std::min(wanted, bytes.size() - fed.used);
    std::string& into = is_control(frame_->opcode) ? control_ : message_;
    for (std::size_t i = 0; i < taken; ++i, ++seen_) {
      into.push_back(static_cast<char>(byte_at(bytes, fed.used++) ^ frame_->mask[seen_ % 4]));
    }
    if (taken < wanted) break;
    end_frame(fed);
  }
  return fed;
}

void WebSocketParser::end_frame(Fed& fed) {
  const Head head = *frame_;
  frame_.reset();
  if (!is_control(head.opcode)) {
    fragmented_ = !head.fin;
    if (!head.fin) return;
    std::string text = std::exchange(message_, {});
    if (!is_utf8(text)) {
      fed.failure = WebSocketClose{close_code::kBadPayload, "a text message is not UTF-8"};
      return;
    }
    fed.item = Item{Kind::text, std::move(text), 0};
    return;
  }
  std::string payload = std::exchange(control_, {});
  if (head.opcode != kClose) {
    fed.item = Item{head.opcode == kPing ? Kind::ping : Kind::pong, std::move(payload), 0};
    return;
  }
  std::uint16_t code = 0;
  if (payload.size() == 1) {
    fed.failure = broken("a close frame has half a code");
  } else if (!payload.empty()) {
    code = static_cast<std::uint16_t>((byte_at(payload, 0) << 8U) | byte_at(payload, 1));
    payload.erase(0, 2);
    if (!may_be_sent(code)) fed.failure = broken("a close frame has a code that may not be sent");
    if (!is_utf8(payload)) {
      fed.failure = WebSocketClose{close_code::kBadPayload, "a close reason is not UTF-8"};
    }
  }
  if (!fed.failure) fed.item = Item{Kind::close, std::move(payload), code};
}

void append_frame_head(WebSocketOpcode opcode, std::size_t payload_bytes, std::string& out) {
  out.push_back(static_cast<char>(0x80U | static_cast<unsigned>(opcode)));
  const auto put = [&out, payload_bytes](int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
      out.push_back(static_cast<char>((payload_bytes >> (8 * i)) & 0xFFU));
    }
  };
  if (payload_bytes < 126) {
    out.push_back(static_cast<char>(payload_bytes));
  } else if (payload_bytes <= 0xFFFF) {
    out.push_back(126);
    put(2);
  } else {
    out.push_back(127);
    put(8);
  }
}

std::string close_frame(const WebSocketClose& why) {
  std::string reason = why.reason.substr(0, kControlBytesMax - 2);
  while (!is_utf8(reason)) reason.pop_back();
  std::string out;
  append_frame_head(WebSocketOpcode::close, reason.size() + 2, out);
  out.push_back(static_cast<char>(why.code >> 8U));
  out.push_back(static_cast<char>(why.code & 0xFFU));
  return out + reason;
}

}  // namespace hansard::http
