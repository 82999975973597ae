#!/usr/bin/env python3
"""Bundles of a real server, checked by the library that checks Sigstore's transparency log (npm:
@sigstore/verify): signed checkpoints and RFC 6962 inclusion as somebody else reads them. Installed as
package-lock.json pins it. Skipped, and said so, without node, npm or a registry.

usage: sigstore_check.py HANSARD_BINARY WORK_FOLDER
"""
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import audit_check

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
INSTALL_SECONDS = 120
HERE = pathlib.Path(__file__).resolve().parent / "sigstore"


def skip(reason):
    print(f"skipped: {reason}")
    raise SystemExit(SKIPPED)


def install(folder):
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", version)
    if not found or (int(found[1]), int(found[2])) < (20, 17):
        skip(f"node 20.17 or later is needed, this is {version.strip()}")
    folder.mkdir(parents=True, exist_ok=True)
    for source in HERE.iterdir():
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
        if any(code in done.stderr for code in ("EINTEGRITY", "EUSAGE", "EJSONPARSE")):
            raise SystemExit("npm ci: " + done.stderr)
        skip("npm ci: " + " ".join(done.stderr.split("\n")[:3]))
    stamp.write_text(pinned)


def main():
    binary, folder = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
    install(folder)
    with tempfile.TemporaryDirectory() as text:
        made = []
        server = audit_check.Server(binary, pathlib.Path(text))
        for session in range(8):
            server.post("/v1/sessions", {"session_id": f"s{session}", "user": "ada"})
            for number in range(40):
                audit_check.add(server, f"s{session}", number)
            path = pathlib.Path(text) / f"s{session}.proof"
            path.write_bytes(server.get(f"/v1/audit/proof?session=s{session}"))
            made.append(path)
        server.stop()
        done = subprocess.run(["node", "check.cjs", *map(str, made)], cwd=folder, capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise SystemExit(done.stdout + done.stderr)
        print("@sigstore/verify: " + done.stdout.strip())


if __name__ == "__main__":
    main()
