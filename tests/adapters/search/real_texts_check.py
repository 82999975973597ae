"""Real conversations are searched, and what is found is what reading every text finds.

Imports recordings, starts a server, waits for its index, reads the whole log as lines, cuts every text
into words by Python's own tables, and compares words, phrases, beginnings and characters, drawn from
the texts with a seed. Prints how long the searches took.

usage: real_texts_check.py HANSARD_BINARY    (needs HANSARD_SHARED_DATA, the folder with recordings)
"""
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.parse

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
SEED = 20261121
QUERIES = 400
FILES = [
    "tau_airline_gpt4o.jsonl.zst", "MockAirlineDomainEnv_few_shot.jsonl.zst",
    "arena_hard_v01_gpt-4-0613.jsonl.zst", "sharegpt_fastchat_dummy.json.zst",
    "sweagent_trajectories.jsonl.zst", "http_exchanges.jsonl.zst", "claude_code", "codex",
]


def lines_of(value, key=""):
    """Values with their keys, as people read them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from lines_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from lines_of(inner, key)
    elif isinstance(value, str) and value:
        yield f"{key}: {value}" if key else value


def parsed(text):
    return json.loads(text, parse_int=str, parse_float=str)


def payload_lines(value):
    if not isinstance(value, str):
        return list(lines_of(value))
    if value.lstrip(" \t\r\n")[:1] in ("{", "["):
        try:
            return list(lines_of(parsed(value)))
        except ValueError:
            pass
    return [value]


def text_of(event):
    """What an event says; nothing where it is no text."""
    content = event.get("content", {})
    kind = event["type"]
    if kind in ("MessageSent", "ResponseReceived", "ResponseFailed"):
        lines = [part.get("text", "") for part in content.get("parts", [])
                 if part.get("type") in ("text", "thinking", "refusal")]
    elif kind == "SessionConfigured":
        lines = [content.get("system", "")]
    elif kind in ("ToolCalled", "ToolCompleted", "ToolFailed"):
        name = {"ToolCalled": "arguments", "ToolCompleted": "output", "ToolFailed": "error"}[kind]
        lines = payload_lines(content[name]) if name in content else []
    else:
        return None
    return "\n".join(lines)


def stands_alone(char):
    """Of a script without spaces."""
    code = ord(char)
    return (0x0E00 <= code <= 0x0EFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x17FF
            or 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF
            or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF)


def plain(word):
    return "".join(c for c in unicodedata.normalize("NFD", word.lower())
                   if not unicodedata.combining(c)).encode()[:128].decode(errors="ignore")


def words_of(text):
    out, word = [], ""
    for char in text:
        category = unicodedata.category(char)
        part = category[0] in "LN" or category in ("Mn", "Mc", "Co")
        if part and not stands_alone(char):
            word += char
            continue
        if word:
            out.append(plain(word))
            word = ""
        if stands_alone(char):
            out.append(char)
    if word:
        out.append(plain(word))
    return out


def draw(rng, texts):
    """A query, and the words in a row that it asks for, the last perhaps only begun."""
    words = texts[rng.choice(list(texts))]
    if not words:
        return None
    at = rng.randrange(len(words))
    length = rng.choice([1, 1, 1, 2, 2, 3])
    wanted = words[at:at + length]
    chinese = all(len(word) == 1 and stands_alone(word) for word in wanted)
    if not chinese and not all(re.fullmatch("[a-z0-9]+", word) for word in wanted):
        return None
    if chinese:
        return "".join(wanted), wanted, False
    if length == 1 and len(wanted[0]) > 2 and rng.random() < 0.4:
        cut = rng.randint(2, len(wanted[0]))
        return wanted[0][:cut] + "*", [wanted[0][:cut]], True
    return ('"' + " ".join(wanted) + '"' if len(wanted) > 1 else wanted[0]), wanted, False


def has(words, wanted, begun):
    length = len(wanted)
    for at in range(len(words) - length + 1):
        if begun:
            if words[at].startswith(wanted[0]):
                return True
        elif words[at:at + length] == wanted:
            return True
    return False


class Server:
    def __init__(self, binary, data):
        self.process = subprocess.Popen(
            [binary, "serve", "--data", data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def get(self, target):
        self.connection.request("GET", target)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{target}: {answer.status} {body.decode()}")
        return body

    def stop(self):
        self.process.terminate()
        self.process.wait()


def search(server, query, end):
    found, cursor = set(), None
    while True:
        asked = {"q": query, "limit": 100, "at_least": end}
        if cursor:
            asked["cursor"] = cursor
        answer = json.loads(server.get("/v1/search?" + urllib.parse.urlencode(asked)))
        found.update(hit["position"] for hit in answer["hits"])
        cursor = answer.get("next")
        if not cursor:
            return found


def main():
    binary = sys.argv[1]
    folder = os.environ.get("HANSARD_SHARED_DATA", "")
    if not folder:
        print("skipped: HANSARD_SHARED_DATA is not set")
        return SKIPPED
    scratch = tempfile.mkdtemp(prefix="hansard-search-")
    data = str(pathlib.Path(scratch) / "data")
    server = None
    try:
        files = [str(pathlib.Path(folder) / name) for name in FILES]
        subprocess.run([binary, "import", *files, "--data", data], check=True,
                       stdout=subprocess.DEVNULL)
        server = Server(binary, data)
        events = [parsed(line) for line in server.get("/v1/events?from=0").decode().split("\n") if line]
        end = int(events[-1]["position"]) + 1
        texts = {}
        for event in events:
            text = text_of(event)
            if text:
                texts[int(event["position"])] = words_of(text)
        rng = random.Random(SEED)
        took, hits, done = [], 0, 0
        while done < QUERIES:
            drawn = draw(rng, texts)
            if drawn is None:
                continue
            query, wanted, begun = drawn
            expected = {at for at, words in texts.items() if has(words, wanted, begun)}
            found = search(server, query, end)
            start = time.perf_counter()
            server.get("/v1/search?" + urllib.parse.urlencode({"q": query}))
            took.append((time.perf_counter() - start) * 1000)
            if found != expected:
                raise SystemExit(f"seed {SEED}, query {query!r}: only found {sorted(found - expected)[:5]}, "
                                 f"not found {sorted(expected - found)[:5]}")
            hits += len(found)
            done += 1
        took.sort()
        print(f"{len(texts)} texts, {sum(map(len, texts.values()))} words; {done} searches, {hits} hits; "
              f"20 hits over HTTP p50 {took[len(took) // 2]:.2f} ms, p95 {took[len(took) * 95 // 100]:.2f} ms")
        return 0
    finally:
        if server:
            server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
