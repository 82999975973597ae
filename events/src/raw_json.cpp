#include "events/raw_json.h"

#include "events/json.h"

namespace hansard::events {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// Walks over JSON that is known to be valid, so that brackets and quotes are all there is to see.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  char next() {
    at_ = text_.find_first_not_of(kSpace, at_);
    return text_[at_];
  }
  void skip() { ++at_; }

  /// At a quote; behind its partner afterwards.
  std::string_view string() {
    const std::size_t begin = ++at_;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    return text_.substr(begin, at_++ - begin);
  }
  std::string_view value() {
    const std::size_t begin = at_;
    const char first = text_[at_];
    if (first == '"') {
      string();
    } else if (first == '{' || first == '[') {
      nested();
    } else {
      at_ = text_.find_first_of(",}] \t\r\n", at_);
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  void nested() {
    std::size_t depth = 0;
    do {
      at_ = text_.find_first_of("\"{}[]", at_);
      const char c = text_[at_];
      if (c == '"') {
        string();
      } else {
        depth += c == '{' || c == '[' ? 1U : 0U;
        depth -= c == '}' || c == ']' ? 1U : 0U;
        ++at_;
      }
    } while (depth > 0);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

core::Result<std::vector<RawMember>> raw_members(std::string_view object) {
  if (auto valid = check_json(object); !valid) return valid.error();
  Walk walk(object);
  if (walk.next() != '{') return bad_field("", "expected an object");
  walk.skip();
  std::vector<RawMember> members;
  while (walk.next() != '}') {
    if (walk.next() == ',') {
      walk.skip();
      walk.next();
    }
    RawMember member;
    member.key = walk.string();
    walk.next();  // the colon
    walk.skip();
    walk.next();
    member.value = walk.value();
    members.push_back(member);
  }
  return members;
}

}  // namespace hansard::events
