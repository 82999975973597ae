"""Every conversation set in, the same conversations out.

Imports the shared files that these formats cover into one new store, reads every conversation back
and compares it with what the *_expected.py beside it say about the files: messages, roles, texts,
thoughts, tool calls, arguments, results, usage, models, times, tags, scores, the paths through every
tree, and that nothing is said which a file does not say. Imports again and expects nothing new;
imports the first half of every file into a second store and then the whole, and expects the rest to
be new and the conversations to be equal. Prints counts by file and by format and everything that is
not represented, with its reason.

The shared files have no tree and no export of ChatGPT; golden files stand in for those.

usage: compare_sets.py HANSARD_BINARY    (needs HANSARD_SHARED_DATA, the folder with the files)
"""
import collections
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile

import langfuse_expected
import sets_expected
import trees_expected

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
SETS = [
    ("sharegpt_fastchat_dummy.json.zst", sets_expected.sharegpt),
    ("mt_bench_question.jsonl.zst", sets_expected.questions),
    ("mt_bench_reference_answer_gpt-4.jsonl.zst", sets_expected.reference_answers),
    ("arena_hard_v01_question.jsonl.zst", sets_expected.questions),
    ("arena_hard_v01_gpt-3.5-turbo-0125.jsonl.zst", sets_expected.arena_answers),
    ("arena_hard_v01_gpt-4-0314.jsonl.zst", sets_expected.arena_answers),
    ("arena_hard_v01_gpt-4-0613.jsonl.zst", sets_expected.arena_answers),
    ("MockAirlineDomainEnv_few_shot.jsonl.zst", sets_expected.dialogues),
    ("sweagent_trajectories.jsonl.zst", sets_expected.trajectories),
    ("inspect_eval_logs.jsonl.zst", sets_expected.inspect_logs),
    ("inspect_eval/log_formats.eval", sets_expected.inspect_logs),
    ("inspect_eval/log_message_deduplication.eval", sets_expected.inspect_logs),
    ("inspect_eval/log_streaming.eval", sets_expected.inspect_logs),
    ("langfuse_framework_traces.jsonl.zst", langfuse_expected.traces),
    ("tau_airline_gpt4o.jsonl.zst", sets_expected.task_runs),
    ("claude_code/bookminder_file_ops_session.jsonl", trees_expected.claude_code),
    ("claude_code/bookminder_minimal_session.jsonl", trees_expected.claude_code),
    ("claude_code/representative_messages.jsonl", trees_expected.claude_code),
    ("claude_code/session_b.jsonl", trees_expected.claude_code),
    ("codex/rollout_synthetic.jsonl", trees_expected.codex),
    ("golden/claude_code.jsonl", trees_expected.claude_code),
    ("golden/codex.jsonl", trees_expected.codex),
    ("golden/chatgpt.json", trees_expected.chatgpt),
]
# What else the folder holds.
OTHERS = {
    "http_exchanges.jsonl.zst": "requests and replies of providers: for the gateway",
    "streams": "replies of providers: for the gateway",
    "vercel_ai_stream_fixtures.jsonl.zst": "replies of providers: for the gateway",
    "tensorzero_mock": "replies of a provider, and data points of a format that is not read",
    "otlp": "telemetry without conversations",
    "prices": "price lists",
    "README.md": "about the folder",
}
GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden" / "import"


def run(binary, *arguments):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True)
    # 3 tells of records that were refused; the report names them.
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def expect(found, wanted, where):
    if found != wanted:
        raise SystemExit(f"{where}\n  found:  {str(found)[:2000]}\n  wanted: {str(wanted)[:2000]}")


# ---- files -------------------------------------------------------------------------------------

def path_of(folder, name):
    return GOLDEN / name[len("golden/"):] if name.startswith("golden/") else folder / name


def text_of(path):
    if path.suffix != ".zst":
        return path.read_text()
    return subprocess.run(["zstdcat", str(path)], capture_output=True, check=True).stdout.decode()


def half_of(path):
    """What the file may have been before it grew; nothing for a form that does not grow."""
    if path.suffix == ".eval":
        return None
    text = text_of(path)
    if path.name.endswith((".json.zst", ".json")):
        records = json.loads(text)
        return json.dumps(records[:(len(records) + 1) // 2])
    lines = text.splitlines(keepends=True)
    return "".join(lines[:(len(lines) + 1) // 2])


def records_of(path):
    """The parsed records of a file; for logs pairs of header and samples. Second: records that are
    no conversation, which must be refused."""
    if path.suffix == ".eval":
        archive = zipfile.ZipFile(path)
        names = [name for name in archive.namelist() if name.startswith("samples/")]
        samples = [json.loads(archive.read(name)) for name in names]
        return [(json.loads(archive.read("header.json")), samples)], 0
    text = text_of(path)
    if path.name.endswith((".json.zst", ".json")):
        return json.loads(text, parse_float=sets_expected.Exact), 0
    records = [json.loads(line, parse_float=sets_expected.Exact)
               for line in text.split("\n") if line]
    if "log" not in records[0]:
        return records, 0
    logs = [record for record in records if "eval" in record["log"]]
    return ([({**each["log"], "path": each["path"]}, each["log"]["samples"]) for each in logs],
            len(records) - len(logs))


# ---- the store ---------------------------------------------------------------------------------

class Server:
    """All conversations of a store, over HTTP: one process for thousands of them."""

    def __init__(self, binary, data):
        self.process = subprocess.Popen(
            [binary, "serve", "--data", data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def history(self, name):
        path = "/v1/sessions/" + urllib.parse.quote(name, safe="") + "/history"
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"GET {path}: {answer.status} {text.decode()}")
        return json.loads(text)

    def stop(self):
        self.process.terminate()
        expect(self.process.wait(timeout=60), 0, "exit code of the server")


def turns_of(history):
    """What was said and done, in the order of the record: (role, text, calls, result, message)."""
    items = []
    for message in history["messages"]:
        texts = [part["text"] for part in message["parts"] if part["type"] == "text"]
        calls, others = [], []
        message["thoughts"] = [part["text"] for part in message["parts"]
                               if part["type"] == "thinking"]
        for part in message["parts"]:
            if part["type"] == "tool_call" and "tool" in part:
                calls.append((part["tool"], part["arguments"]))
                if "outcome" in part:
                    result = part["error"] if "error" in part else part["result"]
                    items.append((part["outcome"]["position"],
                                  ("tool", None, [], result, part["outcome"])))
            elif part["type"] == "tool_result":
                result = part["error"] if "error" in part else part["result"]
                items.append((message["position"], ("tool", None, [], result, message)))
            elif part["type"] not in ("text", "thinking", "image"):
                others.append(part["type"])
        assert not others, f"parts that these files do not have: {others}"
        if message["role"] != "tool":
            items.append((message["position"],
                          (message["role"], "\n".join(texts), calls, None, message)))
    return [item for _, item in sorted(items, key=lambda pair: pair[0])]


def as_json(value):
    """Arguments may be given as JSON or as text of it."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def compare_turn(found, wanted, where):
    role, text, calls, result, message = found
    expect(role, wanted.role, f"{where}: role")
    expect(text or "", wanted.text or "", f"{where}: text")
    expect([(tool, as_json(arguments)) for tool, arguments in calls],
           [(tool, as_json(arguments)) for tool, arguments in wanted.calls], f"{where}: calls")
    expect(result, wanted.result, f"{where}: result")
    time = wanted.facts["occurred_at"]
    if time != "any":
        expect(message.get("occurred_at"), time, f"{where}: time")
    if "thoughts" in wanted.facts:
        expect(message["thoughts"], wanted.facts["thoughts"], f"{where}: thoughts")
    if role != "assistant":
        return
    expect(message.get("model"), wanted.facts["model"], f"{where}: model")
    if "call_id" in wanted.facts:
        expect(message["call_id"], wanted.facts["call_id"], f"{where}: call")
    usage, raw = message.get("usage"), wanted.facts["raw_usage"]
    expect(usage is None, raw is None, f"{where}: usage is there")
    if raw is not None:
        total = raw.get("total_tokens", raw.get("total"))
        expect(usage["input"] + usage["output"], total, f"{where}: sum of tokens")
    elif time is None:
        assert "latency_us" not in message and "ttft_us" not in message, f"{where}: latency"


def compare(session, history, where, counts):
    found = turns_of(history)
    if session.exact:
        expect([(turn[0], turn[1] or "") for turn in found],
               [(turn.role, turn.text or "") for turn in session.turns], f"{where}: turns")
        pairs = list(zip(found, session.turns))
    else:
        pairs = pick(found, session, where)
    for index, (one, wanted) in enumerate(pairs):
        compare_turn(one, wanted, f"{where}: turn {index}")
        counts[wanted.role] += 1
        counts["tool calls"] += len(wanted.calls)
        counts["answers with usage"] += wanted.facts["raw_usage"] is not None
    for key, value in session.tags.items():
        expect(history.get("tags", {}).get(key), value, f"{where}: tag {key}")
    for key, value in session.metadata.items():
        expect(history.get("metadata", {}).get(key), value, f"{where}: {key}")
    scores = [(e["name"], e["value"]) for e in history["events"] if e["type"] == "ScoreRecorded"]
    expect(sorted(scores, key=str), sorted(session.scores, key=str), f"{where}: scores")
    counts["scores"] += len(scores)
    ended = [event["reason"] for event in history["events"] if event["type"] == "SessionEnded"]
    if hasattr(session, "end"):
        expect(ended, [session.end] if session.end else [], f"{where}: end")
    if session.attached_here is not None:
        expect(sum(attached_in(history).values()), session.attached_here, f"{where}: attached")
    for text in getattr(session, "asked", []):
        said = [turn[1] for turn in found if turn[0] == "user"]
        expect(text in said, True, f"{where}: {text!r} was asked, found {said}")


def pick(found, session, where):
    """Pairs each wanted answer and result with its own; other turns are what calls were sent."""
    pairs = []
    for wanted in session.turns:
        if wanted.role == "tool":
            same = [turn for turn in found if turn[0] == "tool" and turn[3] == wanted.result]
        else:
            same = [turn for turn in found if turn[4].get("call_id") == wanted.facts["call_id"]]
        expect(len(same), 1, f"{where}: {wanted.role} {wanted.text!r} {wanted.result!r}")
        pairs.append((same[0], wanted))
    answers = sum(turn[0] == "assistant" for turn in found)
    expect(answers, sum(turn.role == "assistant" for turn in session.turns), f"{where}: answers")
    return pairs


# ---- the check ---------------------------------------------------------------------------------

def check_set(name, expected, histories, by_turns):
    counts = collections.Counter()
    seen = set()
    for session in expected:
        if session.name is None:
            key = json.dumps([(turn.role, turn.text or "") for turn in session.turns])
            if not by_turns.get(key):
                raise SystemExit(f"{name}: no conversation says {key[:1000]}")
            history = by_turns[key].pop()
        else:
            history = histories.get(session.name)
            if history is None:
                raise SystemExit(f"{name}: no session {session.name}")
        where = f"{name}, {history['session_id']}"
        repeated = history["session_id"] in seen  # a file may hold a conversation twice
        seen.add(history["session_id"])
        compare(session, history, where, collections.Counter() if repeated else counts)
        counts["conversations"] += not repeated
    return counts, seen


def attached_in(history):
    """Reasons of what stands beside a conversation."""
    reasons = collections.Counter(event["metadata"]["reason"] for event in history["events"]
                                  if event["type"] == "RecordAttached")
    orphans = sum(part.get("orphan", False) for message in history["messages"]
                  for part in message["parts"])
    reasons["a tool result whose call the file does not show"] += orphans
    return reasons


def import_file(binary, data, path):
    return json.loads(run(binary, "import", "--data", data, "--json", str(path)))["files"][0]


def everything(binary, data):
    """The histories of a store by session."""
    listed = run(binary, "sessions", "--all", "--json", "--data", data).splitlines()
    names = [json.loads(line)["session_id"] for line in listed]
    server = Server(binary, data)
    histories = {name: server.history(name) for name in names}
    server.stop()
    return histories


def said_in(history):
    return [turn[:4] for turn in turns_of(history)]


def check_growth(binary, folder, work, histories, reports):
    """The first half of every file, then the whole: only the rest is new, and all is equal."""
    data, added = f"{work}/grown", {}
    for name, _ in SETS:
        half = half_of(path_of(folder, name))
        if half is None:
            import_file(binary, data, path_of(folder, name))
            continue
        early = pathlib.Path(work) / name.replace("/", "-").removesuffix(".zst")
        early.write_text(half)
        before = import_file(binary, data, early)
        after = import_file(binary, data, path_of(folder, name))
        added[name] = (before["new_events"], after["new_events"])
        expect(sum(added[name]), reports[name]["new_events"], f"{name}: events of both halves")
    # Names made of a keyed hash are another store's own.
    found = sorted(json.dumps(said_in(each)) for each in everything(binary, data).values())
    wanted = sorted(json.dumps(said_in(each)) for each in histories.values())
    for one, other in zip(found, wanted):
        expect(one, other, "conversations after the files have grown")
    expect(len(found), len(wanted), "conversations after the files have grown")
    return added


def main():
    folder = pathlib.Path(os.environ.get("HANSARD_SHARED_DATA") or "/nowhere")
    if not all(path_of(folder, name).is_file() for name, _ in SETS):
        print("skipped: HANSARD_SHARED_DATA does not name a folder with the conversation sets")
        return SKIPPED
    if shutil.which("zstdcat") is None:
        print("skipped: zstdcat is not installed")
        return SKIPPED
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as work:
        data, reports, all_expected = f"{work}/data", {}, {}
        beside = collections.defaultdict(set)
        for name, reader in SETS:
            path = path_of(folder, name)
            records, refused = records_of(path)
            all_expected[name] = list(reader(records))
            reports[name] = import_file(binary, data, path)
            expect(reports[name]["failed"], refused, f"{name}: records refused")
            expect((reports[name]["attached"], reports[name]["unplaced"]),
                   (sum(session.attached for session in all_expected[name]), 0),
                   f"{name}: attached, left out")
            for session in all_expected[name]:
                beside[session.name] |= session.records or set()
        # Several files may show one evaluation, and different versions of a tool wrote them.
        for session in sum(all_expected.values(), []):
            if session.records is not None:
                session.attached_here = len(beside[session.name])
        histories = everything(binary, data)
        by_turns = collections.defaultdict(list)
        for history in histories.values():
            said = [(turn[0], turn[1] or "") for turn in turns_of(history)]
            by_turns[json.dumps(said)].append(history)
        known, by_format = set(), collections.defaultdict(collections.Counter)
        for name, _ in SETS:
            counts, seen = check_set(name, all_expected[name], histories, by_turns)
            known |= seen
            by_format[reports[name]["format"]] += counts
            print(f"{name}: equal")
            print("  " + ", ".join(f"{count} {what}" for what, count in counts.items() if count))
            beside = sum((attached_in(histories[each]) for each in seen), collections.Counter())
            for reason, count in beside.most_common():
                print(f"  attached: {count} x {reason}")
            for failure in reports[name].get("failures", []):
                print(f"  refused: line {failure['line']}: {failure['reason']}")
        expect(sorted(set(histories) - known), [], "conversations that no file has")
        for name, _ in SETS:
            again = import_file(binary, data, path_of(folder, name))
            expect(again["new_events"], 0, f"{name}: new events when imported again")
        for name, (before, after) in check_growth(binary, folder, work, histories,
                                                  reports).items():
            print(f"{name}: grown, {before} events of the first half, then {after} new")
        verified = json.loads(run(binary, "verify", "--data", data, "--json"))
        covered = {name.split("/")[0] for name, _ in SETS}
        for path in sorted(each for each in folder.iterdir() if each.name not in covered):
            print(f"{path.name}: not imported, {OTHERS.get(path.name, 'no set that is known')}")
        for each, counts in sorted(by_format.items()):
            print(f"{each}: " + ", ".join(f"{n} {what}" for what, n in counts.items() if n))
        print(f"twice is once; {verified['events']} events verified")
    return 0


if __name__ == "__main__":
    sys.exit(main())
