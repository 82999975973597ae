#include "formats/claude_code_tree.h"

#include <utility>

namespace hansard::importers::claude_code {

namespace {

/// As many message ids as one event may list.
constexpr std::size_t kWindowMax = 10000;

}  // namespace

Tree::Tree(std::string seed, Forked forked) : seed_(std::move(seed)), forked_(std::move(forked)) {}

std::string Tree::child_name(const std::string& group, const std::string& end) const {
  return (group.empty() ? std::string("claude-code") : group) + "~" + end;
}

std::size_t Tree::begin(SessionName name, const Line& line, const std::string& group,
                        std::optional<std::size_t> from) {
  const std::size_t index = sessions_.size();
  Session session;
  session.name = std::move(name);
  session.group = group;
  session.from = from;
  session.root = session.head = nodes_.size();
  session.setting = line.setting();
  session.began = line.time;
  sessions_.push_back(std::move(session));
  nodes_.push_back({index, {}, 0, false});
  return index;
}

std::size_t Tree::main_of(const Line& line, const std::string& group) {
  Group& known = groups_[group];
  if (!known.main) {
    SessionName name{group, {}, {}};
    if (group.empty()) name = {{}, "claude-code-", seed_};
    known.main = begin(std::move(name), line, group, std::nullopt);
  }
  return *known.main;
}

void Tree::open(const Line& line) {
  current_ = line.session;
  main_of(line, current_);
}

std::size_t Tree::begin_sidechain(const Line& line, const std::string& group) {
  const std::size_t main = main_of(line, group);
  const std::string end = line.agent.empty() ? line.id() : "agent-" + line.agent;
  const std::size_t root = sessions_[main].root;
  const std::size_t child = begin({child_name(group, end), {}, {}}, line, group, root);
  sessions_[child].sidechain = true;
  Group& known = groups_[group];
  known.last_sidechain = child;
  if (!line.agent.empty()) known.agents[line.agent] = child;
  forked_(child, nodes_[root], events::ForkReason::parallel, line);
  return child;
}

/// The line names no parent, or one that the file does not have.
std::size_t Tree::unplaced(const Line& line, const std::string& group, bool tells_parents,
                           bool says) {
  std::size_t session = 0;
  if (line.sidechain) {
    const Group& known = groups_[group];
    const auto agent = known.agents.find(line.agent);
    if (agent != known.agents.end()) {
      session = agent->second;
    } else if (line.agent.empty() && line.parent && known.last_sidechain) {
      session = *known.last_sidechain;
    } else {
      session = begin_sidechain(line, group);
    }
  } else {
    session = main_of(line, group);
  }
  // Only a message begins the conversation anew; what stands beside it has no place of its own.
  const bool anew = says && !line.parent && tells_parents;
  return anew ? sessions_[session].root : sessions_[session].head;
}

std::size_t Tree::parent_of(const Line& line, bool says) {
  if (!line.session.empty()) current_ = line.session;
  const std::string group = current_;
  const bool tells_parents = groups_[group].tells_parents;
  if (line.parent) groups_[group].tells_parents = true;
  const auto found = line.parent ? lines_.find(*line.parent) : lines_.end();
  if (found == lines_.end()) return unplaced(line, group, tells_parents, says);
  const std::size_t parent = found->second;
  const Session& session = sessions_[nodes_[parent].session];
  if (session.group == group) {
    if (session.sidechain == line.sidechain) return parent;
    if (line.sidechain && groups_[group].agents.count(line.agent) == 0) {
      return sessions_[begin_sidechain(line, group)].root;
    }
    return unplaced(line, group, tells_parents, says);
  }
  // Resumed under another sessionId: that session goes on from here.
  if (groups_[group].main || line.sidechain) return unplaced(line, group, tells_parents, says);
  const std::size_t child = begin({group, {}, {}}, line, group, parent);
  groups_[group].main = child;
  forked_(child, nodes_[parent], events::ForkReason::edit, line);
  return sessions_[child].root;
}

std::size_t Tree::enter(std::size_t parent, const Line& line) {
  if (!std::exchange(nodes_[parent].continued, true)) return nodes_[parent].session;
  const Session& left = sessions_[nodes_[parent].session];
  const bool sidechain = left.sidechain;
  const std::string group = left.group;
  const std::size_t child = begin({child_name(group, line.id()), {}, {}}, line, group, parent);
  sessions_[child].sidechain = sidechain;
  nodes_[sessions_[child].root].continued = true;
  const bool answer = line.type == "assistant";
  forked_(child, nodes_[parent], answer ? events::ForkReason::retry : events::ForkReason::edit,
          line);
  return child;
}

std::size_t Tree::add(std::size_t session, const Line& line, std::string message_id) {
  Session& of = sessions_[session];
  of.messages.push_back(message_id);
  of.head = nodes_.size();
  nodes_.push_back({session, std::move(message_id), of.messages.size(), false});
  alias(line, of.head);
  return of.head;
}

void Tree::alias(const Line& line, std::size_t node) {
  if (!line.uuid.empty()) lines_.try_emplace(line.uuid, node);
}

std::optional<std::size_t> Tree::parent_session(std::size_t session) const {
  const auto& from = sessions_[session].from;
  return from ? std::optional<std::size_t>(nodes_[*from].session) : std::nullopt;
}

std::optional<std::vector<std::string>> Tree::window(std::size_t session) const {
  std::vector<std::string> newest_first;
  std::size_t place = sessions_[session].messages.size();
  for (std::size_t at = session;;) {
    const Session& of = sessions_[at];
    for (; place > of.window; --place) {
      if (newest_first.size() == kWindowMax) return std::nullopt;
      newest_first.push_back(of.messages[place - 1]);
    }
    if (of.window > 0 || !of.from) break;
    place = nodes_[*of.from].place;
    at = nodes_[*of.from].session;
  }
  return std::vector<std::string>(newest_first.rbegin(), newest_first.rend());
}

}  // namespace hansard::importers::claude_code
