"""Each byte of a stream goes on before the next one has come.

The provider sends a piece only when the client has everything that may be passed on of the pieces before:
whatever waits for more than it needs waits for ever, and the deadline fails the test. What may wait is
computed here, apart from the program: of a stream that is recorded strictly the frame that ends it, until
it is on record, and the beginning of a frame that may still become it. How long bytes took is printed, as
information; a machine that builds something else meanwhile is slower, not wrong.

usage: nothing_waits.py HANSARD_BINARY
"""
import random
import sys
import tempfile
import time

import frames
from server import Server
from wire import Client, Provider

SEED = 20261122
WORDS = ["The", " answer", " is", " 42", ",\n", "Größe", " 🙂", ' "so"', " it", " went", "."] * 3
USER = [{"role": "user", "content": "Tell me, slowly."}]


class Case:
    """A call, the frames that answer it, and how frames begin that may end such a stream: None where
    any frame may. `dropped` are frames that we asked for and the client did not."""

    def __init__(self, name, path, document, pieces, lasts, content_type="text/event-stream", dropped=()):
        self.name, self.path, self.document = name, path, document
        self.frames, self.lasts, self.content_type = pieces, lasts, content_type
        self.dropped = dropped


def cases():
    chat_ends = ["data: [DONE]", "event: error"]
    path = "/openai/v1/chat/completions"
    asks = {"model": "m", "stream": True, "messages": USER}
    told = frames.chat(WORDS, True)
    yield Case("chat", path, {**asks, "stream_options": {"include_usage": True}}, told, chat_ends)
    yield Case("chat, usage taken out", path, asks, told, None, dropped=(len(told) - 2,))
    yield Case("responses", "/openai/v1/responses", {"model": "m", "stream": True, "input": "Slowly."},
               frames.responses(WORDS), ["event: response.completed", "event: response.failed",
                             "event: response.incomplete", "event: error"])
    yield Case("messages", "/anthropic/v1/messages", {**asks, "max_tokens": 9}, frames.messages(WORDS),
               ["event: message_stop", "event: error"])
    yield Case("ollama", "/ollama/api/chat", {"model": "m", "messages": USER}, frames.ollama(WORDS), None,
               "application/x-ndjson")
    yield Case("not known", "/openai/v1/other", asks, told, [])


# ---- what must have come ----------------------------------------------------------------------

def due(case, pieces, sent, had, unrecorded):
    """How many bytes the client must have when the provider has sent `sent` of these frames, and it has
    had `had` before."""
    if unrecorded:
        return sent
    passed = at = 0
    for number, frame in enumerate(pieces):
        begun = sent - at
        if begun < len(frame):  # unfinished
            gone = min(max(had - passed, 0), begun)
            rest = frame[:begun]
            held = case.lasts is None or any(
                last.encode().startswith(rest) or rest.startswith(last.encode()) for last in case.lasts)
            return passed + (gone if held else begun)
        at += len(frame)
        # The last one is complete: once it is on record all has come.
        passed += 0 if number in case.dropped else len(frame)
    return passed


def cuts(pieces, way, chance):
    """Where the provider's pieces end."""
    whole = b"".join(pieces)
    ends, at = [], 0
    if way == "frame by frame":
        for frame in pieces:
            at += len(frame)
            ends.append(at)
        return ends
    most = 3 if way == "a few bytes" else 400
    while at < len(whole):
        at = min(len(whole), at + chance.randint(1, most))
        ends.append(at)
    return ends


def drive(server, provider, case, way, line_end, chance):
    pieces = [frame.replace("\n", line_end).encode() for frame in case.frames]
    whole = b"".join(pieces)
    unrecorded = case.lasts == []
    client = Client(server.port, case.path, case.document)
    call = provider.accept()
    call.head(200, case.content_type)
    client.head()
    took, at = [], 0
    for end in cuts(pieces, way, chance):
        wanted = due(case, pieces, end, len(client.received), unrecorded)
        start = time.perf_counter()
        call.chunk(whole[at:end])
        if wanted > len(client.received):
            client.until(wanted, f"{case.name}, {way}, after {whole[max(0, end - 40):end]}")
            took.append(time.perf_counter() - start)
        at = end
    call.end()
    client.finish()
    wanted = b"".join(frame for n, frame in enumerate(pieces) if n not in case.dropped)
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
