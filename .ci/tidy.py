"""Runs clang-tidy over our sources, and again only over what changed since it was last clean.

Tests are looked at with --tests only: they are as much code again, and a third of the time of `.ci/run`.
A file is clean under a key: the hash of .clang-tidy, its compile command, its text and the text of
every header of ours it includes, so that the second run takes a second.

Most of the time goes into headers, so files that are compiled alike are looked at several at once, as
one text that includes them. Where that has findings, or does not compile because two files name
something of their own alike, each half is looked at by itself."""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
# Flags of g++ that clang 14 does not know must not count as findings.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error"]
TOGETHER = 6
# In a text that includes them, files are headers.
OURS = rf"--header-filter=^{re.escape(str(ROOT))}/(core|events|projections|adapters|bench|tests)/"


def include_folders(command):
    return [pathlib.Path(p) for p in re.findall(r"-I(\S+)", command)]


def closure(path, folders, seen):
    """Our files that `path` includes, itself first."""
    if path in seen:
        return
    seen.add(path)
    for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        for folder in [path.parent, *folders]:
            if (folder / name).is_file():
                closure((folder / name).resolve(), folders, seen)
                break


def key_of(entry):
    seen = set()
    closure(pathlib.Path(entry["file"]), include_folders(entry["command"]), seen)
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + entry["command"].encode())
    for path in sorted(seen):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def flags_of(entry):
    """The compile command without what names the file."""
    words = shlex.split(entry["command"])
    words = words[words.index(next(w for w in words if w.startswith("-"))):]
    kept, skip = [], False
    for word in words:
        if skip or word in ("-c", "-MD", entry["file"]):
            skip = False
        elif word in ("-o", "-MT", "-MF"):
            skip = True
        else:
            kept.append(word)
    return tuple(kept)


def run_tidy(arguments):
    done = subprocess.run(["clang-tidy-14", "--quiet", *EXTRA, *arguments], capture_output=True, text=True)
    clean = done.returncode == 0 and "warning:" not in done.stdout
    return clean, done.stdout + ("" if clean else done.stderr)


def tidy(group, build):
    """Each entry of the group, whether it is clean, and what was said."""
    if len(group) == 1:
        return [(group[0], *run_tidy(["-p", build, group[0]["file"]]))]
    text = "".join(f'#include "{entry["file"]}"\n' for entry in group)
    path = ROOT / build / "tidy" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.cpp"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    if run_tidy([OURS, str(path), "--", *flags_of(group[0])])[0]:
        return [(entry, True, "") for entry in group]
    half = len(group) // 2
    return tidy(group[:half], build) + tidy(group[half:], build)


def groups_of(entries):
    alike = {}
    for entry in sorted(entries, key=lambda e: e["file"]):
        alike.setdefault((flags_of(entry), pathlib.Path(entry["file"]).parent), []).append(entry)
    return [each[i:i + TOGETHER] for each in alike.values() for i in range(0, len(each), TOGETHER)]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--tests", action="store_true")
    options = arguments.parse_args()
    database = json.loads((ROOT / options.build / "compile_commands.json").read_text())
    store = ROOT / options.build / "tidy_clean.json"
    known = set(json.loads(store.read_text())) if store.exists() else set()
    ours = [e for e in database if e["file"].startswith(str(ROOT)) and "/build/" not in e["file"]
            and (options.tests or not e["file"].startswith(str(ROOT / "tests")))]
    keys = {e["file"]: key_of(e) for e in ours}
    todo = [e for e in ours if keys[e["file"]] not in known]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for looked_at in pool.map(lambda group: tidy(group, options.build), groups_of(todo)):
            for entry, clean, text in looked_at:
                if clean:
                    known.add(keys[entry["file"]])
                else:
                    bad += 1
                    print(text)
    store.write_text(json.dumps(sorted(known if not options.tests else known & set(keys.values()))))
    print(f"clang-tidy: {len(ours)} files, {len(todo)} looked at, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
