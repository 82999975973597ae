// A WebSocket client's bytes mean the same however the network cuts them, and hold bounded memory.
#include "server/websocket_parser.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "http/target.h"
#include "target.h"

namespace {

using hansard::http::WebSocketParser;

constexpr std::size_t kMessageBytes = 256;

struct Outcome {
  std::vector<WebSocketParser::Item> items;
  std::optional<hansard::http::WebSocketClose> failure;
};

Outcome read_all(std::string_view bytes, std::size_t step) {
  WebSocketParser parser(kMessageBytes);
  Outcome out;
  std::string held;
  while (!bytes.empty() && !out.failure) {
    held += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (bool more = true; more;) {
      WebSocketParser::Fed fed = parser.feed(held);
      held.erase(0, fed.used);
      more = fed.item.has_value();
      if (fed.item) out.items.push_back(*std::move(fed.item));
      if (fed.failure) out.failure = std::move(fed.failure);
    }
  }
  HANSARD_ASSERT(out.failure || held.empty(), "what was fed is used");
  return out;
}

void run(std::string_view bytes) {
  const std::size_t step = 1 + hansard::fuzz::take_byte(bytes) % 16;
  const Outcome whole = read_all(bytes, bytes.size() + 1);
  const Outcome cut = read_all(bytes, step);
  HANSARD_ASSERT(whole.items.size() == cut.items.size(), "cuts add and lose nothing");
  HANSARD_ASSERT(whole.failure.has_value() == cut.failure.has_value(), "nor do they break it");
  if (whole.failure) {
    HANSARD_ASSERT(whole.failure->code == cut.failure->code, "for the same reason");
    const std::string frame = hansard::http::close_frame(*whole.failure);
    HANSARD_ASSERT(frame.size() <= 127, "a close frame is a control frame");
  }
  for (std::size_t i = 0; i < whole.items.size(); ++i) {
    const auto& item = whole.items[i];
    HANSARD_ASSERT(item.kind == cut.items[i].kind && item.payload == cut.items[i].payload,
                   "the same items");
    HANSARD_ASSERT(item.payload.size() <= kMessageBytes, "within the bound");
    HANSARD_ASSERT(item.kind != WebSocketParser::Kind::text || hansard::http::is_utf8(item.payload),
                   "texts are UTF-8");
  }
}

const hansard::fuzz::Announced announced("websocket", run);

}  // namespace
