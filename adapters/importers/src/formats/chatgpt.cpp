#include "formats/chatgpt.h"

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "formats/chatgpt_feedback.h"
#include "formats/chatgpt_message.h"
#include "formats/chatgpt_tree.h"
#include "formats/json_reader.h"
#include "formats/session_flow.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using chatgpt::Node;
using chatgpt::OpenCalls;
using chatgpt::Tree;
using core::Ok;
using core::Status;
using events::Json;

/// A session that is yet to be told: a branch, or the conversation itself.
struct Branch {
  SessionName name;
  std::vector<std::size_t> at;  ///< the node it begins with, and others beside it
  OpenCalls open;               ///< calls it inherits
  bool forked = true;
};

class Conversation {
 public:
  /// @param feedback  about its messages.
  Conversation(const Json& json, std::uint64_t line, SessionName name,
               const std::vector<Json>& feedback, std::function<void(Piece)> tell)
      : json_(json), line_(line), tree_(*json.find("mapping")), tell_(std::move(tell)) {
    place(feedback);
    // Sessions of branches are called after it, which takes an id.
    group_ = name.id.empty() ? name.prefix + std::to_string(fnv1a(name.seed)) : name.id;
    if (name.id.empty()) name = {group_, {}, {}};
    waiting_.push_back({std::move(name), tree_.beginnings(), {}, false});
  }

  void read() {
    const std::string current = current_session();
    while (!waiting_.empty()) {
      Branch branch = std::move(waiting_.front());
      waiting_.pop_front();
      tell_branch(std::move(branch), current);
    }
  }

 private:
  /// Finds the node of each record, which is called as its message or as that calls itself.
  void place(const std::vector<Json>& feedback) {
    if (feedback.empty()) return;
    std::unordered_map<std::string, std::string> nodes;
    tree_.for_each([&](const Node& node) {
      if (node.message == nullptr) return;
      nodes.emplace(node.id, node.id);
      if (auto id = id_at(*node.message, "id")) nodes.emplace(*std::move(id), node.id);
    });
    for (const Json& record : feedback) {
      const auto found = nodes.find(chatgpt::message_of(record));
      if (found == nodes.end()) {
        homeless_.push_back(&record);
      } else {
        scored_[found->second].push_back(&record);
      }
    }
  }

  [[nodiscard]] std::string name_of_branch(std::size_t first) const {
    return group_ + "~" + tree_.node(first).id;
  }

  /// Of the session with `current_node`; empty when the export has no such node.
  [[nodiscard]] std::string current_session() const {
    const auto current = text_at(json_, "current_node");
    if (!current) return {};
    std::vector<std::pair<std::size_t, std::string>> todo;
    const auto add = [&](const std::vector<std::size_t>& nodes, const std::string& session) {
      for (std::size_t i = nodes.size(); i-- > 0;) {
        todo.emplace_back(nodes[i], i == 0 ? session : name_of_branch(nodes[i]));
      }
    };
    add(tree_.beginnings(), group_);
    while (!todo.empty()) {
      const auto [at, session] = std::move(todo.back());
      todo.pop_back();
      if (tree_.node(at).id == *current) return session;
      add(tree_.node(at).children, session);
    }
    return {};
  }

  void tell_branch(Branch branch, const std::string& current) {
    Piece first;
    first.line = line_;
    first.session = branch.name;
    first.continues = branch.forked;
    first.create.source = "import";
    first.create.app = "chatgpt";
    first.created_at = time_of(json_.find("create_time"));
    if (!branch.forked) {
      const auto title = text_at(json_, "title");
      if (title && !title->empty()) first.create.title = title;
    }
    flow_.emplace(std::move(first), tell_);
    flow_->at(line_, 0);
    if (!branch.forked) settings(current);
    std::optional<std::string> last;
    for (std::vector<std::size_t> next = branch.at; !next.empty();) {
      const Node& node = tree_.node(next.front());
      // Whatever else goes on from here leaves before the conversation goes on.
      for (std::size_t i = 1; i < next.size(); ++i) fork(next[i], last, branch.open);
      message(node, branch.open, last);
      next = node.children;
    }
    if (!branch.forked) {
      for (const std::string& lost : tree_.lost()) {
        const Json& node = *json_.find("mapping")->find(lost);
        attach(lost, "chatgpt.node", "its parents lead to no beginning", node, std::nullopt);
      }
      for (const Json* record : homeless_) attach_feedback(*record, "its message is not there");
    }
    flow_->finish();
  }

  void settings(const std::string& current) {
    Json::Object rest = without(json_, {"mapping", "id", "conversation_id", "create_time"});
    if (rest.empty()) return;
    Json settings(std::move(rest));
    if (!current.empty()) settings.add("current_session", current);
    events::ConfigureSession configure;
    configure.idempotency_key = "export:" + std::to_string(fnv1a(dump(settings)));
    configure.model = text_at(json_, "default_model_slug");
    if (configure.model && configure.model->empty()) configure.model.reset();
    configure.settings = std::move(settings);
    flow_->step(std::move(configure), time_of(present(json_, "update_time")));
  }

  void fork(std::size_t first, const std::optional<std::string>& last, const OpenCalls& open) {
    const Node& node = tree_.node(first);
    events::ForkSession fork;
    fork.child = name_of_branch(first);
    if (last) {
      fork.at_message = *last;
    } else {
      fork.at_version = 0;
    }
    const Json* author = node.message == nullptr ? nullptr : node.message->find("author");
    const bool asked = author == nullptr || text_at(*author, "role") == "user";
    fork.reason = asked ? events::ForkReason::edit : events::ForkReason::retry;
    const auto time =
        node.message == nullptr ? std::nullopt : time_of(present(*node.message, "create_time"));
    flow_->step(std::move(fork), time);
    waiting_.push_back({{name_of_branch(first), {}, {}}, {first}, open, true});
  }

  /// @param last  the message after which a branch could leave; changed.
  void message(const Node& node, OpenCalls& open, std::optional<std::string>& last) {
    if (node.message == nullptr) return;
    const auto time = time_of(present(*node.message, "create_time"));
    flow_->at(line_, dump(*node.message).size());
    read_message(node, open, last, time);
    const auto scored = scored_.find(node.id);
    if (scored == scored_.end()) return;
    for (const Json* record : scored->second) {
      auto score = chatgpt::score_of(*record, node.id);
      if (score) {
        flow_->step(std::move(score->step), score->occurred_at);
      } else {
        attach_feedback(*record, score.error().message);
      }
    }
  }

  void read_message(const Node& node, OpenCalls& open, std::optional<std::string>& last,
                    std::optional<core::Timestamp> time) {
    auto steps = chatgpt::read_message(*node.message, node.id, open);
    if (!steps) {
      attach(node.id, "chatgpt.message", steps.error().message, *node.message, time);
      return;
    }
    bool counted = false;
    for (events::SessionStep& step : *steps) {
      const bool said = std::holds_alternative<events::SendMessage>(step) ||
                        std::holds_alternative<events::RecordResponse>(step);
      if (said) last = node.id;
      if (!std::exchange(counted, true)) {
        flow_->message(std::move(step), time);
      } else {
        flow_->step(std::move(step), time);
      }
    }
  }

  void attach_feedback(const Json& record, std::string_view reason) {
    flow_->attach("feedback:" + std::to_string(fnv1a(dump(record))), "chatgpt.feedback",
                  chatgpt::Feedback::kFile, reason, record, std::nullopt);
  }

  void attach(const std::string& id, std::string_view kind, std::string_view reason,
              const Json& record, std::optional<core::Timestamp> time) {
    flow_->attach(id + ":" + std::to_string(fnv1a(dump(record))), kind, "mapping." + id, reason,
                  record, time);
  }

  const Json& json_;
  std::uint64_t line_;
  Tree tree_;
  std::function<void(Piece)> tell_;
  std::string group_;
  std::deque<Branch> waiting_;
  std::optional<SessionFlow> flow_;
  std::unordered_map<std::string, std::vector<const Json*>> scored_;  ///< by their nodes
  std::vector<const Json*> homeless_;                                 ///< without a node
};

class ChatGptReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    const Json* mapping = record.json.find("mapping");
    if (mapping == nullptr || !mapping->is_object()) {
      return events::bad_field("mapping", "expected the nodes of a conversation");
    }
    SessionName name;
    auto id = id_at(record.json, "conversation_id");
    if (!id || id->empty()) id = id_at(record.json, "id");
    if (id && !id->empty()) {
      name.id = *std::move(id);
    } else {
      name.prefix = "chatgpt-";
      // A conversation that grows keeps its beginning.
      name.seed =
          mapping->if_object()->empty() ? dump(record.json) : mapping->if_object()->front().key;
    }
    if (!std::exchange(asked_, true)) read_feedback(record.line);
    const std::vector<Json>& feedback = feedback_.of(name.id);
    Conversation(record.json, record.line, std::move(name), feedback, [this](Piece piece) {
      tell(std::move(piece));
    }).read();
    return Ok{};
  }

  void read_feedback(std::uint64_t line) {
    const auto text = beside(chatgpt::Feedback::kFile);
    if (!text) return;
    auto feedback = chatgpt::Feedback::read(*text);
    if (feedback) {
      feedback_ = *std::move(feedback);
      return;
    }
    core::Error why = std::move(feedback).error();
    why.message = std::string(chatgpt::Feedback::kFile) + ": " + why.message;
    fail(line, std::move(why));
  }

  bool asked_ = false;
  chatgpt::Feedback feedback_;
};

}  // namespace

std::unique_ptr<Reader> chatgpt_reader(ReaderEvents events) {
  return std::make_unique<ChatGptReader>(std::move(events));
}

bool is_chatgpt(const Json& record) {
  const Json* mapping = record.find("mapping");
  if (mapping == nullptr || !mapping->is_object()) return false;
  if (record.find("current_node") != nullptr) return true;
  const Json::Object& nodes = *mapping->if_object();
  return !nodes.empty() && nodes.front().value.find("children") != nullptr;
}

}  // namespace hansard::importers
