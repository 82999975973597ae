#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Question and answer files of MT-bench and Arena-Hard, one record a line.
///
///   question  {question_id | uid, category, cluster?, turns[] | prompt, reference?}
///             -> session `question-<id>` of user messages, tagged with category and cluster
///   answer    {question_id | uid, answer_id | ans_id, model_id | model, tstamp,
///              choices[{index, turns[]}] | messages[{role, content}]}
///             -> session `<answer id>` tagged with question and model; its answers have the model
///                and the time. Reference answers are answers like others.
///
/// An answer file with `choices` does not hold the questions, and none are invented: its sessions
/// consist of answers. Several choices of one turn are choices of one call; where they have several
/// turns, each went on from itself, so every further choice is a session `<answer id>.choice<n>`.
/// `{"answer": text}` as a content (Arena-Hard) is that text; what else stands there is metadata.
std::unique_ptr<Reader> mt_bench_reader(ReaderEvents events);

bool is_mt_bench(const events::Json& record);

}  // namespace hansard::importers
