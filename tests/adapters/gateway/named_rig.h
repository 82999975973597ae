#pragma once

#include <string>
#include <utility>
#include <vector>

#include "events/assignment/facts.h"
#include "events/experiment/facts.h"
#include "events/prompt/facts.h"
#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {

/// A gateway with prompts and experiments on record.
class NamedTest : public GatewayTest {
 protected:
  template <class Codec, class Event>
  void put(const Codec& codec, const std::string& stream, Event event) {
    const events::EncodedEvent encoded = codec.encode(std::move(event));
    core::NewEvent record;
    record.stream = support::stream(stream);
    record.type = encoded.type;
    record.schema = encoded.schema;
    record.id = support::event_id("put " + std::to_string(++puts_));
    record.facts = encoded.facts;
    record.content = encoded.content;
    record.salt = support::salt(std::to_string(puts_));
    core::seal(record, support::hasher());
    bool done = false;
    memory_.append(support::request({std::move(record)}), [&](core::Result<core::Receipt> receipt) {
      EXPECT_TRUE(receipt) << receipt.error().message;
      done = true;
    });
    EXPECT_TRUE(done);
  }
  void put_prompt(const std::string& name, events::PromptEvent event) {
    put(events::prompt_codec(), "prompt-" + name, std::move(event));
  }
  void put_experiment(const std::string& name, events::ExperimentEvent event) {
    put(events::experiment_codec(), "experiment-" + name, std::move(event));
  }

  using Says = std::vector<std::pair<events::PromptRole, std::string>>;
  /// A version of a prompt.
  void store(const std::string& name, const std::string& version, const Says& says,
             std::vector<events::PromptExample> examples = {}) {
    events::PromptVersionStored stored;
    stored.version = version;
    for (const auto& [role, content] : says) {
      stored.messages.push_back(events::PromptMessage{role, content, {}});
    }
    stored.examples = std::move(examples);
    put_prompt(name, std::move(stored));
  }
  void label(const std::string& name, const std::string& label, const std::string& version) {
    events::PromptLabelMoved moved;
    moved.label = label;
    moved.version = version;
    put_prompt(name, std::move(moved));
  }

  static events::VariantPlan variant(const std::string& name, std::uint32_t share) {
    events::VariantPlan plan;
    plan.name = name;
    plan.share = share;
    return plan;
  }
  static events::VariantPlan variant(const std::string& name, std::uint32_t share,
                                     const std::string& prompt, const std::string& version) {
    events::VariantPlan plan = variant(name, share);
    plan.prompt = events::PromptRef{prompt, events::PromptVersion{version}, {}};
    return plan;
  }
  static events::ExperimentCreated experiment(std::vector<events::VariantPlan> variants) {
    events::ExperimentCreated plan;
    plan.variants = std::move(variants);
    plan.seed = "seed";
    plan.metric.name = "thumbs";
    return plan;
  }
  /// Planned and begun.
  void run(const std::string& name, events::ExperimentCreated plan) {
    put_experiment(name, std::move(plan));
    put_experiment(name, events::ExperimentStarted{});
  }

  /// What is on record of units.
  std::vector<events::VariantAssigned> exposures() {
    std::vector<events::VariantAssigned> found;
    const auto read = memory_.read({}, [&](const core::RecordedEvent& event) {
      if (event.type != events::VariantAssigned::kType) return true;
      auto decoded = events::assignment_codec().decode(event);
      EXPECT_TRUE(decoded);
      if (decoded) found.push_back(std::get<events::VariantAssigned>(decoded->event));
      return true;
    });
    EXPECT_TRUE(read);
    return found;
  }
  events::ResponseRequested last_request() {
    const auto asked = recorded_of<events::ResponseRequested>();
    EXPECT_FALSE(asked.empty());
    return asked.empty() ? events::ResponseRequested{} : asked.back();
  }
  /// `outcome target` of the decisions of a name about the latest request.
  std::string decision(const std::string& name) {
    std::string found;
    for (const events::Policy& policy : last_request().policies) {
      if (policy.name != name) continue;
      found += (found.empty() ? "" : ", ") + policy.outcome;
      if (policy.target) found += " " + *policy.target;
    }
    return found;
  }
  std::string sent_body() { return upstream().sent.body; }
  Json sent_json() { return parsed(upstream().sent.body); }

 private:
  int puts_ = 0;
};

}  // namespace hansard::gateway::testing
