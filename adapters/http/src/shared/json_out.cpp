#include "http/json_out.h"

#include "events/json.h"

namespace hansard::http {

void JsonOut::separate() {
  if (!first_) out_.push_back(',');
  first_ = false;
}

JsonOut& JsonOut::begin(char bracket) {
  separate();
  out_.push_back(bracket);
  first_ = true;
  return *this;
}

JsonOut& JsonOut::end(char bracket) {
  out_.push_back(bracket);
  first_ = false;
  return *this;
}

JsonOut& JsonOut::key(std::string_view name) {
  separate();
  events::dump_string_to(name, out_);
  out_.push_back(':');
  first_ = true;
  return *this;
}

JsonOut& JsonOut::string(std::string_view text) {
  separate();
  events::dump_string_to(text, out_);
  return *this;
}

JsonOut& JsonOut::number(std::uint64_t value) { return raw(std::to_string(value)); }

JsonOut& JsonOut::boolean(bool value) { return raw(value ? "true" : "false"); }

JsonOut& JsonOut::null() { return raw("null"); }

JsonOut& JsonOut::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

}  // namespace hansard::http
