#include "selection.h"

#include "schema.h"

namespace hansard::search {
namespace {

using projections::SearchRequest;

std::int64_t us(core::Timestamp time) { return time.time_since_epoch().count(); }

/// `(0, 2, 5)`. Numbers of ours, so they may stand in the statement.
template <class E>
std::string number_list(const std::vector<E>& words) {
  std::string out;
  for (const E word : words) {
    out += (out.empty() ? "(" : ", ") + std::to_string(static_cast<int>(word));
  }
  return out + ")";
}

/// Appends to a statement whose first `own` parameters are bound by whoever runs it.
class Builder {
 public:
  explicit Builder(std::size_t own) : own_(own) {}

  Builder& add(std::string_view sql) {
    asked_.sql.append(sql);
    return *this;
  }
  /// The name of a parameter that holds `text`.
  Builder& bound(std::string text) {
    asked_.texts.push_back(std::move(text));
    return add("?").add(std::to_string(asked_.texts.size() + own_));
  }
  void equal(std::string_view column, const std::optional<std::string>& value) {
    if (value) add(" AND ").add(column).add("=").bound(*value);
  }
  void word(std::string_view column, const std::optional<std::string>& value) {
    if (!value) return;
    add(" AND ").add(column).add("=(SELECT id FROM words WHERE word=").bound(*value).add(")");
  }
  /// What is asked of a session `s`.
  void session(const SearchRequest& request) {
    if (request.stream) equal("s.stream", request.stream->text());
    equal("s.user_hash", request.user_hash);
    word("s.agent", request.agent);
    word("s.app", request.app);
    word("s.source", request.source);
    for (const auto& [key, value_hash] : request.tag_hashes) {
      add(" AND EXISTS(SELECT 1 FROM tags WHERE tag=").bound(tag_text(key, value_hash));
      add(" AND session=s.id)");
    }
  }
  Asked take() { return std::move(asked_); }

 private:
  std::size_t own_;
  Asked asked_;
};

Asked walk(const SearchRequest& request, const Query& query, const std::string& table,
           bool of_session) {
  const bool of_document = of_session || request.provider || request.model || request.tool ||
                           !request.kinds.empty() || !request.roles.empty() || request.from ||
                           request.to;
  Builder sql(3);
  sql.add("SELECT hansard_visit(").add(table).add(", ?1) FROM ").add(table);
  // CROSS: SQLite would otherwise sometimes ask FTS5 once per document of a session.
  if (of_document) sql.add(" CROSS JOIN documents AS d ON d.position=").add(table).add(".rowid");
  if (of_session) sql.add(" CROSS JOIN sessions AS s ON s.id=d.session");
  sql.add(" WHERE ").add(table).add(" MATCH ").bound(fts_expression(query));
  sql.add(" AND ").add(table).add(".rowid>=?2 AND ").add(table).add(".rowid<=?3");
  sql.word("d.provider", request.provider);
  sql.word("d.model", request.model);
  sql.word("d.tool", request.tool);
  if (!request.kinds.empty()) sql.add(" AND d.kind IN ").add(number_list(request.kinds));
  if (!request.roles.empty()) sql.add(" AND d.role IN ").add(number_list(request.roles));
  if (request.from) sql.add(" AND d.at>=").add(std::to_string(us(*request.from)));
  if (request.to) sql.add(" AND d.at<").add(std::to_string(us(*request.to)));
  sql.session(request);
  sql.add(" ORDER BY ").add(table).add(".rowid DESC");
  return sql.take();
}

Asked stretches(const SearchRequest& request, std::int64_t project) {
  Builder sql(0);
  sql.add("SELECT s.first, s.last FROM sessions AS s WHERE s.project=");
  sql.add(std::to_string(project)).add(" AND s.first IS NOT NULL");
  sql.session(request);
  sql.add(" LIMIT ").add(std::to_string(kStretchesMax + 1));
  return sql.take();
}

}  // namespace

Selection select_texts(const SearchRequest& request, const Query& query, std::int64_t project,
                       core::Position end) {
  Selection selection;
  selection.table = texts_table(project);
  selection.end = static_cast<std::int64_t>(end.value);
  const bool of_session = request.stream || request.user_hash || request.agent || request.app ||
                          request.source || !request.tag_hashes.empty();
  selection.walk = walk(request, query, selection.table, of_session);
  if (of_session) selection.sessions = stretches(request, project);
  return selection;
}

}  // namespace hansard::search
