"""Each byte of a stream goes on before the next one has come.

The provider sends a piece only when the client has everything that may be passed on of the pieces before:
whatever waits for more than it needs waits for ever, and the deadline fails the test. What may wait is
computed here, apart from the program: of a stream that is recorded strictly the frame that ends it, until
it is on record, and the beginning of a frame that may still become it. How long bytes took is printed, as
information; a machine that builds something else meanwhile is slower, not wrong.

usage: nothing_waits.py HANSARD_BINARY
"""
import json
import random
import sys
import tempfile
import time

from server import Server
from wire import Client, Provider

SEED = 20261122
WORDS = ["The", " answer", " is", " 42", ",\n", "Größe", " 🙂", ' "so"', " it", " went", "."] * 3
USER = [{"role": "user", "content": "Tell me, slowly."}]


# ---- what providers send ----------------------------------------------------------------------

def chat(usage):
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in WORDS), {}]
    chunks = [{**base, "choices": [{"index": 0, "delta": delta,
                                    "finish_reason": None if delta else "stop"}]} for delta in deltas]
    if usage:
        chunks.append({**base, "choices": [], "usage": {
            "prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}})
    return [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"]


def responses():
    whole = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "error": None,
             "status": "completed", "output": [{"id": "msg_1", "type": "message", "role": "assistant",
                                                "status": "completed", "content": [
                 {"type": "output_text", "text": "".join(WORDS), "annotations": []}]}],
             "usage": {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}}
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = {**whole["output"][0], "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    events = [("created", {"response": begun}), ("in_progress", {"response": begun}),
              ("output_item.added", {"output_index": 0, "item": item}),
              ("content_part.added", {**at, "part": part}),
              *(("output_text.delta", {**at, "delta": word}) for word in WORDS),
              ("output_text.done", {**at, "text": "".join(WORDS)}),
              ("content_part.done", {**at, "part": whole["output"][0]["content"][0]}),
              ("output_item.done", {"output_index": 0, "item": whole["output"][0]}),
              ("completed", {"response": whole})]
    return [f"event: response.{name}\ndata: " + json.dumps(
        {"type": f"response.{name}", "sequence_number": n, **body}) + "\n\n"
            for n, (name, body) in enumerate(events)]


def messages():
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
             "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1}}
    events = [("message_start", {"message": start}),
              ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
              ("ping", {}),
              *(("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": word}})
                for word in WORDS),
              ("content_block_stop", {"index": 0}),
              ("message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None},
                                 "usage": {"output_tokens": 4}}),
              ("message_stop", {})]
    return [f"event: {name}\ndata: {json.dumps({'type': name, **body})}   \n\n" for name, body in events]


def ollama():
    base = {"model": "m", "created_at": "2024-05-24T20:57:43Z"}
    lines = [{**base, "message": {"role": "assistant", "content": word}, "done": False} for word in WORDS]
    lines.append({**base, "message": {"role": "assistant", "content": ""}, "done": True,
                  "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 4})
    return [json.dumps(line) + "\n" for line in lines]


class Case:
    """A call, the frames that answer it, and how frames begin that may end such a stream: None where
    any frame may. `dropped` are frames that we asked for and the client did not."""

    def __init__(self, name, path, document, frames, lasts, content_type="text/event-stream", dropped=()):
        self.name, self.path, self.document = name, path, document
        self.frames, self.lasts, self.content_type = frames, lasts, content_type
        self.dropped = dropped


def cases():
    chat_ends = ["data: [DONE]", "event: error"]
    path = "/openai/v1/chat/completions"
    asks = {"model": "m", "stream": True, "messages": USER}
    yield Case("chat", path, {**asks, "stream_options": {"include_usage": True}}, chat(True), chat_ends)
    yield Case("chat, usage taken out", path, asks, chat(True), None, dropped=(len(chat(True)) - 2,))
    yield Case("responses", "/openai/v1/responses", {"model": "m", "stream": True, "input": "Slowly."},
               responses(), ["event: response.completed", "event: response.failed",
                             "event: response.incomplete", "event: error"])
    yield Case("messages", "/anthropic/v1/messages", {**asks, "max_tokens": 9}, messages(),
               ["event: message_stop", "event: error"])
    yield Case("ollama", "/ollama/api/chat", {"model": "m", "messages": USER}, ollama(), None,
               "application/x-ndjson")
    yield Case("not known", "/openai/v1/other", asks, chat(True), [])


# ---- what must have come ----------------------------------------------------------------------

def due(case, frames, sent, had, unrecorded):
    """How many bytes the client must have when the provider has sent `sent` of these frames, and it has
    had `had` before. What has come of a frame and not gone on yet is judged by itself."""
    if unrecorded:
        return sent
    passed = at = 0
    for number, frame in enumerate(frames):
        begun = sent - at
        if begun < len(frame):  # unfinished
            gone = min(max(had - passed, 0), begun)
            rest = frame[gone:begun]
            held = case.lasts is None or any(
                last.encode().startswith(rest) or rest.startswith(last.encode()) for last in case.lasts)
            return passed + (gone if held else begun)
        at += len(frame)
        # The last one is complete: once it is on record all has come.
        passed += 0 if number in case.dropped else len(frame)
    return passed


def cuts(frames, way, chance):
    """Where the provider's pieces end."""
    whole = b"".join(frames)
    ends, at = [], 0
    if way == "frame by frame":
        for frame in frames:
            at += len(frame)
            ends.append(at)
        return ends
    most = 3 if way == "a few bytes" else 400
    while at < len(whole):
        at = min(len(whole), at + chance.randint(1, most))
        ends.append(at)
    return ends


def drive(server, provider, case, way, line_end, chance):
    frames = [frame.replace("\n", line_end).encode() for frame in case.frames]
    whole = b"".join(frames)
    unrecorded = case.lasts == []
    client = Client(server.port, case.path, case.document)
    call = provider.accept()
    call.head(200, case.content_type)
    client.head()
    took, at = [], 0
    for end in cuts(frames, way, chance):
        wanted = due(case, frames, end, len(client.received), unrecorded)
        start = time.perf_counter()
        call.chunk(whole[at:end])
        if wanted > len(client.received):
            client.until(wanted, f"{case.name}, {way}, after {whole[max(0, end - 40):end]}")
            took.append(time.perf_counter() - start)
        at = end
    call.end()
    client.finish()
    wanted = b"".join(frame for n, frame in enumerate(frames) if n not in case.dropped)
    if client.received != wanted:
        raise SystemExit(f"{case.name}, {way}: other bytes came than were sent")
    client.close()
    call.close()
    return took


def main():
    chance = random.Random(SEED)
    provider = Provider()
    toml = "".join(f'[providers.{name}]\nbase_url = "{provider.url}"\n'
                   for name in ("openai", "anthropic", "ollama"))
    calls = 0
    with tempfile.TemporaryDirectory(prefix="hansard-waits-") as folder, \
            Server(sys.argv[1], folder, toml) as server:
        for case in cases():
            took = []
            for line_end in ("\n",) if case.name == "ollama" else ("\n", "\r\n"):
                for way in ("frame by frame", "a few bytes", "many bytes"):
                    took += drive(server, provider, case, way, line_end, chance)
                    calls += 1
            took.sort()
            print(f"{case.name:22} {len(took):6} pieces  p50 {took[len(took) // 2] * 1e3:7.3f} ms  "
                  f"p99 {took[len(took) * 99 // 100] * 1e3:7.3f} ms  max {took[-1] * 1e3:7.3f} ms")
        kinds = [event["type"] for event in server.events()]
        for kind in ("ResponseRequested", "ResponseReceived"):
            if kinds.count(kind) != calls:
                raise SystemExit(f"{calls} calls, but {kinds.count(kind)} {kind}")


main()
