#include "formats/chatgpt_tree.h"

#include <algorithm>

#include "formats/steps.h"

namespace hansard::importers::chatgpt {

using events::Json;

Tree::Tree(const Json& mapping) {
  for (const Json::Member& member : *mapping.if_object()) {
    if (!member.value.is_object()) continue;
    if (!by_id_.try_emplace(member.key, nodes_.size()).second) continue;
    const Json* message = present(member.value, "message");
    if (message != nullptr && !message->is_object()) message = nullptr;
    nodes_.push_back({member.key, message, {}});
  }
  adopt(mapping);
  find_lost();
}

/// A child says who its parent is; the parent's list only says in which order.
void Tree::adopt(const Json& mapping) {
  std::vector<bool> placed(nodes_.size(), false);
  std::vector<std::optional<std::size_t>> parent_of(nodes_.size());
  for (const Node& node : nodes_) {
    const auto parent = text_at(*mapping.find(node.id), "parent");
    const auto found = parent ? by_id_.find(*parent) : by_id_.end();
    if (found != by_id_.end()) parent_of[by_id_[node.id]] = found->second;
  }
  for (std::size_t parent = 0; parent < nodes_.size(); ++parent) {
    const Json* listed = mapping.find(nodes_[parent].id)->find("children");
    if (listed == nullptr || !listed->is_array()) continue;
    for (const Json& each : *listed->if_array()) {
      const std::string* id = each.if_string();
      const auto found = id == nullptr ? by_id_.end() : by_id_.find(*id);
      if (found == by_id_.end() || placed[found->second]) continue;
      if (parent_of[found->second] != parent) continue;
      placed[found->second] = true;
      nodes_[parent].children.push_back(found->second);
    }
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (placed[i]) continue;
    (parent_of[i] ? nodes_[*parent_of[i]].children : beginnings_).push_back(i);
  }
}

void Tree::find_lost() {
  std::vector<bool> reached(nodes_.size(), false);
  std::vector<std::size_t> todo = beginnings_;
  while (!todo.empty()) {
    const std::size_t at = todo.back();
    todo.pop_back();
    reached[at] = true;
    todo.insert(todo.end(), nodes_[at].children.begin(), nodes_[at].children.end());
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!reached[i]) lost_.push_back(nodes_[i].id);
  }
}

}  // namespace hansard::importers::chatgpt
