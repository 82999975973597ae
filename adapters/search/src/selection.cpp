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

class Builder {
 public:
  Builder(std::int64_t project, core::Position end)
      : project_(project), end_(end), table_(texts_table(project)) {}

  Selection build(const SearchRequest& request, const Query& query) {
    const bool of_session = request.user_hash || request.agent || request.app || request.source ||
                            !request.tag_hashes.empty();
    const bool of_document = of_session || request.stream || request.provider || request.model ||
                             request.tool || !request.kinds.empty() || !request.roles.empty() ||
                             request.from || request.to;
    // CROSS: SQLite would otherwise sometimes ask FTS5 once per document of a session.
    selection_.table = table_;
    selection_.end = static_cast<std::int64_t>(end_.value);
    sql() = "SELECT hansard_visit(" + table_ + ", ?1) FROM " + table_;
    if (of_document) sql() += " CROSS JOIN documents AS d ON d.position=" + table_ + ".rowid";
    if (of_session) sql() += " CROSS JOIN sessions AS s ON s.id=d.session";
    sql() += " WHERE " + table_ + " MATCH " + bound(fts_expression(query));
    if (request.below) sql() += " AND " + table_ + ".rowid<" + std::to_string(end_.value);
    if (request.stream) in_stream(request.stream->text());
    word("d.provider", request.provider);
    word("d.model", request.model);
    word("d.tool", request.tool);
    if (!request.kinds.empty()) sql() += " AND d.kind IN " + number_list(request.kinds);
    if (!request.roles.empty()) sql() += " AND d.role IN " + number_list(request.roles);
    if (request.from) sql() += " AND d.at>=" + std::to_string(us(*request.from));
    if (request.to) sql() += " AND d.at<" + std::to_string(us(*request.to));
    if (request.user_hash) sql() += " AND s.user_hash=" + bound(*request.user_hash);
    word("s.agent", request.agent);
    word("s.app", request.app);
    word("s.source", request.source);
    for (const auto& [key, value_hash] : request.tag_hashes) {
      sql() += " AND EXISTS(SELECT 1 FROM tags WHERE session=s.id AND tag=" +
               bound(tag_text(key, value_hash)) + ")";
    }
    sql() += " ORDER BY " + table_ + ".rowid DESC";
    return std::move(selection_);
  }

 private:
  std::string& sql() { return selection_.sql; }

  /// The name of a parameter that holds `text`.
  std::string bound(std::string text) {
    selection_.texts.push_back(std::move(text));
    return "?" + std::to_string(selection_.texts.size() + 1);
  }

  void word(std::string_view column, const std::optional<std::string>& value) {
    if (!value) return;
    sql().append(" AND ").append(column).append("=(SELECT id FROM words WHERE word=");
    sql() += bound(*value) + ")";
  }

  /// FTS5 then walks the positions of this session only.
  void in_stream(const std::string& stream) {
    const std::string name = bound(stream);
    const auto field = [&](std::string_view column) {
      return "(SELECT " + std::string(column) +
             " FROM sessions WHERE project=" + std::to_string(project_) + " AND stream=" + name +
             ")";
    };
    sql() += " AND " + table_ + ".rowid>=" + field("first");
    sql() += " AND " + table_ + ".rowid<=" + field("last");
    sql() += " AND d.session=" + field("id");
  }

  std::int64_t project_;
  core::Position end_;
  std::string table_;
  Selection selection_;
};

}  // namespace

Selection select_texts(const SearchRequest& request, const Query& query, std::int64_t project,
                       core::Position end) {
  return Builder(project, end).build(request, query);
}

}  // namespace hansard::search
