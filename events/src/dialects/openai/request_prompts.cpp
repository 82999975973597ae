#include "dialects/request_prompts.h"

#include "events/dialects/openai/requests.h"

namespace hansard::events::openai {

const RequestDialect& completion_requests() {
  static const PromptRequests dialect(PromptForm{"openai.completions",
                                                 CallKind::completion,
                                                 {"prompt", "", "", false, true},
                                                 "",
                                                 false,
                                                 false});
  return dialect;
}

const RequestDialect& embedding_requests() {
  static const PromptRequests dialect(
      PromptForm{"openai.embeddings", CallKind::embedding, {"input", "", ""}, "", false, false});
  return dialect;
}

}  // namespace hansard::events::openai
