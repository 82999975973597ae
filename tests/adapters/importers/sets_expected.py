"""What the files of the shared data say, told without Hansard.

Every function takes parsed records of one file and yields `Session`s. Nothing here imports or calls
the engine; compare_sets.py holds these against what was recorded.
"""
import datetime
import decimal
import json
import re


class Turn:
    """One thing said or done. A fact that is None must be absent in the record."""

    def __init__(self, role, text=None, calls=(), result=None, **facts):
        self.role, self.text, self.calls, self.result = role, text, list(calls), result
        self.facts = {"model": None, "occurred_at": None, "raw_usage": None, **facts}


class Session:
    """A conversation that must be there. `name` is None where only the store can make it."""

    def __init__(self, name, turns, tags=(), scores=(), attached=0, metadata=None, exact=True):
        self.name, self.turns, self.tags = name, turns, dict(tags)
        self.scores, self.attached, self.metadata = list(scores), attached, metadata or {}
        self.exact = exact  # False: the named turns, and perhaps others
        self.attached_here = attached  # None: not told by session
        self.records = None  # what is attached, where several files may tell of one session


class Exact(float):
    """A number that remembers how it was written: a double holds no microseconds of our days."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number


def at(value):
    """A time as Hansard prints it."""
    if value is None:
        return None
    if isinstance(value, (int, float)):
        microseconds = int(decimal.Decimal(getattr(value, "text", value)) * 1_000_000)
        moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        moment += datetime.timedelta(microseconds=microseconds)
    else:
        moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# ---- flat chat sets ----------------------------------------------------------------------------

def sharegpt(records):
    for record in records:
        roles = {"human": "user", "gpt": "assistant", "system": "system"}
        yield Session(record["id"], [Turn(roles[turn["from"]], turn["value"])
                                     for turn in record["conversations"]])


def questions(records):
    for record in records:
        identity = record.get("question_id", record.get("uid"))
        turns = record.get("turns") or [record["prompt"]]
        tags = {key: record[key] for key in ("category", "cluster") if key in record}
        metadata = {"reference": record["reference"]} if "reference" in record else {}
        yield Session(f"question-{identity}", [Turn("user", text) for text in turns], tags,
                      metadata=metadata)


def reference_answers(records):
    for record in records:
        (choice,) = record["choices"]  # the file has one each
        facts = {"model": record["model_id"], "occurred_at": at(record["tstamp"])}
        yield Session(record["answer_id"],
                      [Turn("assistant", text, **facts) for text in choice["turns"]],
                      {"question_id": str(record["question_id"]), "model": record["model_id"]})


def arena_answers(records):
    for record in records:
        turns = []
        for message in record["messages"]:
            if message["role"] == "assistant":
                turns.append(Turn("assistant", message["content"]["answer"], model=record["model"],
                                  occurred_at=at(record["tstamp"])))
            else:
                turns.append(Turn(message["role"], message["content"]))
        yield Session(record["ans_id"], turns,
                      {"question_id": record["uid"], "model": record["model"]})


def dialogues(records):
    """Display texts; the shared file has none that cannot be cut."""
    for record in records:
        pieces = re.split(r"(?m)^(user|assistant|tool|system): ?", record["messages_display"])
        assert pieces[0] == "", "text before the first speaker"
        turns, tools = [], 0
        for role, text in zip(pieces[1::2], pieces[2::2]):
            # The line break before the next speaker belongs to no turn.
            text = text if len(turns) * 2 + 3 == len(pieces) else text[:-1]
            if role == "tool":
                tools += 1
                turns.append(Turn("tool", result=text))
            else:
                silent = role == "assistant" and text == "None"
                turns.append(Turn(role, None if silent else text))
        yield Session(None, turns, attached=tools)


def task_runs(records):
    """Results of tau-bench."""
    for record in records:
        turns = []
        for message in record["traj"]:
            if message["role"] == "tool":
                turns.append(Turn("tool", result=message["content"]))
                continue
            calls = [(call["function"]["name"], call["function"]["arguments"])
                     for call in message.get("tool_calls") or []]
            turns.append(Turn(message["role"], message["content"], calls))
        yield Session(None, turns, scores=[("reward", record["reward"])])


# ---- SWE-agent ---------------------------------------------------------------------------------

def trajectories(records):
    for record in records:
        run = record["traj"]
        history, steps = run["history"], run.get("trajectory", [])
        of, unmatched, place = {}, 0, 0
        answers = [i for i, message in enumerate(history) if message["role"] == "assistant"]
        for number, step in enumerate(steps):
            later = [i for i in answers if i >= place]
            same = [i for i in later if history[i]["content"] == step["response"]]
            if not same and later and history[later[0]].get("action") == step["action"]:
                same = later[:1]
            if same:
                of[same[0]] = step
                place = same[0] + 1
            else:
                unmatched += 1
        turns = []
        for i, message in enumerate(history):
            calls = [(call["function"]["name"], call["function"]["arguments"])
                     for call in message.get("tool_calls") or []]
            if message["role"] == "tool":
                turns.append(Turn("tool", result=message["content"]))
                continue
            step = of.get(i) if not calls else None
            if step and step["action"]:
                calls = [("action", step["action"])]
            turns.append(Turn(message["role"], message["content"], calls))
            if step and step["action"]:
                turns.append(Turn("tool", result=step["observation"]))
        sent = {(i, json.dumps(message, sort_keys=True))
                for step in steps for i, message in enumerate(step.get("messages", []))
                if i >= len(history) or message != history[i]}
        metadata = {key: run[key] for key in ("environment", "info") if key in run}
        session = Session(None, turns, attached=unmatched + len(sent),
                          metadata={"path": record["path"], **metadata})
        session.end = (run.get("info") or {}).get("exit_status")
        yield session


# ---- Inspect -----------------------------------------------------------------------------------

def resolved(value, texts):
    if isinstance(value, str):
        for prefix in ("attachment://", "tc://"):
            if value.startswith(prefix):
                return texts.get(value[len(prefix):], value)
        return value
    if isinstance(value, list):
        return [resolved(each, texts) for each in value]
    if isinstance(value, dict):
        return {key: resolved(each, texts) for key, each in value.items()}
    return value


def inspect_logs(logs):
    """Pairs (header, samples) of any form of log."""
    for header, samples in logs:
        evaluation = header["eval"]
        name = f"inspect-{evaluation['run_id']}-{evaluation['task_id']}"
        metrics = [(f"{score['name']}.{key}", metric["value"])
                   for score in (header.get("results") or {}).get("scores", [])
                   for key, metric in score["metrics"].items()]
        whole = Session(name, [], scores=metrics, attached=1)
        whole.records = {json.dumps({key: value for key, value in header.items()
                                     if key != "samples"}, sort_keys=True)}
        yield whole
        for sample in samples:
            yield from inspect_sample(name, sample)


def inspect_sample(log, sample):
    name = f"{log}-{sample['id']}-{sample['epoch']}"
    texts = sample.get("attachments") or sample.get("transcript", {}).get("content", {})
    events = sample.get("events") or sample.get("transcript", {}).get("events", [])
    asked = [resolved(event, texts) for event in events if event["event"] == "model"]
    used, turns, orphans = set(), [], 0
    calls_seen = set()
    for message in resolved(sample["messages"], texts):
        calls = [(call["function"], call["arguments"]) for call in message.get("tool_calls") or []]
        calls_seen |= {call["id"] for call in message.get("tool_calls") or []}
        facts = {}
        if message["role"] == "tool":
            orphans += message["tool_call_id"] not in calls_seen
            turns.append(Turn("tool", result=message.get("error") or message["content"]))
            turns[-1].facts["occurred_at"] = "any"
            continue
        if message["role"] == "assistant":
            for number, event in enumerate(asked):
                said = event["output"]["choices"][0]["message"]
                same = said["id"] == message["id"] if "id" in said and "id" in message \
                    else said["content"] == message["content"]
                if number not in used and same:
                    used.add(number)
                    facts = {"model": event["output"]["model"],
                             "raw_usage": event["output"].get("usage"),
                             "occurred_at": at(event.get("completed") or event["timestamp"])}
                    break
        turns.append(Turn(message["role"], message["content"], calls, **facts))
    scores = [(key, score["value"]) for key, score in (sample.get("scores") or {}).items()]
    tools = {message.get("tool_call_id") for message in sample["messages"]}
    others = {json.dumps([number, event], sort_keys=True) for number, event in enumerate(events)
              if event["event"] != "model" and
              not (event["event"] == "tool" and event["id"] in tools)}
    others |= {f"orphan {number}" for number in range(orphans)}
    session = Session(name, turns, {"sample": str(sample["id"]), "epoch": str(sample["epoch"])},
                      scores, len(others))
    session.records = others
    yield session
    for place, number in enumerate(n for n in range(len(asked)) if n not in used):
        event = asked[number]
        output = event["output"]
        beside = [Turn(message["role"], message["content"]) for message in event["input"]]
        beside.append(Turn("assistant", output["choices"][0]["message"]["content"],
                           model=output["model"], raw_usage=output.get("usage"),
                           occurred_at=at(event.get("completed") or event["timestamp"])))
        yield Session(f"{name}-call{place}", beside, {"called_by": name})
