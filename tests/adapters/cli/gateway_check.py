"""Conversations through the gateway, without ids, interleaved, with a kill: the same come out.

A stub provider answers with what the recording says next. Sixteen clients drive one conversation each,
turn by turn, resending the whole history with every call as chat libraries do; the server is killed
and started again on the way, and clients send what broke again. Afterwards the log must hold exactly
these conversations, as a multiset of their messages, each message stored once, and every call an
outcome.

usage: gateway_check.py HANSARD_BINARY [--real]
       --real: the tau-bench recording (needs HANSARD_SHARED_DATA); else small ones made up here
"""
import atexit
import collections
import http.client
import http.server
import json
import os
import pathlib
import random
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading

FILE = "tau_airline_gpt4o.jsonl.zst"
SKIPPED = 77  # ctest's SKIP_RETURN_CODE
CLIENTS = 16
SEED = 20261121
PATIENCE = 30


# ---- conversations ----------------------------------------------------------------------------

def real():
    folder = os.environ.get("HANSARD_SHARED_DATA")
    if not folder or not (pathlib.Path(folder) / FILE).exists():
        print("skipped: HANSARD_SHARED_DATA does not name the folder with the recording")
        raise SystemExit(SKIPPED)
    lines = subprocess.run(["zstd", "-dcq", str(pathlib.Path(folder) / FILE)],
                           capture_output=True, check=True).stdout.splitlines()
    return [json.loads(line)["traj"] for line in lines]


def made_up(count):
    """Some begin alike, and two of them say the same all the way."""
    chance = random.Random(SEED)
    conversations = []
    for number in range(count):
        topic = number // 2 if number < 8 else number
        messages = [{"role": "system", "content": "You book tables."},
                    {"role": "user", "content": f"A table for {topic}, please"}]
        for turn in range(chance.randrange(2, 7)):
            name = f"{number}.{turn}"
            if chance.random() < 0.5:
                call = {"id": f"call_{turn}", "type": "function",
                        "function": {"name": "find", "arguments": json.dumps({"near": name})}}
                messages += [{"role": "assistant", "content": None, "tool_calls": [call]},
                             {"role": "tool", "tool_call_id": call["id"], "name": "find",
                              "content": f"found {name}"}]
            messages += [{"role": "assistant", "content": f"Here is {name}."},
                         {"role": "user", "content": "And then?" if turn else f"More of {name}"}]
        conversations.append(messages[:-1])
    conversations.append(conversations[-1])
    return conversations


def said(message):
    calls = [(c["function"]["name"], c["function"]["arguments"])
             for c in message.get("tool_calls") or []]
    return (message["role"], message.get("content"), tuple(calls))


# ---- the provider -----------------------------------------------------------------------------

class Provider(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers a call with the message that follows its history. `X-Conversation` tells which, since
    several may begin alike; the gateway passes it on and makes nothing of it."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, conversations):
        self.conversations = conversations
        self.calls = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                conversation = self.server.conversations[int(self.headers["X-Conversation"])]
                self.server.calls += 1
                self.answer(conversation[len(body["messages"])], body.get("stream"))

            def answer(self, message, stream):
                finish = "tool_calls" if message.get("tool_calls") else "stop"
                base = {"id": "chatcmpl-x", "created": 1, "model": "gpt-4o"}
                usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
                if not stream:
                    body = json.dumps({**base, "object": "chat.completion", "choices": [
                        {"index": 0, "message": {**message, "refusal": None},
                         "finish_reason": finish}], "usage": usage}).encode()
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                deltas = [{"role": "assistant", "content": "" if message["content"] else None}]
                text = message["content"] or ""
                deltas += [{"content": text[at:at + 7]} for at in range(0, len(text), 7)]
                for index, call in enumerate(message.get("tool_calls") or []):
                    function = call["function"]
                    deltas.append({"tool_calls": [{**call, "index": index, "function": {
                        "name": function["name"], "arguments": ""}}]})
                    deltas.append({"tool_calls": [{"index": index, "function": {
                        "arguments": function["arguments"]}}]})
                chunks = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
                chunks.append({"index": 0, "delta": {}, "finish_reason": finish})
                events = [json.dumps({**base, "object": "chat.completion.chunk", "choices": [chunk]})
                          for chunk in chunks]
                events.append(json.dumps({**base, "object": "chat.completion.chunk", "choices": [],
                                          "usage": usage}))
                for event in events + ["[DONE]"]:
                    data = f"data: {event}\n\n".encode()
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.write(b"0\r\n\r\n")

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a server that was killed hangs up on us


# ---- the server -------------------------------------------------------------------------------

class Server:
    def __init__(self, binary, folder, provider_port):
        self.binary, self.folder = binary, folder
        (folder / "hansard.toml").write_text(
            f'[providers.openai]\nbase_url = "http://127.0.0.1:{provider_port}"\n')
        self.port = None
        self.start()

    def start(self):
        address = f"127.0.0.1:{self.port or 0}"
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", str(self.folder / "data"), "--listen", address],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the server did not start")
        self.port = int(line.strip().rsplit(":", 1)[1])

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


class Clients:
    def __init__(self, server, conversations):
        self.server, self.conversations = server, conversations
        self.waiting = collections.deque(range(len(conversations)))
        self.answered = 0
        self.broken = 0
        self.lock = threading.Condition()
        self.failure = None

    def call(self, number, messages):
        """One call, sent again until it is answered."""
        body = {"model": "gpt-4o", "messages": messages, "tools": TOOLS}
        if number % 2:
            body["stream"] = True
        retries = 0
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
            try:
                # As client libraries count; a call that broke off may have been answered all the same.
                connection.request("POST", "/openai/v1/chat/completions", json.dumps(body), {
                    "Content-Type": "application/json", "X-Conversation": str(number),
                    "x-stainless-retry-count": str(retries)})
                answer = connection.getresponse()
                text = answer.read().decode()
                if answer.status == 200 and (not body.get("stream") or "[DONE]" in text):
                    return
                if answer.status != 200 and answer.status != 503:
                    raise SystemExit(f"{answer.status} {text}")
            except (OSError, http.client.HTTPException):
                pass  # killed; the next one listens soon
            finally:
                connection.close()
            retries += 1
            with self.lock:
                self.broken += 1
                self.lock.wait(0.05)

    def drive(self):
        try:
            while True:
                with self.lock:
                    if not self.waiting:
                        return
                    number = self.waiting.popleft()
                conversation = self.conversations[number]
                for at, message in enumerate(conversation):
                    if message["role"] != "assistant":
                        continue
                    self.call(number, conversation[:at])
                    with self.lock:
                        self.answered += 1
                        self.lock.notify_all()
        except BaseException as failure:  # told by the main thread
            with self.lock:
                self.failure = failure
                self.lock.notify_all()

    def run(self, kill_at):
        threads = [threading.Thread(target=self.drive) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for target in kill_at:
            with self.lock:
                self.lock.wait_for(lambda: self.answered >= target or self.failure)
            self.server.kill()
            self.server.start()
        for thread in threads:
            thread.join()
        if self.failure:
            raise self.failure


TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {
    "type": "object", "properties": {"near": {"type": "string"}}}}}]


# ---- what came of it --------------------------------------------------------------------------

def recorded(binary, folder, server):
    """Each session: all of it, and what a model would be sent next. An answer that was lost on its
    way and given again is in the one twice, in the other once."""
    def run(*arguments):
        done = subprocess.run([binary, *arguments, "--data", str(folder / "data"), "--json"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    for row in run("sessions", "--all"):
        if "session_id" in row:
            name = row["session_id"]
            yield name, run("show", name)[0], server.get(f"/v1/sessions/{name}/context")


def messages_of(window):
    items = []
    system = window["config"].get("system")
    for message in window["messages"]:
        texts = [p["text"] for p in message["parts"] if p["type"] == "text"]
        calls = [(p["tool"], p["arguments"]) for p in message["parts"] if p["type"] == "tool_call"]
        items.append((message["position"],
                      (message["role"], texts[0] if texts else None, tuple(calls))))
        for part in message["parts"]:
            if part["type"] == "tool_call" and "outcome" in part:
                items.append((part["outcome"]["position"], ("tool", part["result"], ())))
    return ((("system", system, ()),) if system else ()) + tuple(
        item for _, item in sorted(items, key=lambda pair: pair[0]))


def own(item):
    """A fork shows what it inherited, too."""
    return "inherited_from" not in item


def main():
    binary = sys.argv[1]
    conversations = real() if "--real" in sys.argv[2:] else made_up(24)
    # What follows the last answer is never sent to a model.
    for conversation in conversations:
        while conversation[-1]["role"] != "assistant":
            conversation.pop()
    answers = sum(m["role"] == "assistant" for c in conversations for m in c)
    with tempfile.TemporaryDirectory(prefix="hansard-gateway-") as name:
        folder = pathlib.Path(name)
        provider = Provider(conversations)
        server = Server(binary, folder, provider.server_address[1])
        atexit.register(server.kill)  # whatever else goes wrong
        clients = Clients(server, conversations)
        clients.run([answers // 3, 2 * answers // 3])

        wanted = collections.Counter(tuple(said(m) for m in c) for c in conversations)
        # Of two that say the same all the way nobody can tell whose lost answer is asked for again:
        # where both ask after a kill, one may go on where the other was, and leave its own behind.
        twins = [c for c, count in wanted.items() if count > 1]
        found, kinds, stored, forks = collections.Counter(), collections.Counter(), 0, 0
        for session_name, session, window in recorded(binary, folder, server):
            forks += "forked_from" in session
            messages = messages_of(window)
            left = any(messages == twin[:len(messages)] for twin in twins) and messages not in twins
            found[messages] += not left
            stored += sum(m["role"] != "assistant" for m in session["messages"]) * (not left)
            events = collections.Counter(e["type"] for e in session["events"] if own(e))
            made = {e["call_id"] for e in session["events"]
                    if e["type"] == "ResponseRequested" and own(e)}
            events["answers"] = sum(m["role"] == "assistant" and m.get("call_id") in made
                                    for m in session["messages"])
            kinds += events
            kept = events["ResponseRequested"] - events["answers"] - events["ResponseFailed"]
            if kept:
                raise SystemExit(f"{session_name}: {kept} calls without an outcome")
        server.stop()
        sent = sum(m["role"] == "user" for c in conversations for m in c)
        print(f"{len(conversations)} conversations, {answers} answers, {provider.calls} calls of the "
              f"provider, {clients.broken} broken; {dict(kinds)}; {forks} forks")
        missing, extra = wanted - found, found - wanted
        for which, those in (("missing", missing), ("extra", extra)):
            for conversation in list(those)[:3]:
                print(which, len(conversation), json.dumps(conversation)[:1500])
        if missing or extra:
            raise SystemExit(f"{sum(missing.values())} missing, {sum(extra.values())} extra")
        if stored != sent:
            raise SystemExit(f"{stored} messages of users stored, {sent} said")


main()
