#include "core/projection_runner.h"

#include "projection_worker.h"

namespace hansard::core {
namespace {

Error unknown(const std::string& name) {
  return Error{Errc::not_found, "there is no projection '" + name + "'"};
}

}  // namespace

struct ProjectionRunner::Impl {
  EventLog& log;
  std::vector<std::unique_ptr<ProjectionWorker>> workers;
  std::unique_ptr<Subscription> subscription;
  bool started = false;

  [[nodiscard]] ProjectionWorker* find(const std::string& name) const {
    for (const auto& worker : workers) {
      if (worker->name() == name) return worker.get();
    }
    return nullptr;
  }
};

ProjectionRunner::ProjectionRunner(EventLog& log, ReadModelStore& store,
                                   std::vector<const Projection*> projections,
                                   RunnerOptions options)
    : impl_(std::make_unique<Impl>(Impl{log, {}, nullptr, false})) {
  for (const Projection* projection : projections) {
    HANSARD_ASSERT(impl_->find(std::string(projection->name())) == nullptr,
                   "a name stands for one read model");
    impl_->workers.push_back(std::make_unique<ProjectionWorker>(log, store, *projection, options));
  }
}

ProjectionRunner::~ProjectionRunner() { stop(); }

void ProjectionRunner::start() {
  HANSARD_ASSERT(!impl_->started, "a runner starts once");
  impl_->started = true;
  // Subscribed first: an append between the two would otherwise be seen only with the next one.
  impl_->subscription = impl_->log.subscribe([this](Position) {
    for (const auto& worker : impl_->workers) worker->wake();
  });
  for (const auto& worker : impl_->workers) worker->start();
}

void ProjectionRunner::stop() {
  impl_->subscription.reset();
  for (const auto& worker : impl_->workers) worker->request_stop();
  for (const auto& worker : impl_->workers) worker->join();
}

std::vector<ProjectionState> ProjectionRunner::states() const {
  std::vector<ProjectionState> states;
  for (const auto& worker : impl_->workers) states.push_back(worker->state());
  return states;
}

Status ProjectionRunner::retry(const std::string& name) {
  ProjectionWorker* const worker = impl_->find(name);
  return worker == nullptr ? unknown(name) : worker->retry();
}

Status ProjectionRunner::rebuild(const std::string& name) {
  ProjectionWorker* const worker = impl_->find(name);
  return worker == nullptr ? unknown(name) : worker->rebuild();
}

Result<std::unique_ptr<ReadModel>> ProjectionRunner::read(
    const std::string& name, Position at_least,
    std::chrono::steady_clock::time_point deadline) const {
  const ProjectionWorker* const worker = impl_->find(name);
  if (worker == nullptr) return unknown(name);
  return worker->read(at_least, deadline);
}

std::unique_ptr<Subscription> ProjectionRunner::when(const std::string& name, Position at_least,
                                                     std::function<void(Status)> ready) {
  ProjectionWorker* const worker = impl_->find(name);
  if (worker == nullptr) {
    ready(unknown(name));
    return std::make_unique<Subscription>();
  }
  return worker->when(at_least, std::move(ready));
}

}  // namespace hansard::core
