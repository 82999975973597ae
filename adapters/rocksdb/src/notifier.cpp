#include "notifier.h"

#include <pthread.h>

namespace hansard::rocks {

Notifier::Notifier(const Published& published)
    : published_(published), thread_([this] { run(); }) {}

Notifier::~Notifier() { stop(); }

void Notifier::post(std::vector<Answer> answers, bool moved) {
  if (answers.empty() && !moved) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (!answers.empty()) answers_.push_back(std::move(answers));
    moved_ = moved_ || moved;
    wake = std::exchange(waits_, false);
  }
  if (wake) posted_.notify_one();
}

void Notifier::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Notifier::run() {
  pthread_setname_np(pthread_self(), "log-tell");
  std::vector<std::vector<Answer>> answers;
  while (true) {
    bool moved = false;
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      while (answers_.empty() && !moved_ && !stopping_) {
        waits_ = true;
        posted_.wait(lock);
      }
      waits_ = false;
      answers.swap(answers_);
      moved = std::exchange(moved_, false);
      stopping = stopping_;
    }
    for (auto& group : answers) {
      for (Answer& answer : group) answer.done(std::move(answer.outcome));
    }
    answers.clear();
    if (moved) subscribers_.notify(published_.end());
    if (stopping) break;
  }
  subscribers_.notify_last(published_.end());
}

}  // namespace hansard::rocks
