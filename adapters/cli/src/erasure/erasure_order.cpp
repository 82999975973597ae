#include "erasure/erasure_order.h"

#include <algorithm>

#include "events/json.h"
#include "events/session/words.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;
using events::ErasureScope;
using events::Json;

void add_head(Json& line, const ErasureOrder& order) {
  line.add("erasure", order.id);
  line.add("project", order.project.text());
  line.add("scope", events::to_word(order.scope));
  if (order.message_id) line.add("message_id", *order.message_id);
  if (order.origin) line.add("origin", order.origin->text());
  if (order.rule) line.add("rule", *order.rule);
  line.add("reason", order.reason);
  line.add("at", core::format_time(order.asked_at));
  if (!order.actor.is_nil()) line.add("actor", core::to_string(order.actor));
}

/// Reads one line; the first thing that is wrong is remembered.
class LineReader {
 public:
  explicit LineReader(const Json& line) : line_(line) {}

  std::optional<std::string> text(std::string_view key) {
    const Json* value = line_.find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return *value->if_string();
    fail(key);
    return std::nullopt;
  }
  std::string must(std::string_view key) {
    auto found = text(key);
    if (!found) fail(key);
    return found.value_or(std::string());
  }
  template <class T>
  T keep(std::string_view key, Result<T> parsed, T otherwise) {
    if (parsed) return *std::move(parsed);
    fail(key);
    return otherwise;
  }
  std::optional<core::StreamId> stream(std::string_view key) {
    const auto name = text(key);
    if (!name) return std::nullopt;
    auto parsed = core::StreamId::parse(*name);
    if (parsed) return *std::move(parsed);
    fail(key);
    return std::nullopt;
  }
  ErasureOrder head() {
    ErasureOrder order;
    order.id = must("erasure");
    order.project = keep("project", core::ProjectId::parse(must("project")), core::ProjectId());
    const std::string scope = must("scope");
    const auto& words = events::kWords<ErasureScope>;
    const auto word = std::find(words.begin(), words.end(), scope);
    if (word == words.end()) fail("scope");
    order.scope = static_cast<ErasureScope>(word - words.begin());
    order.message_id = text("message_id");
    order.origin = stream("origin");
    order.rule = text("rule");
    order.reason = must("reason");
    order.comment = text("comment");
    order.asked_at = keep("at", core::parse_time(must("at")), core::Timestamp());
    if (const auto actor = text("actor")) {
      order.actor = core::KeyId{keep("actor", core::parse_uuid(*actor), core::Uuid())};
    }
    return order;
  }
  [[nodiscard]] const Json* find(std::string_view key) const { return line_.find(key); }
  void fail(std::string_view key) {
    if (wrong_.empty()) wrong_ = key;
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const Json& line_;
  std::string wrong_;
};

Json positions_json(const core::PositionSet& positions) {
  Json list(Json::Array{});
  for (const core::PositionRange& range : positions.ranges()) {
    list.push(Json::Array{range.from.value, range.end.value});
  }
  return list;
}

std::optional<core::PositionSet> read_positions(LineReader& line) {
  const Json* list = line.find("positions");
  if (list == nullptr) return std::nullopt;
  core::PositionSet positions;
  if (list->if_array() == nullptr) {
    line.fail("positions");
    return std::nullopt;
  }
  for (const Json& each : *list->if_array()) {
    const Json::Array* pair = each.if_array();
    if (pair == nullptr || pair->size() != 2) {
      line.fail("positions");
      return std::nullopt;
    }
    const auto from = (*pair)[0].as_uint("positions");
    const auto end = (*pair)[1].as_uint("positions");
    if (!from || !end || *from >= *end) {
      line.fail("positions");
      return std::nullopt;
    }
    positions.add(core::PositionRange{{*from}, {*end}});
  }
  return positions;
}

/// Feeds each whole line, as JSON, with its number. Errors: corruption.
template <class Take>
Status each_line(std::string_view text, std::string_view file, const Take& take) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto length = text.find('\n');
    if (length == std::string_view::npos) return core::Ok{};  // cut off while it was written
    const std::string_view line = text.substr(0, length);
    text.remove_prefix(length + 1);
    if (line.empty()) continue;
    auto parsed = events::parse_json(line);
    std::string wrong = parsed ? std::string() : parsed.error().message;
    if (parsed) {
      LineReader reader(*parsed);
      take(reader);
      wrong = reader.wrong();
    }
    if (!wrong.empty()) {
      return Error{Errc::corruption, std::string(file) + ", line " + std::to_string(number) +
                                         ": cannot be read: " + wrong};
    }
  }
  return core::Ok{};
}

}  // namespace

std::string write_orders(const std::vector<ErasureOrder>& orders) {
  std::string out;
  for (const ErasureOrder& order : orders) {
    for (const ErasureTarget& target : order.targets) {
      Json line;
      add_head(line, order);
      if (order.comment) line.add("comment", *order.comment);
      line.add("stream", target.stream.text());
      if (target.positions) line.add("positions", positions_json(*target.positions));
      if (order.reapplied) line.add("reapplied", true);
      events::dump_to(line, out);
      out.push_back('\n');
    }
  }
  return out;
}

Result<std::vector<ErasureOrder>> read_orders(std::string_view text) {
  std::vector<ErasureOrder> orders;
  auto status = each_line(text, "erasing", [&](LineReader& line) {
    ErasureOrder head = line.head();
    auto stream = line.stream("stream");
    if (!stream) return line.fail("stream");
    ErasureTarget target{*std::move(stream), read_positions(line)};
    head.reapplied = line.find("reapplied") != nullptr;
    const bool next =
        orders.empty() || orders.back().id != head.id || orders.back().project != head.project;
    if (next) orders.push_back(std::move(head));
    orders.back().targets.push_back(std::move(target));
  });
  if (!status) return status.error();
  return orders;
}

std::string ledger_line(const core::Uuid& log_id, const ErasureOrder& order,
                        const core::StreamId& stream, const std::vector<core::EventId>& events) {
  std::string out;
  for (std::size_t from = 0; from < events.size(); from += kLedgerLineEvents) {
    Json line;
    line.add("log", core::to_string(log_id));
    add_head(line, order);
    line.add("stream", stream.text());
    Json ids(Json::Array{});
    const std::size_t end = std::min(events.size(), from + kLedgerLineEvents);
    for (std::size_t i = from; i < end; ++i) ids.push(core::to_string(events[i]));
    line.add("events", std::move(ids));
    events::dump_to(line, out);
    out.push_back('\n');
  }
  return out;
}

Result<std::vector<LedgerErasure>> read_ledger(std::string_view text, const core::Uuid& log_id) {
  std::vector<LedgerErasure> erasures;
  std::map<std::string, std::size_t> places;  // by project and id
  const std::string ours = core::to_string(log_id);
  auto status = each_line(text, "the ledger of erasures", [&](LineReader& line) {
    if (line.must("log") != ours) return;
    ErasureOrder head = line.head();
    auto stream = line.stream("stream");
    const Json* ids = line.find("events");
    if (!stream) return line.fail("stream");
    if (ids == nullptr || ids->if_array() == nullptr) return line.fail("events");
    const auto [place, added] =
        places.try_emplace(head.project.text() + '\n' + head.id, erasures.size());
    if (added) erasures.push_back({std::move(head), {}});
    LedgerErasure& erasure = erasures[place->second];
    auto& known = erasure.order.targets;
    if (std::none_of(known.begin(), known.end(),
                     [&](const ErasureTarget& each) { return each.stream == *stream; })) {
      known.push_back({*stream});
    }
    for (const Json& each : *ids->if_array()) {
      const std::string* id = each.if_string();
      auto parsed = id ? core::parse_uuid(*id) : Result<core::Uuid>(Error{});
      if (!parsed) return line.fail("events");
      erasure.events[stream->text()].push_back(core::EventId{*parsed});
    }
  });
  if (!status) return status.error();
  for (LedgerErasure& erasure : erasures) {
    // A kill at the wrong moment has lines written twice.
    for (auto& [stream, ids] : erasure.events) {
      std::sort(ids.begin(), ids.end());
      ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    }
  }
  return erasures;
}

}  // namespace hansard::cli
