#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/json.h"

/// The tree of a ChatGPT conversation. Private to its reader.
namespace hansard::importers::chatgpt {

struct Node {
  std::string id;
  const events::Json* message = nullptr;  ///< null: it only holds the tree together
  std::vector<std::size_t> children;      ///< in the order of the export
};

/// Every node of a `mapping` that can be reached from a beginning. Points into the mapping.
class Tree {
 public:
  /// @param mapping  an object; members that are no nodes are left out.
  explicit Tree(const events::Json& mapping);

  [[nodiscard]] const Node& node(std::size_t index) const { return nodes_[index]; }
  /// Calls `each` with every node that a beginning leads to.
  template <class F>
  void for_each(const F& each) const {
    std::vector<std::size_t> todo = beginnings_;
    while (!todo.empty()) {
      const Node& at = nodes_[todo.back()];
      todo.pop_back();
      each(at);
      todo.insert(todo.end(), at.children.begin(), at.children.end());
    }
  }
  /// Nodes without a parent, in the order of the export.
  [[nodiscard]] const std::vector<std::size_t>& beginnings() const { return beginnings_; }
  /// Ids of nodes that no beginning leads to, for their parents form a ring.
  [[nodiscard]] const std::vector<std::string>& lost() const { return lost_; }

 private:
  void adopt(const events::Json& mapping);
  void find_lost();

  std::vector<Node> nodes_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
  std::vector<std::size_t> beginnings_;
  std::vector<std::string> lost_;
};

}  // namespace hansard::importers::chatgpt
