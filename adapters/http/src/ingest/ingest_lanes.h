#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace hansard::http {

/// Who may go when: jobs that write the same stream go one after another, in the order in which
/// they came; all others side by side. A job that writes several streams waits for all of them.
/// Nothing can wait in a circle, since a job enters all its lanes at once. Caller synchronises.
template <class Job>
class IngestLanes {
 public:
  /// @return true when `job` (with its `streams`) may go at once.
  bool enter(const std::shared_ptr<Job>& job) {
    job->lanes_ahead = 0;
    for (const std::string& stream : job->streams) {
      auto& lane = lanes_[stream];
      if (!lane.empty()) ++job->lanes_ahead;
      lane.push_back(job);
    }
    return job->lanes_ahead == 0;
  }

  /// Ends a job that went. @return those that may go now.
  std::vector<std::shared_ptr<Job>> leave(const Job& job) {
    std::vector<std::shared_ptr<Job>> ready;
    for (const std::string& stream : job.streams) {
      const auto lane = lanes_.find(stream);
      lane->second.pop_front();
      if (lane->second.empty()) {
        lanes_.erase(lane);
      } else if (--lane->second.front()->lanes_ahead == 0) {
        ready.push_back(lane->second.front());
      }
    }
    return ready;
  }

 private:
  std::unordered_map<std::string, std::deque<std::shared_ptr<Job>>> lanes_;
};

}  // namespace hansard::http
