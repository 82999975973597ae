#include <utility>

#include "core/assert.h"
#include "scripted/script.h"

namespace hansard::scripted {

namespace {

constexpr std::string_view kScript =
    R"({"when":"weather in","tool_calls":[{"name":"get_weather","arguments":{"city":"Graz"}}],"delay":"40ms"}
{"when":"sunny","answer":"It is sunny there, so leave the umbrella at home.","delay":"60ms","pace":"20ms"}
{"when":"too many requests","status":429,"answer":"the script says: later"}
{"when":"fail","status":500,"answer":"the script says: no"}
{"when":"slowly","answer":"One word at a time, as slowly as you like, and every one of them is on the record.","delay":"200ms","pace":"120ms"}
{"answer":"You said: {said} I am a script, so that is all I can say; but this conversation is on the record now.","delay":"60ms","pace":"20ms"}
)";

}  // namespace

Script Script::builtin() {
  auto script = parse(kScript, "builtin");
  HANSARD_ASSERT(script, "it is part of the program, and a test reads it");
  return *std::move(script);
}

}  // namespace hansard::scripted
