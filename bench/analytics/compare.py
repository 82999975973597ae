#!/usr/bin/env python3
"""compare.py BENCH DIRECTORY CALLS [--rounds=N] [--peers=duckdb,sqlite,...] [--fresh] [--modules=DIR]

Questions over the same calls, asked of Hansard and of others, one after the other, and a table with the losses first.

The calls are made once (BENCH is hansard_analytics_bench) and kept in DIRECTORY. Each system is filled from the same rows; an
answer that differs from ours ends the run. Cold is the first time after the files left the page cache, in a process that has
just opened them; warm the median of the rounds after it.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent / "peers" / "analytics"))
import peers  # noqa: E402


def ours(bench, directory, rounds):
    words = [bench, "ask", f"--directory={directory}", f"--questions={ROOT / 'questions.json'}", f"--rounds={rounds}"]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return {line["question"]: line for line in map(json.loads, done.stdout.splitlines())}


def spread(times):
    warm = sorted(times[1:])
    return f"{statistics.median(warm):9.1f} ({warm[0]:.1f}..{warm[-1]:.1f})"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("bench")
    arguments.add_argument("directory", type=pathlib.Path)
    arguments.add_argument("calls", type=int)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--peers", default="duckdb")
    arguments.add_argument("--fresh", action="store_true", help="fill again what was kept")
    arguments.add_argument("--modules", type=pathlib.Path, default=pathlib.Path("node_modules"))
    options = arguments.parse_args()

    place = options.directory
    if options.fresh:
        shutil.rmtree(place, ignore_errors=True)
    fill = [options.bench, "fill", f"--calls={options.calls}", f"--directory={place}"]
    print(subprocess.run(fill, check=True, stdout=subprocess.PIPE, text=True).stdout, end="")
    known = {
        "duckdb": lambda: peers.Duckdb(place, options.modules),
        "sqlite": lambda: peers.Sqlite(place),
        "postgresql": lambda: peers.Postgresql(place),
        "clickhouse": lambda: peers.Clickhouse(place),
    }
    mine = ours(options.bench, place, options.rounds)
    says = {question["name"]: question["says"] for question in json.loads((ROOT / "questions.json").read_text())}
    rows = []
    for name in filter(None, options.peers.split(",")):
        peer = known[name]()
        try:
            peer.fill(place / "calls.csv")
            print(f"{peer.name}: {peer.bytes() / 1e6:.0f} MB")
            for question in peer.sql:
                told = mine[question.removesuffix("_exact")]
                theirs = peer.ask(question, options.rounds)
                if (theirs["groups"], theirs["sums"]) != (told["groups"], told["sums"]):
                    sys.exit(f"{peer.name} answers {question} otherwise: {theirs} against {told}")
                ratio = statistics.median(theirs["ms"][1:]) / statistics.median(told["ms"][1:])
                rows.append((ratio, question, peer.name, told, theirs))
        finally:
            if hasattr(peer, "stop"):
                peer.stop()
    for question, told in mine.items():
        print(f"hansard  {question:22} warm {spread(told['ms'])} ms, cold {told['ms'][0]:8.1f}, peak {told['peak_mb']} MB: {says[question]}")
    print("Losses first; the ratio is theirs to ours, warm: below 1 they are faster.")
    for ratio, question, name, told, theirs in sorted(rows, key=lambda row: row[0]):
        print(
            f"{ratio:7.2f}  {question:22} {name:24} warm {spread(theirs['ms'])} ms, cold {theirs['ms'][0]:8.1f} against"
            f" {spread(told['ms'])}, cold {told['ms'][0]:8.1f}; peak {theirs['peak_mb']} MB"
        )


main()
