#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "events/session/words.h"
#include "formats/claude_code_line.h"
#include "importers/reader.h"

/// Where the lines of a Claude Code log belong. Private to its reader.
namespace hansard::importers::claude_code {

/// A message of the conversation, or the beginning of a session.
struct Node {
  std::size_t session = 0;
  std::string message;     ///< its message_id; empty: the beginning
  std::size_t place = 0;   ///< how many messages of the session there are up to it
  bool continued = false;  ///< a line goes on from it: the next one to do so is a branch
};

struct Session {
  SessionName name;
  std::string group;  ///< the sessionId of its lines
  bool sidechain = false;
  std::size_t root = 0;                  ///< the node that stands for its beginning
  std::size_t head = 0;                  ///< its latest node
  std::optional<std::size_t> from;       ///< the node it left at
  std::vector<std::string> messages;     ///< their ids, in order
  std::size_t window = 0;                ///< messages before this place were compacted away
  events::Json setting;                  ///< of its first line
  std::optional<core::Timestamp> began;  ///< likewise
};

/// Builds the tree line by line. What it decides about a line depends on the lines before it
/// alone, so that a file that has grown is told as before, and then more.
class Tree {
 public:
  /// A session left another one: told before anything else about the child.
  using Forked =
      std::function<void(std::size_t child, const Node& from, events::ForkReason, const Line&)>;

  /// @param seed  names the session of lines that name none.
  Tree(std::string seed, Forked forked);

  /// The first line that names its session or says something: the session begins with its settings
  /// and time, also when lines without either stand before it.
  void open(const Line& line);
  /// The node from which the line goes on. Begins the sessions it needs.
  /// @param says  it is part of the conversation, and not beside it
  std::size_t parent_of(const Line& line, bool says);
  /// Goes on from `parent` with a message: in the same session when it is the first to do so.
  /// @return the session
  std::size_t enter(std::size_t parent, const Line& line);
  /// The line is message `message_id` of `session`. @return its node
  std::size_t add(std::size_t session, const Line& line, std::string message_id);
  /// The line stands beside a node: what goes on from it goes on from there.
  void alias(const Line& line, std::size_t node);

  [[nodiscard]] const Node& node(std::size_t index) const { return nodes_[index]; }
  [[nodiscard]] Session& session(std::size_t index) { return sessions_[index]; }
  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }
  /// The session that `session` left, or nothing.
  [[nodiscard]] std::optional<std::size_t> parent_session(std::size_t session) const;
  /// Messages that were still sent at the head of a session, oldest first; nothing when there are
  /// more than an event can list.
  [[nodiscard]] std::optional<std::vector<std::string>> window(std::size_t session) const;

 private:
  /// The sessions that share a sessionId.
  struct Group {
    std::optional<std::size_t> main;
    std::map<std::string, std::size_t> agents;
    std::optional<std::size_t> last_sidechain;
    bool tells_parents = false;
  };

  std::size_t begin(SessionName name, const Line& line, const std::string& group,
                    std::optional<std::size_t> from);
  std::size_t main_of(const Line& line, const std::string& group);
  std::size_t begin_sidechain(const Line& line, const std::string& group);
  std::size_t unplaced(const Line& line, const std::string& group, bool tells_parents, bool says);
  [[nodiscard]] std::string child_name(const std::string& group, const std::string& end) const;

  std::string seed_;
  Forked forked_;
  std::vector<Node> nodes_;
  std::vector<Session> sessions_;
  std::map<std::string, Group> groups_;
  std::unordered_map<std::string, std::size_t> lines_;  ///< uuid -> node
  std::string current_;                                 ///< group of the last line that named one
};

}  // namespace hansard::importers::claude_code
