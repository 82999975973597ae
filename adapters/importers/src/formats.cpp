#include "importers/formats.h"

#include <array>
#include <utility>

#include "formats/batch.h"
#include "formats/chatgpt.h"
#include "formats/claude_code.h"
#include "formats/codex.h"
#include "formats/codex_exec.h"
#include "formats/display_text.h"
#include "formats/hansard_export.h"
#include "formats/http.h"
#include "formats/inspect.h"
#include "formats/langfuse.h"
#include "formats/mt_bench.h"
#include "formats/openai_list.h"
#include "formats/preference.h"
#include "formats/sharegpt.h"
#include "formats/swe_agent.h"

namespace hansard::importers {

namespace {

constexpr std::array kFormats{
    Format{"hansard", "exports of Hansard", is_hansard_export, hansard_export_reader},
    Format{"chatgpt", "ChatGPT exports (conversations.json)", is_chatgpt, chatgpt_reader},
    Format{"claude-code", "Claude Code session logs", is_claude_code, claude_code_reader},
    Format{"codex", "Codex rollouts", is_codex, codex_reader},
    Format{"codex-exec", "what codex exec --json prints", is_codex_exec, codex_exec_reader},
    Format{"langfuse", "Langfuse trace exports", is_langfuse, langfuse_reader},
    Format{"inspect", "Inspect AI logs (JSON and .eval)", is_inspect, inspect_reader},
    Format{"swe-agent", "SWE-agent trajectories", is_swe_agent, swe_agent_reader},
    Format{"http", "recorded HTTP exchanges with APIs of models, HAR files", is_http, http_reader},
    Format{"openai-batch", "OpenAI batch requests and results", is_batch, batch_reader},
    Format{"preference", "OpenAI preference pairs", is_preference, preference_reader},
    Format{"mt-bench", "MT-bench and Arena-Hard questions and answers", is_mt_bench,
           mt_bench_reader},
    Format{"sharegpt", "ShareGPT sets", is_sharegpt, sharegpt_reader},
    Format{"display-text", "dialogues written out as text (tau-bench few-shot)", is_display_text,
           display_text_reader},
    Format{"openai", "lists of OpenAI-style messages, fine-tuning files, tau-bench results",
           is_openai_list, openai_list_reader},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* format_named(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

const Format* format_of(const events::Json& record) {
  for (const Format& format : kFormats) {
    if (format.recognises(record)) return &format;
  }
  return nullptr;
}

AutoReader::AutoReader(ReaderEvents events, std::function<void(const Format&)> found)
    : events_(std::move(events)), found_(std::move(found)) {}

void AutoReader::take(SourceRecord record) {
  if (reader_) return reader_->take(std::move(record));
  if (unknown_) return;
  const Format* format = nullptr;
  if (record.problem.empty()) {
    if (const auto json = events::parse_json(record.text)) format = format_of(*json);
  }
  held_.push_back(std::move(record));
  if (format != nullptr || held_.size() == kRecordsHeld) decide(format);
}

void AutoReader::finish() {
  if (!reader_ && !unknown_) decide(nullptr);
  if (reader_) reader_->finish();
}

void AutoReader::decide(const Format* format) {
  std::vector<SourceRecord> held = std::exchange(held_, {});
  if (format == nullptr) {
    unknown_ = true;
  } else {
    found_(*format);
    reader_ = format->make(events_);
  }
  bool told = false;
  for (SourceRecord& record : held) {
    if (reader_) {
      reader_->take(std::move(record));
      continue;
    }
    // That a record cannot even be read says more than that nobody knows the format.
    std::optional<core::Error> why;
    if (!record.problem.empty()) {
      why = {core::Errc::invalid_argument, std::move(record.problem)};
    } else if (const auto json = events::parse_json(record.text); !json) {
      why = json.error();
    } else if (!told) {
      why = {core::Errc::unsupported,
             "the format of the file is not known; it was not recorded (see --format)"};
      told = true;
    }
    if (why) events_.failed(record.line, *std::move(why));
  }
}

}  // namespace hansard::importers
