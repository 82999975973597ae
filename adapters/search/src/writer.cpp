#include "writer.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "events/session/fast_facts.h"
#include "fts_tokenizer.h"
#include "schema.h"

namespace hansard::search {
namespace {

/// Names kept at hand; beyond it they are looked up again.
constexpr std::size_t kCachedNamesMax = 10'000;
/// Statements kept prepared; beyond it, all but the latest are prepared again (one per project).
constexpr std::size_t kCachedStatementsMax = 64;
/// Tokens gathered in memory before they become a segment of an FTS5 table.
constexpr std::int64_t kHashBytes = 4 << 20;

std::int64_t as_integer(core::Position position) {
  return static_cast<std::int64_t>(position.value);
}

bool is_message(projections::SearchKind kind) {
  return kind == projections::SearchKind::message || kind == projections::SearchKind::answer;
}

bool is_conversation(std::string_view stream) {
  return stream.starts_with("session-") || stream.starts_with("calls-");
}

}  // namespace

core::Status Writer::remove(const std::string& path) {
  for (const char* beside : {"", "-wal", "-shm", "-journal"}) {
    std::error_code error;
    std::filesystem::remove(path + beside, error);
    if (error) {
      return core::Error{core::Errc::unavailable, "search database: cannot delete " + path +
                                                      beside + ": " + error.message()};
    }
  }
  return core::Ok{};
}

core::Result<Writer> Writer::open(const std::string& path, const core::EventLog& log,
                                  const std::string& log_id, std::uint64_t check_bytes_max,
                                  std::string& notice) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error || bytes == 0) {
    // A journal without its database would be played into the new one.
    if (auto status = remove(path); !status) return status.error();
    return create(path, log_id);
  }
  {
    auto connection = Connection::open(path, Connection::Mode::write);
    core::Result<std::string> fault = std::string();
    if (connection) {
      fault = find_fault(*connection, log, log_id, bytes <= check_bytes_max);
    } else {
      fault = connection.error();
    }
    if (fault && fault->empty()) {
      auto writer = use(*std::move(connection));
      if (writer || writer.error().code != core::Errc::corruption) return writer;
      fault = std::string("it is damaged");
    }
    if (!fault && fault.error().code != core::Errc::corruption &&
        fault.error().code != core::Errc::internal) {
      return fault.error();
    }
    // A statement that cannot even be prepared (internal) met other tables than ours.
    notice = "the search database is built anew: " + (fault ? *fault : "it is damaged");
  }
  if (auto status = remove(path); !status) return status.error();
  return create(path, log_id);
}

core::Result<Writer> Writer::create(const std::string& path, const std::string& log_id) {
  auto connection = Connection::open(path, Connection::Mode::write);
  if (!connection) return connection.error();
  if (auto status = create_tables(*connection); !status) return status.error();
  {
    auto insert =
        connection->prepare("INSERT INTO state(id, log, checkpoint, anchor) VALUES(1, ?1, 0, '')");
    if (!insert) return insert.error();
    insert->bind(1, std::string_view(log_id));
    if (auto status = insert->run(); !status) return status.error();
  }
  return use(*std::move(connection));
}

core::Result<Writer> Writer::use(Connection connection) {
  if (auto status = set_up_writer(connection); !status) return status.error();
  const auto checkpoint = connection.number("SELECT checkpoint FROM state");
  if (!checkpoint) return checkpoint.error();
  Writer writer(std::move(connection));
  writer.checkpoint_ = core::Position{static_cast<std::uint64_t>(checkpoint->value_or(0))};
  return writer;
}

core::Result<Absorbed> Writer::absorb(const core::EventLog& log, core::Position end,
                                      const BatchLimits& limits) {
  auto transaction = Transaction::begin(connection_, "IMMEDIATE");
  if (!transaction) return transaction.error();
  // Read anew: a command beside the server may have absorbed some, too.
  const auto stored = connection_.number("SELECT checkpoint FROM state");
  if (!stored) return stored.error();
  const core::Position from{static_cast<std::uint64_t>(stored->value_or(0))};

  drop_caches();
  core::Position next = from;
  core::Status failure = core::Ok{};
  decode_failure_.reset();
  const auto read = log.read(from, [&](const core::RecordedEvent& event) {
    if (event.position >= end) return false;
    failure = apply(event);
    if (!failure || decode_failure_) return false;
    anchor_ = anchor_of(event);
    next = core::Position{event.position.value + 1};
    return next.value - from.value < limits.events && text_bytes_ < limits.text_bytes;
  });
  if (!failure) return failure.error();

  Absorbed absorbed{next};
  if (!read) absorbed.log_error = read.error();
  if (decode_failure_) absorbed.log_error = decode_failure_;
  if (next != from) {
    if (auto status = write_sessions(); !status) return status.error();
    auto update = statement("UPDATE state SET checkpoint=?1, anchor=?2");
    if (!update) return update.error();
    (*update)->bind(1, as_integer(next)).bind(2, std::string_view(anchor_));
    if (auto status = (*update)->run(); !status) return status.error();
    if (auto status = transaction->commit(); !status) return status.error();
  }
  checkpoint_ = next;
  return absorbed;
}

core::Status Writer::apply(const core::RecordedEvent& event) {
  if (event.type == events::SessionCreated::kType && is_conversation(event.stream)) {
    return apply_created(event);
  }
  auto document = read_document(event, events::session_codec());
  if (!document) {
    decode_failure_ = document.error();
    return core::Ok{};
  }
  if (!*document) return core::Ok{};
  return apply_document(event, **document);
}

core::Status Writer::apply_created(const core::RecordedEvent& event) {
  const auto decoded = events::session_codec().decode(event, events::Want::facts);
  if (!decoded) {
    decode_failure_ = decoded.error();
    return core::Ok{};
  }
  const auto& created = std::get<events::SessionCreated>(decoded->event);
  const auto in = project(event.project);
  if (!in) return in.error();
  const auto agent = word(created.agent);
  if (!agent) return agent.error();
  const auto app = word(created.app);
  if (!app) return app.error();
  const auto source = word(created.source);
  if (!source) return source.error();
  auto row = session(*in, event.stream);
  if (!row) return row.error();
  // A stream has one; should there be another, the first tells who and what for.
  if ((*row)->created) return core::Ok{};
  (*row)->created = as_integer(event.position);
  (*row)->user_hash = created.user_hash;
  (*row)->agent = *agent;
  (*row)->app = *app;
  (*row)->source = *source;
  (*row)->changed = true;
  for (const auto& [key, value_hash] : created.tag_hashes) {
    auto insert = statement("INSERT OR IGNORE INTO tags(session, tag) VALUES(?1, ?2)");
    if (!insert) return insert.error();
    const std::string tag = tag_text(key, value_hash);
    (*insert)->bind(1, (*row)->id).bind(2, std::string_view(tag));
    if (auto status = (*insert)->run(); !status) return status.error();
  }
  return core::Ok{};
}

core::Status Writer::apply_document(const core::RecordedEvent& event, const Document& document) {
  const auto in = project(event.project);
  if (!in) return in.error();
  auto row = session(*in, event.stream);
  if (!row) return row.error();
  const auto provider = word(document.provider);
  if (!provider) return provider.error();
  const auto model = word(document.model);
  if (!model) return model.error();
  const auto tool = word(document.tool);
  if (!tool) return tool.error();

  Session& session = **row;
  const std::int64_t position = as_integer(event.position);
  if (is_message(document.kind)) ++session.messages;
  if (!session.first) session.first = position;
  session.last = position;
  session.changed = true;
  const core::Timestamp at =
      event.occurred_at ? std::min(*event.occurred_at, event.recorded_at) : event.recorded_at;

  auto insert = statement(
      "INSERT INTO documents(position, session, place, kind, role, at, provider, model, tool)"
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  if (!insert) return insert.error();
  (*insert)->bind(1, position).bind(2, session.id).bind(3, session.messages);
  (*insert)->bind(4, static_cast<std::int64_t>(document.kind));
  (*insert)->bind(5, static_cast<std::int64_t>(document.role));
  (*insert)->bind(6, static_cast<std::int64_t>(at.time_since_epoch().count()));
  (*insert)->bind(7, *provider).bind(8, *model).bind(9, *tool);
  if (auto status = (*insert)->run(); !status) return status.error();
  if (document.text.empty()) return core::Ok{};
  return index_text(*in, position, document.text);
}

core::Status Writer::index_text(std::int64_t project, std::int64_t position,
                                std::string_view text) {
  auto insert = statement("INSERT INTO " + texts_table(project) + "(rowid, text) VALUES(?1, ?2)");
  if (!insert) return insert.error();
  (*insert)->bind(1, position).bind(2, text);
  text_bytes_ += text.size();
  return (*insert)->run();
}

core::Status Writer::write_sessions() {
  auto update = statement(
      "UPDATE sessions SET created=?2, user_hash=?3, agent=?4, app=?5, messages=?6, first=?7,"
      " last=?8, source=?9 WHERE id=?1");
  if (!update) return update.error();
  for (const auto& [key, session] : sessions_) {
    if (!session.changed) continue;
    (*update)->bind(1, session.id).bind(2, session.created).bind(9, session.source);
    (*update)->bind(3, session.user_hash).bind(4, session.agent).bind(5, session.app);
    (*update)->bind(6, session.messages).bind(7, session.first).bind(8, session.last);
    if (auto status = (*update)->run(); !status) return status.error();
  }
  return core::Ok{};
}

core::Result<std::int64_t> Writer::project(std::string_view name) {
  const auto known = projects_.find(std::string(name));
  if (known != projects_.end()) return known->second;
  auto find = statement("SELECT id FROM projects WHERE name=?1");
  if (!find) return find.error();
  (*find)->bind(1, name);
  const auto row = (*find)->step();
  std::int64_t id = row && *row ? (*find)->integer(0) : 0;
  (*find)->reset();
  if (!row) return row.error();
  if (!*row) {
    auto insert = statement("INSERT INTO projects(name) VALUES(?1)");
    if (!insert) return insert.error();
    (*insert)->bind(1, name);
    if (auto status = (*insert)->run(); !status) return status.error();
    id = connection_.last_rowid();
    const std::string table = texts_table(id);
    if (auto status =
            connection_.run("CREATE VIRTUAL TABLE " + table +
                            " USING fts5(text, content='', prefix='2', tokenize='" +
                            kTokenizerName + "');INSERT INTO " + table + "(" + table +
                            ", rank) VALUES('hashsize', " + std::to_string(kHashBytes) + ")");
        !status) {
      return status.error();
    }
  }
  projects_.emplace(name, id);
  return id;
}

core::Result<Writer::Session*> Writer::session(std::int64_t project, std::string_view stream) {
  std::string key = std::to_string(project) + "/" + std::string(stream);
  const auto known = sessions_.find(key);
  if (known != sessions_.end()) return &known->second;
  auto find = statement(
      "SELECT id, created, user_hash, agent, app, messages, first, last, source FROM sessions"
      " WHERE project=?1 AND stream=?2");
  if (!find) return find.error();
  (*find)->bind(1, project).bind(2, stream);
  const auto row = (*find)->step();
  Session session;
  if (row && *row) {
    const Statement& at = **find;
    const auto integer = [&](int column) {
      return at.null(column) ? std::optional<std::int64_t>{} : at.integer(column);
    };
    session.id = at.integer(0);
    session.created = integer(1);
    if (!at.null(2)) session.user_hash = at.text(2);
    session.agent = integer(3);
    session.app = integer(4);
    session.messages = at.integer(5);
    session.first = integer(6);
    session.last = integer(7);
    session.source = integer(8);
  }
  (*find)->reset();
  if (!row) return row.error();
  if (!*row) {
    auto insert = statement("INSERT INTO sessions(project, stream, messages) VALUES(?1, ?2, 0)");
    if (!insert) return insert.error();
    (*insert)->bind(1, project).bind(2, stream);
    if (auto status = (*insert)->run(); !status) return status.error();
    session.id = connection_.last_rowid();
  }
  return &sessions_.emplace(std::move(key), std::move(session)).first->second;
}

core::Result<std::optional<std::int64_t>> Writer::word(const std::optional<std::string>& text) {
  if (!text) return std::optional<std::int64_t>{};
  const auto known = words_.find(*text);
  if (known != words_.end()) return std::optional(known->second);
  auto find = statement("SELECT id FROM words WHERE word=?1");
  if (!find) return find.error();
  (*find)->bind(1, std::string_view(*text));
  const auto row = (*find)->step();
  std::int64_t id = row && *row ? (*find)->integer(0) : 0;
  (*find)->reset();
  if (!row) return row.error();
  if (!*row) {
    auto insert = statement("INSERT INTO words(word) VALUES(?1)");
    if (!insert) return insert.error();
    (*insert)->bind(1, std::string_view(*text));
    if (auto status = (*insert)->run(); !status) return status.error();
    id = connection_.last_rowid();
  }
  if (words_.size() < kCachedNamesMax) words_.emplace(*text, id);
  return std::optional(id);
}

core::Result<Statement*> Writer::statement(std::string_view sql) {
  const auto known = statements_.find(std::string(sql));
  if (known != statements_.end()) return &known->second;
  if (statements_.size() >= kCachedStatementsMax) statements_.clear();
  auto prepared = connection_.prepare(sql);
  if (!prepared) return prepared.error();
  return &statements_.emplace(std::string(sql), *std::move(prepared)).first->second;
}

void Writer::drop_caches() {
  // A batch that failed has been rolled back, and with it the ids it gave.
  projects_.clear();
  words_.clear();
  sessions_.clear();
  text_bytes_ = 0;
}

}  // namespace hansard::search
