#include "projections/forks.h"

#include <algorithm>
#include <unordered_set>

namespace hansard::projections {
namespace {

using core::Result;

/// What one stream says about its place in the tree.
struct Branch {
  ForkNode node;  ///< its children only named
  std::optional<events::Parent> parent;
};

class Reader {
 public:
  Reader(const core::EventLog& log, const core::ProjectId& project)
      : log_(log), project_(project) {}

  Result<Branch> read(const std::string& session) const {
    Branch branch;
    branch.node.session = session;
    const auto stream = core::StreamId::make("session", session);
    if (!stream) return branch;  // a name that no stream can have: recorded by hand
    core::Status status = core::Ok{};
    const auto read =
        log_.read_stream(project_, *stream, {}, [&](const core::RecordedEvent& event) {
          status = take(event, branch);
          return status.has_value();
        });
    if (!read) return read.error();
    if (!status) return status.error();
    branch.node.found = branch.node.events > 0;
    return branch;
  }

 private:
  core::Status take(const core::RecordedEvent& event, Branch& branch) const {
    ForkNode& node = branch.node;
    ++node.events;
    if (event.type == events::MessageSent::kType || event.type == events::ResponseReceived::kType) {
      ++node.messages;
    } else if (event.type == events::SessionEnded::kType) {
      node.ended = true;
    } else if (event.type == events::SessionReopened::kType) {
      node.ended = false;
    } else if (event.type == events::SessionCreated::kType) {
      const auto decoded = codec_.decode(event);
      if (!decoded) return decoded.error();
      const auto& created = std::get<events::SessionCreated>(decoded->event);
      node.title = created.title;
      branch.parent = created.parent;
    } else if (event.type == events::SessionForked::kType) {
      const auto decoded = codec_.decode(event, events::Want::facts);
      if (!decoded) return decoded.error();
      const auto& forked = std::get<events::SessionForked>(decoded->event);
      ForkNode child;
      child.session = forked.child;
      child.at_version = core::Version{forked.at_version};
      child.reason = forked.reason;
      node.children.push_back(std::move(child));
    }
    return core::Ok{};
  }

  const core::EventLog& log_;
  const core::ProjectId& project_;
  const events::SessionCodec codec_;
};

/// A branch of which only the child knows.
struct Climbed {
  std::string parent;
  ForkNode child;
};

class Grower {
 public:
  Grower(const Reader& reader, const std::vector<Climbed>& climbed, ForkTree& tree)
      : reader_(reader), climbed_(climbed), tree_(tree) {}

  /// Fills `node`, which has its name and where it left, and everything below it.
  core::Status grow(ForkNode& node, std::size_t depth) {
    if (!seen_.insert(node.session).second) return core::Ok{};  // a circle, recorded by hand
    auto branch = reader_.read(node.session);
    if (!branch) return branch.error();
    ForkNode read = std::move(branch->node);
    read.at_version = node.at_version;
    read.reason = node.reason;
    node = std::move(read);
    for (const Climbed& step : climbed_) {
      if (step.parent != node.session) continue;
      const bool listed =
          std::any_of(node.children.begin(), node.children.end(),
                      [&](const ForkNode& child) { return child.session == step.child.session; });
      if (!listed) node.children.push_back(step.child);
    }
    if (depth >= kForkDepthMax || seen_.size() + node.children.size() > kForkNodesMax) {
      tree_.cut = tree_.cut || !node.children.empty();
      return core::Ok{};
    }
    for (ForkNode& child : node.children) {
      if (auto grown = grow(child, depth + 1); !grown) return grown;
    }
    return core::Ok{};
  }

 private:
  const Reader& reader_;
  const std::vector<Climbed>& climbed_;
  ForkTree& tree_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

Result<ForkTree> read_forks(const core::EventLog& log, const core::ProjectId& project,
                            const core::StreamId& session) {
  ForkTree tree;
  tree.project = project;
  tree.asked = std::string(session.name());
  const Reader reader(log, project);
  auto branch = reader.read(tree.asked);
  if (!branch) return branch.error();
  if (!branch->node.found) {
    return core::Error{core::Errc::not_found, "there is no session '" + tree.asked + "'", "id"};
  }
  std::vector<Climbed> climbed;
  tree.root.session = tree.asked;
  while (branch->parent) {
    if (climbed.size() == kForkDepthMax) {
      tree.cut = true;
      break;
    }
    ForkNode child;
    child.session = tree.root.session;
    child.at_version = core::Version{branch->parent->at_version};
    child.reason = branch->parent->reason;
    tree.root.session = branch->parent->session;
    climbed.push_back({tree.root.session, std::move(child)});
    branch = reader.read(tree.root.session);
    if (!branch) return branch.error();
  }
  if (auto grown = Grower(reader, climbed, tree).grow(tree.root, 0); !grown) return grown.error();
  return tree;
}

}  // namespace hansard::projections
