"""Three models as variants over the same prompts: everyone gets the answers of one of them.

Each model of the recording is a scripted provider that answers its 500 questions as the model did. An
experiment gives every user one of the three; three users ask each question, and say how many words
they got. Afterwards each answer on record is the one that the user's model gave, the three were
given in the shares asked for, and the report has the counts and means of a recount from the files.

usage: arena_check.py HANSARD_BINARY    (needs HANSARD_SHARED_DATA, the folder with the recordings)
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from experiments_check import Client, Server, expect

MODELS = ("gpt-3.5-turbo-0125", "gpt-4-0613", "gpt-4-0314")
USERS = 3  # who ask the same question
SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def lines_of(folder, name):
    path = folder / f"arena_hard_v01_{name}.jsonl.zst"
    if not path.exists():
        print("skipped: HANSARD_SHARED_DATA does not name the folder with the recordings")
        raise SystemExit(SKIPPED)
    text = subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def answer_of(line):
    content = line["messages"][-1]["content"]
    return content["answer"] if isinstance(content, dict) else content


class Models(Server):
    """One provider a model."""

    def __init__(self, binary, folder, questions, answers):
        self.binary, self.folder, self.port = binary, folder, None
        settings = ""
        for model in MODELS:
            # The longest first: one question may stand within another.
            rules = [{"when": questions[uid], "answer": answers[model][uid]}
                     for uid in sorted(questions, key=lambda uid: -len(questions[uid]))]
            (folder / f"{model}.ndjson").write_text("".join(json.dumps(r) + "\n" for r in rules))
            settings += f'[providers."{model}"]\ndialect = "openai"\nscript = "{model}.ndjson"\n'
        # Whom clients call; the experiment sends them elsewhere.
        settings += f'[providers.openai]\ndialect = "openai"\nscript = "{MODELS[0]}.ndjson"\n'
        (folder / "hansard.toml").write_text(settings)
        self.start()


def ask(server, uid, question, number):
    """@return the user, and what came"""
    client = Client(server)
    user = f"{uid}.{number}"
    status, text = client.send(
        "POST", "/openai/v1/chat/completions",
        {"model": "any", "messages": [{"role": "user", "content": question}]},
        {"Hansard-Experiment": "arena", "Hansard-User": user})
    expect(status == 200, f"{user}: {status} {text}")
    said = json.loads(text)["choices"][0]["message"]["content"]
    client.json("POST", "/v1/experiments/arena/outcomes",
                {"unit": user, "metric": "words", "value": len(said.split()), "outcome_id": user})
    return user, said


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    shared = os.environ.get("HANSARD_SHARED_DATA")
    folder = pathlib.Path(shared) if shared else pathlib.Path("/nonexistent")
    questions = {line["uid"]: line["prompt"] for line in lines_of(folder, "question")}
    answers = {model: {line["uid"]: answer_of(line) for line in lines_of(folder, model)}
               for model in MODELS}
    with tempfile.TemporaryDirectory(prefix="arena") as name:
        server = Models(binary, pathlib.Path(name), questions, answers)
        try:
            client = Client(server)
            client.json("POST", "/v1/experiments", {
                "name": "arena", "metric": {"name": "words", "goal": "increase"},
                "secondary": ["tokens"], "automatic": False, "start": True,
                "variants": [{"name": model.replace(".", "-"), "model": model, "provider": model}
                             for model in MODELS]})
            with ThreadPoolExecutor(8) as pool:
                got = dict(pool.map(
                    lambda each: ask(server, each[0], questions[each[0]], each[1]),
                    [(uid, number) for uid in questions for number in range(USERS)]))
            check(client, got, answers)
        finally:
            server.stop()


def check(client, got, answers):
    status, text = client.send("GET", "/v1/events?from=0")
    expect(status == 200, text)
    model_of = {}
    asked = collections.Counter()
    for event in map(json.loads, text.splitlines()):
        if event["type"] == "VariantAssigned":
            model_of[event["content"]["unit"]] = event["facts"]["variant"]
        elif event["type"] == "ResponseRequested":
            facts = event["facts"]
            expect(facts["provider"] == facts["model"], str(facts))
            expect(facts["model"].replace(".", "-") == facts["variant"]["variant"], str(facts))
            asked[facts["variant"]["variant"]] += 1
    words = collections.defaultdict(list)
    for user, said in got.items():
        model = next(m for m in MODELS if m.replace(".", "-") == model_of[user])
        expect(said == answers[model][user.split(".")[0]], f"{user} got another model's answer")
        words[model_of[user]].append(len(said.split()))
    report = client.json("GET", "/v1/experiments/arena/report")
    for variant in report["variants"]:
        which = variant["variant"]
        expect(variant["exposed"] == len(words[which]) == asked[which], str(variant))
        expect(variant["calls"]["answered"] == asked[which], str(variant))
    for seen in report["metrics"][0]["variants"]:
        mean = sum(words[seen["variant"]]) / len(words[seen["variant"]])
        expect(abs(seen["mean"] - mean) < 1e-6, f"{seen} but {mean}")
    expect(not report["sample_ratio"]["alarm"], str(report["sample_ratio"]))
    means = {seen["variant"]: round(seen["mean"], 1) for seen in report["metrics"][0]["variants"]}
    print(f"{len(got)} users of three models; words an answer {means}; "
          f"{report['verdict']['reasons'][0]}")


if __name__ == "__main__":
    main()
