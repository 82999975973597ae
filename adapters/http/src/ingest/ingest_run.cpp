#include "ingest/ingest_run.h"

#include <utility>

namespace hansard::http {

using core::Errc;
using core::Error;
using core::Receipt;
using core::Result;

IngestRun::IngestRun(const Context& context, RequestPtr request, Author author, Done done)
    : context_(context),
      request_(std::move(request)),
      author_(std::move(author)),
      done_(std::move(done)),
      cutter_(static_cast<std::size_t>(context.limits[Limit::line_bytes])) {}

void IngestRun::start() {
  if (request_->incoming) return ask();
  // Called within this process: the body is here already.
  cutter_.take(request_->body);
  cutter_.finish();
  input_ended_ = true;  // nobody else knows of this object yet
  context_.blocking.post([self = shared_from_this()] { self->read_lines(); });
}

void IngestRun::ask() {
  request_->incoming->next(
      [self = shared_from_this()](Result<std::string> piece) { self->arrived(std::move(piece)); });
}

void IngestRun::arrived(Result<std::string> piece) {
  if (!piece) return stop_reading(std::move(piece.error()));
  if (piece->empty()) {
    cutter_.finish();
    const std::lock_guard lock(mutex_);
    input_ended_ = true;
  } else {
    cutter_.take(*std::move(piece));
  }
  if (cutter_.held() <= kInlineBodyBytes) return read_lines();
  context_.blocking.post([self = shared_from_this()] { self->read_lines(); });
}

/// Every line that came is in its place.
void IngestRun::stop_reading(std::optional<Error> why) {
  {
    const std::lock_guard lock(mutex_);
    read_all_ = true;
    stopped_ = std::move(why);
  }
  go_on();
}

bool IngestRun::full() const {
  return in_order_.size() >= kLinesMax || (bytes_ >= kBytesMax && !in_order_.empty()) ||
         (taken_ && !done_ && results_.size() >= kResultsMax);
}

/// On one thread at a time: the one that brought a piece, or that made room.
void IngestRun::read_lines() {
  std::size_t held = 0;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      paused_ = full();
      if (paused_) return;
      held = bytes_ + results_.size();
    }
    auto line = cutter_.next();
    if (!line) break;
    take_line(*std::move(line));
  }
  {
    std::unique_lock lock(mutex_);
    if (input_ended_) {
      lock.unlock();
      return stop_reading(std::nullopt);
    }
  }
  if (!request_->incoming->hold(held + cutter_.held())) {
    return stop_reading(limit_error(context_.limits, Limit::bodies_bytes));
  }
  ask();
}

void IngestRun::take_line(LineCutter::Line line) {
  auto job = std::make_shared<Job>();
  job->line = line.number;
  job->text = std::move(line.text);
  auto work = line.too_long ? Result<IngestWork>(over_limit(context_, Limit::line_bytes))
                            : read_ingest_line(context_, author_now(), job->text);
  {
    const std::lock_guard lock(mutex_);
    in_order_.push_back(job);
    bytes_ += job->text.size();
    if (!work) {
      job->outcome = std::move(work.error());
    } else {
      job->streams = work->streams;
      job->work = *std::move(work);
      if (lanes_.enter(job)) ready_.push_back(job);
    }
  }
  go_on();
}

/// Each line is a request of its own, received when it was read.
Author IngestRun::author_now() const {
  Author author = author_;
  author.received_at = context_.clock.now();
  return author;
}

void IngestRun::run(const JobPtr& job) {
  if (!job->work) {  // not for the first time
    auto work = read_ingest_line(context_, author_now(), job->text);
    if (!work) return completed(job, std::move(work.error()));
    job->work = *std::move(work);
  }
  auto what = std::move(job->work->what);
  job->work.reset();
  core::AppendDone done = [self = shared_from_this(), job](Result<Receipt> outcome) {
    self->completed(job, std::move(outcome));
  };
  if (auto* append = std::get_if<core::AppendRequest>(&what)) {
    return context_.log.append(std::move(*append), std::move(done));
  }
  auto& command = std::get<PreparedCommand>(what);
  context_.execute(std::move(command.with), std::move(command.command), std::move(done));
}

/// The answer to a line, on whatever thread gives it.
void IngestRun::completed(const JobPtr& job, Result<Receipt> outcome) {
  {
    const std::lock_guard lock(mutex_);
    --under_way_;
    if (!outcome && outcome.error().code == Errc::overloaded && under_way_ > 0) {
      // The client sends at our pace, so it is for us to wait: until one of our own is done.
      again_.push_back(job);
      return;
    }
    job->outcome = std::move(outcome);
    ready_.insert(ready_.end(), again_.begin(), again_.end());
    again_.clear();
    for (JobPtr& next : lanes_.leave(*job)) ready_.push_back(std::move(next));
  }
  go_on();
}

/// With the mutex held.
void IngestRun::report_in_order() {
  while (!in_order_.empty() && in_order_.front()->outcome) {
    const Job& job = *in_order_.front();
    report_.add(job.line, *job.outcome);
    if (!done_ && taken_) results_ += ingest_result_json(job.line, *job.outcome) + "\n";
    bytes_ -= job.text.size();
    in_order_.pop_front();
  }
  if (!read_all_ || !in_order_.empty() || reported_ || done_) return;
  reported_ = true;
  if (taken_) results_ += report_.json(stopped_) + "\n";
}

/// Starts what may go, tells what is to be told, and lets reading go on. Whoever finds another
/// thread (or itself, further up the stack) doing so leaves it to that.
void IngestRun::go_on() {
  std::unique_lock lock(mutex_);
  if (std::exchange(going_, true)) return;
  while (!ready_.empty()) {
    const JobPtr job = std::move(ready_.front());
    ready_.pop_front();
    ++under_way_;
    lock.unlock();
    run(job);
    lock.lock();
  }
  going_ = false;
  report_in_order();
  const bool read_on = paused_ && !full();
  if (read_on) paused_ = false;
  const bool all_done = done_ && read_all_ && in_order_.empty() && !reported_;
  if (all_done) reported_ = true;
  std::function<void(Result<std::string>)> take;
  std::string bytes;
  if (wanted_ && (!results_.empty() || reported_)) {
    take = std::exchange(wanted_, nullptr);
    bytes = std::exchange(results_, {});
  }
  lock.unlock();
  if (all_done) done_(report_, stopped_);
  if (take) take(std::move(bytes));
  // Not here: this may be the log's own thread.
  if (read_on) context_.blocking.post([self = shared_from_this()] { self->read_lines(); });
}

void IngestRun::next_results(std::function<void(Result<std::string>)> take) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = std::move(take);
  }
  go_on();
}

void IngestRun::abandon_results() {
  {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    wanted_ = nullptr;
    results_.clear();
  }
  go_on();
}

}  // namespace hansard::http
