"""Experiments through the gateway, with a kill: what should be found is found, and nothing else.

Users call a server whose providers follow scripts, and rate what they got from 0 to 100. Four
experiments go on at once:

  lift    version 2 of a prompt is rated 2 points better: found, once, and `production` moves once
  null    two versions are as good as each other: never a winner
  broken  a variant's provider fails for every third user: its guardrail stops it
  skewed  half of the calls of one variant are lost before they are sent: the sample ratio alarms,
          and nobody is declared a winner although it is rated better

Half way the server is killed (-9) and started again; clients send again what broke. Afterwards the
whole log is read and counted by hand: every unit has one variant and kept it, the report has the
same counts and means, and `why` on calls drawn at random names the variant and the draw.

Ratings are normal around 50 with a standard deviation of 4 (500 units) or 12 (5,000 units): a
sixth to a half of the lift, as ratings of people are spread.

usage: experiments_check.py HANSARD_BINARY [UNITS]
"""
import collections
import http.client
import json
import pathlib
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

SEED = 20261122
PATIENCE = 30
THREADS = 8
DECIDED_EVERY = 50  # users
LIFT = 2.0
NAMES = ("lift", "null", "broken", "skewed")


def expect(condition, what):
    if not condition:
        raise SystemExit(what)


class Server:
    """The program on a directory of its own, with two scripted providers."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.port = binary, folder, None
        self.up = threading.Event()
        (folder / "good.ndjson").write_text('{"answer":"You said: {said}"}\n')
        (folder / "broken.ndjson").write_text(
            '{"when":"unlucky","status":500,"answer":"out of order"}\n{"answer":"Well: {said}"}\n')
        (folder / "hansard.toml").write_text(
            "".join(f'[providers.{name}]\ndialect = "openai"\nscript = "{script}.ndjson"\n'
                    for name, script in (("openai", "good"), ("shaky", "broken"))))
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", str(self.folder / "data"), "--listen",
             f"127.0.0.1:{self.port or 0}"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        expect(line, "the server did not start")
        self.port = int(line.strip().rsplit(":", 1)[1])
        self.up.set()

    def kill(self):
        self.up.clear()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


class Client:
    """One connection, kept; what breaks is sent again, as client libraries do."""

    def __init__(self, server):
        self.server, self.connection = server, None

    def send(self, method, path, body=None, headers=None):
        headers = {"Content-Type": "application/json", **(headers or {})}
        text = None if body is None else json.dumps(body)
        until = time.monotonic() + PATIENCE
        retries = 0
        while True:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(
                        "127.0.0.1", self.server.port, timeout=PATIENCE)
                self.connection.request(
                    method, path, text, {**headers, "x-stainless-retry-count": str(retries)})
                answer = self.connection.getresponse()
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException):
                self.connection = None
                retries += 1
                expect(time.monotonic() < until, f"{method} {path}: no answer")
                expect(self.server.up.wait(PATIENCE), "the server did not come back")

    def json(self, method, path, body=None, status=(200, 201)):
        got, text = self.send(method, path, body)
        expect(got in status, f"{method} {path}: {got} {text}")
        return json.loads(text)


# ---- what there is ----------------------------------------------------------------------------

def prepare(client, units):
    for prompt in ("greeting", "farewell", "parting"):
        for tone in ("briefly", "at length"):
            client.json("POST", f"/v1/prompts/{prompt}/versions", {
                "messages": [{"role": "system", "content": f"Say {prompt} {tone} to {{{{ who }}}}."}]})
        client.json("POST", f"/v1/prompts/{prompt}/promote", {"version": 1})
    sample = 100 if units < 2000 else 200

    def versions(prompt):
        return [{"name": "a", "prompt": f"{prompt}@1"}, {"name": "b", "prompt": f"{prompt}@2"}]

    plans = {
        "lift": {"variants": versions("greeting"), "moves_label": "production"},
        "null": {"variants": versions("farewell"), "moves_label": "production"},
        "broken": {"variants": [{"name": "a"}, {"name": "b", "provider": "shaky"}]},
        "skewed": {"variants": versions("parting"), "moves_label": "production"},
    }
    for name, plan in plans.items():
        client.json("POST", "/v1/experiments",
                    {"name": name, "metric": "rating", "minimum_sample": sample, **plan})
        client.json("POST", f"/v1/experiments/{name}/start", {})


# ---- users ------------------------------------------------------------------------------------

class Users:
    """Each comes once to every experiment, every tenth twice; then says how it was."""

    def __init__(self, server, units):
        self.server, self.units = server, units
        self.spread = 4.0 if units < 2000 else 12.0
        self.todo = queue.Queue()
        self.told = collections.defaultdict(dict)  # experiment -> user -> variant, by the server
        self.lock = threading.Lock()
        self.failure = None
        self.done = 0
        self.half = threading.Event()

    def rating(self, name, user, variant):
        chance = random.Random(f"{SEED} {name} {user}")
        better = LIFT if variant == "b" and name in ("lift", "skewed") else 0.0
        return round(min(100.0, max(0.0, chance.gauss(50.0 + better, self.spread))), 3)

    def headers(self, name, user):
        fields = {"Hansard-User": user}
        prompts = {"lift": "greeting", "null": "farewell", "skewed": "parting"}
        if name in prompts:
            fields.update({"Hansard-Prompt": prompts[name],
                           "Hansard-Variables": json.dumps({"who": user})})
        else:
            fields["Hansard-Experiment"] = name
        return fields

    def visit(self, client, number):
        user = f"user-{number}"
        chance = random.Random(f"{SEED} {user}")
        for name in NAMES:
            assigned = client.json("POST", f"/v1/experiments/{name}/assign", {"unit": user})
            variant = assigned["variant"] if assigned["in_experiment"] else None
            if name == "skewed" and variant == "b" and chance.random() < 0.5:
                continue  # lost on the way
            unlucky = " unlucky" if number % 3 == 0 else ""
            for again in range(2 if number % 10 == 0 else 1):
                status, text = client.send(
                    "POST", "/openai/v1/chat/completions",
                    {"model": "m", "messages": [
                        {"role": "user", "content": f"{name} {user} {again}{unlucky}"}]},
                    self.headers(name, user))
                fails = variant == "b" and name == "broken" and unlucky
                # It may have been stopped since we asked for the variant.
                expect(status == 200 or (fails and status == 500), f"{name} {user}: {status} {text}")
            if variant is None:
                continue
            with self.lock:
                known = self.told[name].setdefault(user, variant)
            expect(known == variant, f"{user} moved from {known} to {variant} in {name}")
            self.rate(client, name, user, variant, number)

    def rate(self, client, name, user, variant, number):
        outcome = {"unit": user, "metric": "rating", "outcome_id": f"{user}.1"}
        value = self.rating(name, user, variant)
        first = value if number % 50 else min(100.0, value + 40.0)
        # Refused where the experiment ended before the call: then nobody was exposed.
        self.outcome(client, name, {**outcome, "value": first})
        if first != value:
            self.outcome(client, name, {**outcome, "value": value, "revision": 2})

    @staticmethod
    def outcome(client, name, body):
        status, text = client.send("POST", f"/v1/experiments/{name}/outcomes", body)
        expect(status in (200, 201, 404, 409, 422), f"{name}: {status} {text}")

    def work(self):
        client = Client(self.server)
        try:
            while True:
                number = self.todo.get_nowait()
                self.visit(client, number)
                with self.lock:
                    self.done += 1
                    done = self.done
                if done == self.units // 2:
                    self.half.set()
                if done % DECIDED_EVERY == 0:
                    for name in NAMES:
                        client.json("POST", f"/v1/experiments/{name}/decide", {})
        except queue.Empty:
            pass
        except BaseException as failure:  # told by the main thread
            self.failure = self.failure or failure
        finally:
            self.half.set()

    def drive(self):
        for number in range(self.units):
            self.todo.put(number)
        threads = [threading.Thread(target=self.work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        self.half.wait()
        if self.failure is None:
            self.server.kill()
            self.server.start()
        for thread in threads:
            thread.join()
        if self.failure is not None:
            raise self.failure


# ---- what the log says ------------------------------------------------------------------------

class Recount:
    """Everything counted by hand over all events, as a reader of the raw log would."""

    def __init__(self, client):
        self.unit = collections.defaultdict(dict)     # experiment -> unit's stream -> its exposure
        self.rated = collections.defaultdict(dict)    # experiment -> unit's stream -> {id: (rev, value)}
        self.calls = []                               # (session, call id, variant, policies)
        self.sent = collections.Counter()             # (experiment, variant, answered or failed)
        self.labels, self.winners, self.ended = [], [], []
        self.open = {}
        status, text = client.send("GET", "/v1/events?from=0")
        expect(status == 200, text)
        for line in text.splitlines():
            self.take(json.loads(line))

    def take(self, event):
        facts, stream, kind = event["facts"], event["stream"], event["type"]
        if kind == "VariantAssigned":
            known = self.unit[facts["experiment"]]
            expect(stream not in known, f"{stream} was exposed twice")
            known[stream] = {**facts, "unit": event["content"]["unit"]}
        elif kind == "OutcomeRecorded":
            values = self.rated[facts["experiment"]].setdefault(stream, {})
            revision = facts.get("revision", 1)
            if revision > values.get(facts["outcome_id"], (0, 0))[0]:
                values[facts["outcome_id"]] = (revision, facts["value"])
        elif kind == "ResponseRequested" and "variant" in facts:
            variant = facts["variant"]
            unit = f"assignment-{variant['unit']}"
            exposed = self.unit[variant["experiment"]].get(unit)
            expect(exposed is not None, f"{facts['call_id']} went out before {unit} was exposed")
            expect(exposed["variant"] == variant["variant"], f"{unit} has two variants")
            self.calls.append((stream.removeprefix("session-"), facts["call_id"], variant,
                               facts["policies"]))
            self.open[(stream, facts["call_id"])] = variant
        elif kind in ("ResponseReceived", "ResponseFailed"):
            # What broke with the server may be told of when the next attempt is answered already:
            # then the call did not fail.
            variant = self.open.get((stream, facts["call_id"]))
            if variant is not None:
                came = "answered" if kind == "ResponseReceived" else "failed"
                if came == "answered":
                    del self.open[(stream, facts["call_id"])]
                self.sent[(variant["experiment"], variant["variant"], came)] += 1
        elif kind == "PromptLabelMoved" and facts.get("reason") == "experiment":
            self.labels.append((stream, facts))
        elif kind == "WinnerDeclared":
            self.winners.append((stream, facts))
        elif kind in ("ExperimentStopped", "ExperimentConcluded"):
            self.ended.append((stream, kind, facts))

    def exposed(self, name):
        return collections.Counter(unit["variant"] for unit in self.unit[name].values())

    def ratings(self, name, variant):
        return [value for stream, unit in self.unit[name].items() if unit["variant"] == variant
                for _, value in self.rated[name].get(stream, {}).values()]


def check_decisions(recount):
    expect([stream for stream, _ in recount.winners] == ["experiment-lift"],
           f"winners: {recount.winners}")
    expect(recount.winners[0][1]["variant"] == "b", str(recount.winners))
    expect(len(recount.labels) == 1, f"labels moved {len(recount.labels)} times")
    stream, moved = recount.labels[0]
    expect(stream == "prompt-greeting" and moved["version"] == 2 and
           moved["experiment"] == "lift" and moved["evidence"], str(moved))
    ended = {stream.removeprefix("experiment-"): (kind, facts) for stream, kind, facts in
             recount.ended}
    expect(len(recount.ended) == len(ended), f"something ended twice: {recount.ended}")
    expect(set(ended) <= {"lift", "broken"}, f"ended: {ended}")
    kind, facts = ended["broken"]
    expect(kind == "ExperimentStopped" and facts["reason"] == "guardrail" and
           facts["variant"] == "b" and facts["metric"] == "errors", str(ended["broken"]))


def check_units(recount, users):
    for name in NAMES:
        by_user = {unit["unit"]: unit["variant"] for unit in recount.unit[name].values()}
        for user, variant in users.told[name].items():
            # Who was told a variant and called only after the end was not exposed.
            expect(by_user.get(user, variant) == variant, f"{user} in {name}: {by_user.get(user)}")
    expect(len(recount.unit["null"]) == users.units, "not every unit was exposed")


def check_whys(client, recount):
    for session, call, variant, policies in random.Random(SEED).sample(
            recount.calls, min(60, len(recount.calls))):
        why = client.json("GET", f"/v1/sessions/{session}/why?call={call}")
        expect(why["variant"]["variant"] == variant["variant"], str(why["variant"]))
        drawn = why["variant"]["assignment"]
        ranges = {each["variant"]: each for each in drawn["buckets"]}
        expect(ranges[drawn["variant"]]["from"] <= drawn["bucket"] <
               ranges[drawn["variant"]]["until"], str(drawn))
        exposed = recount.unit[variant["experiment"]][f"assignment-{variant['unit']}"]
        expect(drawn["call_id"] == exposed["call_id"], f"{call}: {drawn}")
        expect(drawn["by_this_call"] == (exposed["call_id"] == call), f"{call}: {drawn}")
        # A call that broke with the server was `assigned`, and is `kept` when it is sent again.
        expect(any(policy["name"] == "experiment" and policy["outcome"] in ("assigned", "kept")
                   and policy["target"] == f"{variant['experiment']}:{variant['variant']}"
                   for policy in policies), f"{call}: {policies}")
        if variant["experiment"] != "broken":
            version = 1 if variant["variant"] == "a" else 2
            expect(why["prompt"]["version"] == version, str(why["prompt"]))
            expect(why["prompt"]["variables"]["who"] == exposed["unit"], str(why["prompt"]))


def check_report(client, recount, name):
    """The report has the counts and means that the log has."""
    report = client.json("GET", f"/v1/experiments/{name}/report")
    exposed = recount.exposed(name)
    for variant in report["variants"]:
        which = variant["variant"]
        expect(variant["exposed"] == exposed[which], f"{name}: {variant} but {exposed}")
        for came in ("answered", "failed"):
            expect(variant["calls"][came] == recount.sent[(name, which, came)],
                   f"{name} {which}: {variant['calls']} but {recount.sent}")
    for seen in report["metrics"][0]["variants"]:
        rated = recount.ratings(name, seen["variant"])
        expect(seen["units"] == len(rated), f"{name}: {seen} but {len(rated)}")
        mean = sum(rated) / max(1, len(rated))
        expect(abs(seen["mean"] - mean) < 1e-6, f"{name}: {seen} but {mean}")
    decision, alarm = report["verdict"]["decision"], report["sample_ratio"]["alarm"]
    wanted = {"lift": "winner", "null": "wait", "broken": "harm", "skewed": "blocked"}[name]
    expect(decision == wanted, f"{name}: {report['verdict']}")
    expect(alarm == (name == "skewed"), f"{name}: {report['sample_ratio']}")
    expect(report["verdict"]["reasons"], f"{name} says nothing")


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    units = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    with tempfile.TemporaryDirectory(prefix="experiments") as name:
        server = Server(binary, pathlib.Path(name))
        try:
            client = Client(server)
            prepare(client, units)
            users = Users(server, units)
            users.drive()
            recount = Recount(client)
            check_units(recount, users)
            check_decisions(recount)
            check_whys(client, recount)
            for each in NAMES:
                check_report(client, recount, each)
            print(f"{units} units, 4 experiments, {len(recount.calls)} calls with a variant: "
                  + ", ".join(f"{each} {dict(recount.exposed(each))}" for each in NAMES))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
