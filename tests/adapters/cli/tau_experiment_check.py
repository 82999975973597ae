"""Recorded rewards as outcomes of an experiment.

Every conversation of the tau-bench recording is a unit that an application exposes itself; its
reward is the outcome, sent in bulk, and sent again. The report must have the same units and means
as a count by hand, and an experiment without a difference must have no winner.

usage: tau_experiment_check.py HANSARD_BINARY   (needs HANSARD_SHARED_DATA, the recording's folder)
"""
import collections
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

FILE = "tau_airline_gpt4o.jsonl.zst"
SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def expect(found, wanted, where):
    if found != wanted:
        raise SystemExit(f"{where}\n  found:  {found!r}\n  wanted: {wanted!r}")


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None,
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status}\n{text.decode()}")
        return json.loads(text)


def rewards(path):
    lines = subprocess.run(["zstdcat", str(path)], capture_output=True, check=True).stdout
    for line in lines.decode().splitlines():
        conversation = json.loads(line)
        yield f"{conversation['task_id']}-{conversation['trial']}", conversation["reward"]


def check(client, recorded):
    client.ask("POST", "/v1/experiments", {
        "name": "tau", "metric": "reward", "unit": "session", "start": True, "minimum_sample": 20,
        "hypothesis": "None: both variants are the same recording.",
        "variants": [{"name": "a"}, {"name": "b"}]})
    variant_of = {}
    for unit, _ in recorded:
        variant_of[unit] = client.ask("POST", "/v1/experiments/tau/exposures",
                                      {"unit": unit})["variant"]
    body = {"outcomes": [{"unit": unit, "metric": "reward", "value": reward, "outcome_id": unit}
                         for unit, reward in recorded]}
    told = client.ask("POST", "/v1/experiments/tau/outcomes", body)
    expect((told["recorded"], told["failed"]), (len(recorded), 0), "first time")
    told = client.ask("POST", "/v1/experiments/tau/outcomes", body)
    expect((told["duplicates"], told["failed"]), (len(recorded), 0), "again")

    by_hand = collections.defaultdict(list)
    for unit, reward in recorded:
        by_hand[variant_of[unit]].append(reward)
    report = client.ask("GET", f"/v1/experiments/tau/report?at_least={told['checkpoint']}")
    for seen in report["metrics"][0]["variants"]:
        values = by_hand[seen["variant"]]
        expect(seen["units"], len(values), f"units of {seen['variant']}")
        expect(round(seen["mean"], 9), round(sum(values) / len(values), 9),
               f"mean of {seen['variant']}")
    judged = client.ask("POST", "/v1/experiments/tau/decide", {})
    expect((judged["decision"], judged["acted"]), ("wait", False), "decision")
    print(f"{len(recorded)} rewards: a {len(by_hand['a'])}, b {len(by_hand['b'])} units; "
          f"{judged['reasons'][0]}")


def main():
    binary = sys.argv[1]
    shared = os.environ.get("HANSARD_SHARED_DATA")
    path = pathlib.Path(shared or "") / FILE
    if not shared or not path.exists():
        print(f"skipped: HANSARD_SHARED_DATA does not name the folder with {FILE}")
        sys.exit(SKIPPED)
    recorded = list(rewards(path))
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([binary, "serve", "--data", f"{folder}/data", "--listen",
                                   "127.0.0.1:0"], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + 30
            port = None
            for line in server.stdout:
                if "http://127.0.0.1:" in line:
                    port = int(line.split("http://127.0.0.1:")[1].split("/")[0].split()[0])
                    break
                if time.monotonic() > until:
                    break
            if port is None:
                raise SystemExit("the server did not say where it listens")
            check(Client(port), recorded)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


main()
