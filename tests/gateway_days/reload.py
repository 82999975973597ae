"""SIGHUP applies what the configuration says of providers; no call is dropped for it.

A stream that was under way before goes on to its end from the provider it began with; the next call goes
to the new address. A configuration that is wrong in one place changes nothing, and the log says where.
The SIGHUP with which a terminal goes still ends the server.

usage: reload.py HANSARD_BINARY
"""
import json
import os
import pty
import signal
import sys
import tempfile

from server import Server, eventually
from wire import Client, Provider

SAID = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
PATH = "/openai/v1/chat/completions"


GONE = '[providers.gone]\nbase_url = "http://127.0.0.1:1"\ndialect = "openai"\n'


def chunk(delta, finish=None):
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"data: {json.dumps(body)}\n\n".encode()


def toml(provider, more=""):
    return f'[providers.openai]\nbase_url = "{provider.url}"\n{more}'


def reload(server, text, wanted):
    """Sends SIGHUP with this configuration; gives what the log says of it."""
    server.configure(text)
    server.process.send_signal(signal.SIGHUP)
    return json.loads(server.wait_for_log(wanted))["message"]


def answered_by(server, provider, text):
    """One call goes to this provider."""
    client = Client(server.port, PATH, SAID)
    call = provider.accept()
    call.answer(200, {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
                      "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                                   "finish_reason": "stop"}]})
    client.head()
    client.finish()
    client.close()
    call.close()
    return client.status


def must(condition, what):
    if not condition:
        raise SystemExit(what)


def waited(child):
    pid, status = os.waitpid(child, os.WNOHANG)
    return (pid, status) if pid else None


def ends_with_its_terminal(binary, folder):
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(binary, [binary, "serve", "--data", "data", "--listen", "127.0.0.1:0"])
    try:
        told = b""
        while b"listens on" not in told:
            told += os.read(terminal, 4096)
        os.kill(child, signal.SIGHUP)
        while b"read again" not in told:
            told += os.read(terminal, 4096)
        os.close(terminal)
        _, status = eventually(lambda: waited(child), "it outlives its terminal")
        must(os.waitstatus_to_exitcode(status) == 0, f"it ended with {status}")
    except SystemExit:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise


def main():
    old, new = Provider(), Provider()
    with tempfile.TemporaryDirectory(prefix="hansard-reload-") as folder, \
            Server(sys.argv[1], folder, toml(old, GONE),
                   "--log-level", "info") as server:
        slow = Client(server.port, PATH, {**SAID, "stream": True, "stream_options": {"include_usage": True}})
        stream = old.accept()
        stream.head(200, "text/event-stream")
        first = chunk({"role": "assistant", "content": "before"})
        stream.chunk(first)
        slow.head()
        slow.until(len(first))

        told = reload(server, toml(new, '[providers.more]\nscript = "builtin"\ndialect = "ollama"\n'),
                      "providers read again: ")
        must(told == "providers read again: openai changed, gone removed, more added", told)
        must(answered_by(server, new, "from the new one") == 200, "the new provider's answer did not come")
        status, _, body = server.post("/p/more/api/chat", {**SAID, "stream": False})
        must(status == 200 and b"You said: hi" in body, f"the script says {status} {body}")
        status, _, body = server.post("/p/gone/v1/chat/completions", SAID)
        must(status == 404, f"a provider that is gone answers {status} {body}")

        for wrong, why in ((toml(old, '[providers.bad]\nbase_url = "nonsense"\ndialect = "openai"\n'), "providers.bad.base_url"),
                           (toml(old, '[providers.bad]\nscript = "missing.ndjson"\n'),
                            "providers.bad.script"),
                           ("[providers.openai\n", "hansard.toml:")):
            told = reload(server, wrong, why)
            must(told.startswith("providers stay as they were: "), told)
            must(answered_by(server, new, "still") == 200, "the old settings are gone")

        rest = chunk({"content": " and after"}) + chunk({}, "stop") + b"data: [DONE]\n\n"
        stream.chunk(rest)
        stream.end()
        slow.finish()
        must(slow.received == first + rest, "the stream did not go on as it began")
        slow.close()
        texts = ["".join(part["text"] for part in event["content"]["parts"]) for event in server.events()
                 if event["type"] == "ResponseReceived"]
        must("before and after" in texts, f"not on record: {texts}")
    with tempfile.TemporaryDirectory(prefix="hansard-reload-") as folder:
        ends_with_its_terminal(os.path.abspath(sys.argv[1]), folder)
    print("5 reloads, one stream across all of them")


main()
