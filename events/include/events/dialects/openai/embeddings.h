#pragma once

#include "events/dialects/answer.h"

/// Answers of the OpenAI embeddings API and of compatible hosts (reference: OpenAI API, "Create
/// embeddings"). Errors are read by `read_error` in response_answers.h. Pure.
///
/// Vectors are not kept: they can be made again and are larger than all that is said. Of them
/// `extra` has
///   {"dimensions":1536,"vectors":2,"sha":"<hex>"}
/// where `sha` is the keyed hash (`AnswerIds::vector_hash`) of all vectors one after the other as
/// little-endian float32, so that the same vectors asked for as `float` and as `base64` are equal;
/// a form that is neither (several encodings at once, vectors of vectors) counts as its compact
/// JSON and has no `dimensions`, nor have vectors that differ in theirs.
///
/// `read` gives one answer without parts; the other members of the body are in `extra.body`.
/// `write` gives the body without vectors: the entries of `data` without `embedding`. So an answer
/// cannot be served again from what is recorded.
///
/// The API does not stream; an answer that comes as one frame all the same is understood.
namespace hansard::events::openai {

/// Lives as long as the program.
const AnswerDialect& embedding_answers();

}  // namespace hansard::events::openai
