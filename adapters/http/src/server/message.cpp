#include "http/message.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/assert.h"
#include "http/problem.h"

namespace hansard::http {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      break;
  }
  return "?";
}

bool same_token(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return same_token(field.first, name); });
  add(std::string(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (same_token(key, name)) return value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(),
                    [&](const auto& field) { return same_token(field.first, name); }));
}

void Departure::then(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    if (!happened_) {
      call_ = std::move(call);
      return;
    }
  }
  call();
}

void Departure::happen() {
  std::function<void()> call;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(happened_, true)) return;
    call = std::exchange(call_, nullptr);
  }
  if (call) call();
}

const std::string& Request::param(std::string_view name) const {
  const auto found = std::find_if(params.begin(), params.end(),
                                  [&](const auto& pair) { return pair.first == name; });
  HANSARD_ASSERT(found != params.end(), "a handler asks for parameters of its own pattern only");
  return found->second;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

struct Responder::Shared {
  explicit Shared(std::function<void(Response)> then) : answer(std::move(then)) {}
  ~Shared() {
    if (!answered.exchange(true)) {
      answer(problem({core::Errc::internal, "the handler ended without an answer"}));
    }
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  std::function<void(Response)> answer;
  std::atomic<bool> answered = false;
};

Responder::Responder(std::function<void(Response)> answer)
    : shared_(std::make_shared<Shared>(std::move(answer))) {}

void Responder::operator()(Response response) const {
  if (!shared_->answered.exchange(true)) shared_->answer(std::move(response));
}

}  // namespace hansard::http
