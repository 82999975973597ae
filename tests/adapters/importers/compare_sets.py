"""Every conversation set in, the same conversations out.

Imports the shared files that these formats cover into one new store, reads every conversation back
and compares it with what sets_expected.py and langfuse_expected.py say about the files: messages,
roles, texts, tool calls, arguments, results, usage, models, times, tags, scores, and that nothing is
said which a file does not say. Imports again and expects nothing new. Prints counts by file and
everything that is not represented, with its reason.

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
]


def run(binary, *arguments):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True)
    # 4 tells of records that were refused; the report names them.
    if done.returncode not in (0, 4):
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def expect(found, wanted, where):
    if found != wanted:
        raise SystemExit(f"{where}\n  found:  {str(found)[:2000]}\n  wanted: {str(wanted)[:2000]}")


# ---- files -------------------------------------------------------------------------------------

def records_of(path):
    """The parsed records of a file; for logs pairs of header and samples. Second: records that are
    no conversation, which must be refused."""
    if path.suffix == ".eval":
        archive = zipfile.ZipFile(path)
        names = [name for name in archive.namelist() if name.startswith("samples/")]
        samples = [json.loads(archive.read(name)) for name in names]
        return [(json.loads(archive.read("header.json")), samples)], 0
    text = subprocess.run(["zstdcat", str(path)], capture_output=True, check=True).stdout.decode()
    if path.name.endswith(".json.zst"):
        return json.loads(text), 0
    records = [json.loads(line, parse_float=sets_expected.Exact)
               for line in text.split("\n") if line]
    if "log" not in records[0]:
        return records, 0
    logs = [record["log"] for record in records if "eval" in record["log"]]
    return [(log, log["samples"]) for log in logs], len(records) - len(logs)


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
            elif part["type"] != "text":
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


def left_out(report):
    reasons = collections.Counter()
    for problem in report.get("problems", []):
        reason = problem.get("reason") or problem.get("detail") or str(problem)
        reasons[reason] += problem.get("count", 1)
    return reasons


def main():
    folder = os.environ.get("HANSARD_SHARED_DATA")
    if not folder or not all((pathlib.Path(folder) / name).is_file() for name, _ in SETS):
        print("skipped: HANSARD_SHARED_DATA does not name a folder with the conversation sets")
        return SKIPPED
    if shutil.which("zstdcat") is None:
        print("skipped: zstdcat is not installed")
        return SKIPPED
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as work:
        data, reports, all_expected = f"{work}/data", {}, {}
        for name, reader in SETS:
            path = pathlib.Path(folder) / name
            records, refused = records_of(path)
            all_expected[name] = list(reader(records))
            report = json.loads(run(binary, "import", "--data", data, "--json", str(path)))
            reports[name] = report["files"][0]
            expect(reports[name]["failed"], refused, f"{name}: records refused")
            expect(reports[name]["attached"], sum(s.attached for s in all_expected[name]),
                   f"{name}: attached")
        listed = run(binary, "sessions", "--all", "--json", "--data", data).splitlines()
        names = [json.loads(line)["session_id"] for line in listed]
        server = Server(binary, data)
        histories = {name: server.history(name) for name in names}
        server.stop()
        by_turns = collections.defaultdict(list)
        for history in histories.values():
            said = [(turn[0], turn[1] or "") for turn in turns_of(history)]
            by_turns[json.dumps(said)].append(history)
        known, total = set(), collections.Counter()
        for name, _ in SETS:
            counts, seen = check_set(name, all_expected[name], histories, by_turns)
            known |= seen
            total += counts
            print(f"{name}: equal")
            print("  " + ", ".join(f"{count} {what}" for what, count in counts.items() if count))
            for reason, count in left_out(reports[name]).most_common():
                print(f"  not represented: {count} x {reason}")
        expect(sorted(set(names) - known), [], "conversations that no file has")
        for name, _ in SETS:
            again = json.loads(run(binary, "import", "--data", data, "--json",
                                   str(pathlib.Path(folder) / name)))["files"][0]
            expect(again["new_events"], 0, f"{name}: new events when imported again")
        verified = json.loads(run(binary, "verify", "--data", data, "--json"))
        print(f"together: {', '.join(f'{n} {what}' for what, n in total.items())}; twice is once; "
              f"{verified['events']} events verified")
    return 0


if __name__ == "__main__":
    sys.exit(main())
