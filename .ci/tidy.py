"""Runs clang-tidy over our sources, and again only over what changed since it was last clean.

Tests are looked at with --tests only: they are as much code again, and a third of the time of `.ci/run`.
A file is clean under a key: the hash of .clang-tidy, its compile command, its text and the text of
every header of ours it includes, so that the second run takes a second."""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
# Flags of g++ that clang 14 does not know must not count as findings.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error"]


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


def tidy(entry, build):
    command = ["clang-tidy-14", "-p", build, "--quiet", *EXTRA, entry["file"]]
    done = subprocess.run(command, capture_output=True, text=True)
    clean = done.returncode == 0 and "warning:" not in done.stdout
    return entry, clean, done.stdout + ("" if clean else done.stderr)


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
        for entry, clean, text in pool.map(lambda e: tidy(e, options.build), todo):
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
