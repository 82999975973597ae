"""Real client libraries against the real server: installs them as package-lock.json pins them, then runs
run.mjs. Skipped, and said so, without node, npm or a registry.

usage: check.py HANSARD_BINARY WORK_FOLDER
"""
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
NODE_AT_LEAST = 18
INSTALL_SECONDS = 240
RUN_SECONDS = 100
OURS = ("EINTEGRITY", "EUSAGE", "EJSONPARSE")  # what no registry can be blamed for
HERE = pathlib.Path(__file__).resolve().parent


def skip(reason):
    print(f"skipped: {reason}")
    raise SystemExit(SKIPPED)


def check_node():
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.", version)
    if not found or int(found[1]) < NODE_AT_LEAST:
        skip(f"node {NODE_AT_LEAST} or later is needed, this is {version.strip()}")


def install(folder):
    """The pinned libraries in `folder`, once per lock file. Modules are found beside those that import
    them, so ours are copied there."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in [*HERE.glob("*.mjs"), *HERE.glob("package*.json")]:
        shutil.copy(source, folder)
    pinned = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == pinned:
        return
    try:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts",
                               "--fetch-retries=1", "--fetch-timeout=20000"], cwd=folder,
                              capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        skip(f"npm ci did not end within {INSTALL_SECONDS} s")
    if done.returncode != 0:
        reasons = [line for line in done.stderr.splitlines() if "npm error" in line or "ERR!" in line]
        if any(code in done.stderr for code in OURS):
            raise SystemExit("npm ci: " + " ".join(reasons))
        skip("npm ci: " + " ".join(reasons[:3]))
    stamp.write_text(pinned)


def main():
    binary, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    check_node()
    install(folder)
    with tempfile.TemporaryDirectory(prefix="hansard-clients-") as scratch:
        run = subprocess.Popen(["node", "run.mjs", str(binary), scratch], cwd=folder,
                               start_new_session=True)
        try:
            raise SystemExit(run.wait(RUN_SECONDS))
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # and the server that it has started
            raise SystemExit(f"a client waited for longer than {RUN_SECONDS} s")


main()
