"""Backups under load, killed at random points, restored, compared; and backups that are wrong.

What must hold: a backup has every event that was acknowledged before it began, is sound, and restores to
the same bytes; a point in time is exactly that prefix; whatever is interrupted leaves nothing that opens
as a log, and can be done again; whatever was changed in a backup is refused with the reason.

usage: backup_check.py HANSARD_BINARY [--rounds N] [--seed S]
"""
import argparse
import atexit
import hashlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 30
BULK_EVENTS = 3000
BULK_BYTES = 8000


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


class Program:
    """The program, in a folder of its own."""

    def __init__(self, binary):
        self.binary = str(pathlib.Path(binary).resolve())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hansard-backup-"))
        atexit.register(shutil.rmtree, self.folder, True)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("HANSARD_")}

    def start(self, *arguments):
        return subprocess.Popen([self.binary, *map(str, arguments)], cwd=self.folder, env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, fails=False):
        """Standard output, or what was complained of."""
        done = subprocess.run([self.binary, *map(str, arguments)], cwd=self.folder, env=self.environment,
                              capture_output=True, timeout=PATIENCE)
        said = done.stderr.decode() + (done.stdout.decode() if fails else "")
        check((done.returncode != 0) == fails, f"{arguments}: exit {done.returncode}: {said}")
        return said if fails else done.stdout.decode()

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json"))

    def events(self, data):
        """Lines of the export: the events alone, as they are told byte by byte, and the header."""
        out = self.folder / "export.ndjson"
        self.run("export", "--data", data, "--out", out)
        lines = out.read_bytes().splitlines()
        out.unlink()
        return lines[1:-1], json.loads(lines[0])


class Server:
    def __init__(self, program, data):
        self.process = program.start("serve", "--data", data, "--listen", "127.0.0.1:0", "--log-level", "error")
        atexit.register(self.kill)
        line = self.process.stdout.readline().decode()
        if "listens on" not in line:
            raise Failed(f"the server does not start: {self.process.communicate()}")
        self.port = int(line.rsplit(":", 1)[1])

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        check(self.process.wait(PATIENCE) == 0, "the server does not stop in order")


class Load:
    """Appends until told to stop; knows how far it was acknowledged."""

    def __init__(self, port, seed, clients=3):
        self.acknowledged = -1
        self.lock = threading.Condition()
        self.ending = False
        self.threads = [threading.Thread(target=self.work, args=(port, f"{seed}-{c}")) for c in range(clients)]
        for thread in self.threads:
            thread.start()

    def work(self, port, name):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        headers = {"Content-Type": "application/json"}
        try:
            for number in range(10 ** 9):
                if self.ending:
                    return
                if number % 20 == 0:
                    target, body = "/v1/sessions", {"session_id": f"{name}-{number // 20}", "user": name}
                else:
                    target = f"/v1/sessions/{name}-{number // 20}/messages"
                    body = {"message_id": f"m{number}", "role": "user",
                            "parts": [{"type": "text", "text": f"green tea {number} " + "x" * (number % 700)}]}
                connection.request("POST", target, json.dumps(body), headers)
                answer = connection.getresponse()
                told = json.loads(answer.read())
                check(answer.status in (200, 201), told)
                with self.lock:
                    self.acknowledged = max(self.acknowledged, told["position"])
                    self.lock.notify_all()
        except (OSError, http.client.HTTPException):
            return  # the server was killed

    def so_far(self):
        with self.lock:
            return self.acknowledged

    def reach(self, position):
        """Waits until this much was acknowledged."""
        with self.lock:
            check(self.lock.wait_for(lambda: self.acknowledged >= position, PATIENCE), f"{position} is not reached")

    def stop(self):
        self.ending = True
        for thread in self.threads:
            thread.join()


def fill(program, data, seed, events=BULK_EVENTS):
    """A log that takes a moment to copy."""
    chance = random.Random(seed)
    path = program.folder / "bulk.ndjson"
    with open(path, "w") as out:
        for first in range(0, events, 100):
            records = [{"stream": f"custom-{seed}-{first}", "type": "Noted", "facts": {"n": first + i},
                        "content": {"text": "%x" % chance.getrandbits(4 * BULK_BYTES)}} for i in range(100)]
            out.write(json.dumps({"records": records}) + "\n")
    program.run("append", path, "--data", data)
    path.unlink()


def check_restored(program, data, prefix, header):
    """The directory is this log: the same bytes, the same root, every index and view right."""
    events, told = program.events(data)
    check(events == prefix, f"{data}: not the same {len(prefix)} events, but {len(events)}")
    check((told["size"], told["root"]) == (header["tree_size"], header["root"]), f"{data}: {told} {header}")
    check(program.json("verify", "--data", data)["sound"], "the restored log is not sound")


def nothing_opens(program, *places):
    for place in places:
        if os.path.exists(place):
            program.run("verify", "--data", place, fails=True)
            program.run("export", "--data", place, "--out", program.folder / "none", fails=True)


def state_of_backup(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", "/v1/admin/backup")
    state = json.loads(connection.getresponse().read())
    connection.close()
    return state


# ---- under load, with kills --------------------------------------------------------------------

def one_round(program, number, chance, tally):
    data = program.folder / "data"
    backup = program.folder / f"backup{number}"
    partial = pathlib.Path(f"{backup}.partial")
    server = Server(program, data)
    load = Load(server.port, f"{number}-{chance.getrandbits(20)}")
    time.sleep(chance.uniform(0.05, 0.4))
    before = load.so_far()
    victim = chance.choice(["none", "server", "server", "command"])
    began = time.monotonic()
    making = program.start("backup", backup, "--data", data)
    if victim == "none":
        making.wait(PATIENCE)
    else:
        time.sleep(chance.uniform(0, tally.get("took", 1.0) * 1.1))
        (server.kill if victim == "server" else making.kill)()
        making.wait(PATIENCE)
    if victim == "none":
        check(making.returncode == 0, making.stderr.read().decode())
        tally["took"] = time.monotonic() - began
    complaint = making.stderr.read().decode()
    making.stdout.close()
    making.stderr.close()
    if victim == "command":  # what it asked for may still be on its way; the server goes on with it
        deadline = time.monotonic() + PATIENCE
        quiet = time.monotonic()
        while time.monotonic() < min(quiet + 0.5, deadline):
            if partial.exists() or state_of_backup(server)["state"] == "running":
                quiet = time.monotonic()
            time.sleep(0.02)
        check(not partial.exists(), "a backup whose command was killed does not end")
    load.stop()
    if victim == "server":
        whole = backup.exists()
        check(whole or not backup.exists(), complaint)
        tally["cut" if not whole else "late"] = tally.get("cut" if not whole else "late", 0) + 1
        if not whole:
            nothing_opens(program, backup, partial)
            server = Server(program, data)
            program.run("backup", backup, "--data", data)
    check(not partial.exists() or victim == "server", "the place of a backup is left behind")
    if not backup.exists():  # killed before it was asked for
        program.run("backup", backup, "--data", data)
    if server.process.poll() is None:
        server.stop()

    report = program.json("backup", "verify", backup)
    check(report["sound"], report)
    check(report["tree_size"] > before, f"{before} was acknowledged, the backup has {report['tree_size']}")
    original, _ = program.events(data)
    size = report["tree_size"]

    restored = program.folder / "restored"
    for _ in range(chance.randrange(3)):  # killed on the way
        part = ["--to-position", size - 2] if chance.random() < 0.4 else []
        restoring = program.start("restore", backup, "--data", restored, *part)
        time.sleep(chance.uniform(0, 0.4))
        restoring.kill()
        restoring.wait()
        restoring.stdout.close()
        restoring.stderr.close()
        if restored.exists():  # it was faster, and is whole
            check(program.json("verify", "--data", restored)["sound"], "half a restore has the name")
            shutil.rmtree(restored)
            tally["restored early"] = tally.get("restored early", 0) + 1
        else:
            nothing_opens(program, f"{restored}.restoring")
            tally["restores cut"] = tally.get("restores cut", 0) + 1
    told = program.json("restore", backup, "--data", restored)
    check(told["root"] == report["root"] and told["epoch"] == 1 and not told["new_epoch"], told)
    check(not os.path.exists(f"{restored}.restoring"), "the place of the restore is left behind")
    check_restored(program, restored, original[:size], report)
    found = program.json("search", "green tea", "--data", restored)
    check(found["hits"] if "hits" in found else found, "the restored log is not searched")
    shutil.rmtree(restored)
    points_in_time(program, chance, backup, original[:size], restored)
    shutil.rmtree(backup)
    shutil.rmtree(partial, True)


def points_in_time(program, chance, backup, events, restored, count=1):
    for _ in range(count):
        position = chance.randrange(len(events) - 1)
        keep = position + 1
        if chance.random() < 0.5:
            told = program.json("restore", backup, "--data", restored, "--to-position", position)
        else:
            at = json.loads(events[position])["recorded_at"]
            while keep < len(events) and json.loads(events[keep])["recorded_at"] == at:
                keep += 1
            if keep == len(events):
                continue
            told = program.json("restore", backup, "--data", restored, "--to-time", at)
        check((told["taken_over"], told["epoch"], told["new_epoch"]) == (keep, 2, True), told)
        lines, header = program.events(restored)
        check(lines[:-1] == events[:keep], f"not the prefix of {keep}")
        last = json.loads(lines[-1])
        check((last["type"], last["project"], last["stream"]) == ("LogRestored", "_log", "system"), last)
        check(last["facts"]["size"] == keep and last["facts"]["epoch"] == 2, last)
        check((header["size"], header["root"]) == (keep + 1, told["root"]), header)
        check((restored / "keys" / "epoch").read_text() == "2\n", "the epoch")
        check(program.json("verify", "--data", restored)["sound"], "a point in time is not sound")
        shutil.rmtree(restored)


# ---- what is wrong, and refused ----------------------------------------------------------------

class Damage:
    """Copies of one backup, each wrong in one way."""

    def __init__(self, program, backup):
        self.program = program
        self.backup = backup
        self.count = 0

    def refused(self, change, *words):
        """Both verify and restore say no, with these words, and leave nothing behind."""
        copy = self.program.folder / "damaged"
        shutil.copytree(self.backup, copy, symlinks=True)
        change(copy)
        before = listing(copy)
        target = self.program.folder / "target"
        for arguments in (("backup", "verify", copy), ("restore", copy, "--data", target)):
            said = self.program.run(*arguments, fails=True)
            for word in words:
                check(word in said, f"{arguments[0]}: '{word}' is not in: {said}")
        check(not target.exists() and not os.path.exists(f"{target}.restoring"), "a refused restore leaves something")
        check(listing(copy) == before, "a backup was written to")
        if copy.is_dir():
            shutil.rmtree(copy)
        self.count += 1

    def manifest(self, change, *words):
        def rewrite(copy):
            path = copy / "manifest.json"
            told = json.loads(path.read_text())
            text = change(told)
            path.write_text(text if isinstance(text, str) else json.dumps(told))
        self.refused(rewrite, *words)


def listing(folder):
    return sorted((str(p), p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.rglob("*"))


def files_of(backup):
    return [entry["name"] for entry in json.loads((backup / "manifest.json").read_text())["files"]]


def damaged_files(program, backup, chance, damage):
    for name in files_of(backup):
        def flip(copy):
            path = copy / name
            old = bytearray(path.read_bytes())
            old[chance.randrange(len(old))] ^= 1 << chance.randrange(8)
            path.write_bytes(old)

        def cut(copy):
            os.truncate(copy / name, (copy / name).stat().st_size - 1)

        def longer(copy):
            with open(copy / name, "ab") as out:
                out.write(b"x")

        def link(copy):
            (copy / name).rename(copy.parent / "elsewhere")
            (copy / name).symlink_to(copy.parent / "elsewhere")

        def pipe(copy):
            (copy / name).unlink()
            os.mkfifo(copy / name)

        size = (backup / name).stat().st_size
        if size:
            damage.refused(flip, name, "bytes are not those")
            damage.refused(cut, name, str(size))
        damage.refused(longer, name, str(size))
        damage.refused(lambda copy: (copy / name).unlink(), name, "is missing")
        damage.refused(lambda copy: (copy / name).rename(copy / (name + ".old")), name, "is missing")
        damage.refused(link, name, "symbolic link")
        damage.refused(pipe, name, "no regular file")
    damage.refused(lambda copy: (copy / "db" / "999999.sst").write_bytes(b"?"), "db/999999.sst", "not in the manifest")
    damage.refused(lambda copy: (copy / "notes.txt").write_bytes(b"?"), "notes.txt", "not in the manifest")
    damage.refused(lambda copy: (copy / "manifest.json").unlink(), "no backup")

    def linked_folder(copy):
        (copy / "db").rename(copy.parent / "moved")
        (copy / "db").symlink_to(copy.parent / "moved")
    damage.refused(linked_folder, "db/")
    shutil.rmtree(program.folder / "moved")
    (program.folder / "elsewhere").unlink(missing_ok=True)


def damaged_manifests(damage):
    def told(**members):
        return lambda manifest: manifest.update(members)

    def file_named(name):
        return lambda manifest: manifest["files"].append({"name": name, "bytes": 0, "sha256": hashlib.sha256().hexdigest()})

    def without(name):
        def drop(manifest):
            manifest["files"] = [f for f in manifest["files"] if f["name"] != name]
        return drop

    def twice(manifest):
        manifest["files"].append(manifest["files"][0])

    def huge(manifest):
        manifest["files"][0]["bytes"] = 2 ** 63

    def repeated_member(manifest):
        return json.dumps(manifest)[:-1] + ',"epoch":2}'

    damage.manifest(told(format="hansard-backup/2"), "hansard-backup/2", "hansard-backup/1")
    damage.manifest(told(tree_size=1), "manifest tells 1")
    damage.manifest(told(root="0" * 64), "root that the manifest tells")
    damage.manifest(told(root="zz"), "root")
    damage.manifest(told(epoch=7), "epoch 1", "7")
    damage.manifest(told(epoch=0), "epoch")
    damage.manifest(told(log_id="00000000-0000-4000-8000-000000000000"), "another log")
    damage.manifest(told(key_check="00"), "another log")
    damage.manifest(told(made_at="yesterday"), "made_at")
    damage.manifest(told(more=1), "unknown member more")
    damage.manifest(told(files={}), "files")
    damage.manifest(lambda manifest: "{", "manifest.json")
    damage.manifest(lambda manifest: "[" * 100000, "manifest.json")
    damage.manifest(repeated_member, "epoch comes twice")
    damage.manifest(without("keys/store.key"), "keys/store.key is missing")
    damage.manifest(without("HEAD"), "HEAD is missing")
    damage.manifest(without("db/CURRENT"), "db/CURRENT is missing")
    damage.manifest(twice, "twice")
    damage.manifest(huge, "bytes")
    # Names that lead elsewhere, or look like another.
    for name in ("../escaped", "/etc/passwd", "db/../../escaped", "db/./CURRENT", "db//CURRENT", "DB/CURRENT", "db/current",
                 "head", "db", "db/", "", ".", "..", "db/000001.sst/../x", "keys/../HEAD", "db\\CURRENT", "db/000001.SST",
                 "db/\u0441URRENT", "db/000001.sst\u0000x", "manifest.json", "LOCK", "RESTORING", "hansard.toml", "C:HEAD",
                 "db/000001.sst ", "./HEAD", "~/HEAD", "db/LOCK"):
        damage.manifest(file_named(name), "is no name of a file of a backup")


def foreign(program, backup, chance, damage):
    """Parts of another log, with a manifest that says they are right."""
    other_data = program.folder / "other"
    fill(program, other_data, 77, 200)
    other = program.folder / "other-backup"
    program.run("backup", other, "--data", other_data)

    def with_file(copy, name, content):
        (copy / name).write_bytes(content)
        told = json.loads((copy / "manifest.json").read_text())
        for entry in told["files"]:
            if entry["name"] == name:
                entry["bytes"] = len(content)
                entry["sha256"] = hashlib.sha256(content).hexdigest()
        (copy / "manifest.json").write_text(json.dumps(told))

    def foreign_key(copy):
        with_file(copy, "keys/store.key", (other / "keys" / "store.key").read_bytes())

    def foreign_database(copy):
        shutil.rmtree(copy / "db")
        shutil.copytree(other / "db", copy / "db")
        told = json.loads((copy / "manifest.json").read_text())
        theirs = json.loads((other / "manifest.json").read_text())
        told["files"] = [f for f in told["files"] if not f["name"].startswith("db/")]
        told["files"] += [f for f in theirs["files"] if f["name"].startswith("db/")]
        (copy / "manifest.json").write_text(json.dumps(told))

    damage.refused(foreign_key, "store.key")
    damage.refused(foreign_database, "does not belong to this log")
    # Events changed, and every hash of the manifest made to fit.
    tables = [n for n in files_of(backup) if n.endswith((".sst", ".log")) and (backup / n).stat().st_size > 1000]
    for _ in range(8):
        name = chance.choice(tables)
        content = bytearray((backup / name).read_bytes())
        at = chance.randrange(len(content))
        content[at] ^= 0xFF
        harmless = program.folder / "damaged"
        shutil.copytree(backup, harmless)
        with_file(harmless, name, bytes(content))
        done = subprocess.run([program.binary, "backup", "verify", str(harmless), "--json"], capture_output=True,
                              env=program.environment, timeout=PATIENCE)
        if done.returncode == 0:  # a byte that means nothing (padding, a view): then it restores to the very same
            target = program.folder / "target"
            program.run("restore", harmless, "--data", target)
            check(program.events(target)[0] == program.events(program.folder / "kept")[0], "changed, and not noticed")
            shutil.rmtree(target)
        shutil.rmtree(harmless)
        damage.count += 1


def refusals(program, backup):
    """Places that are taken, and arguments that make no sense."""
    target = program.folder / "target"
    target.mkdir()
    (target / "mine").write_text("mine")
    check("not an empty" in program.run("restore", backup, "--data", target, fails=True), "onto something")
    check((target / "mine").read_text() == "mine", "something of mine is gone")
    shutil.rmtree(target)
    place = pathlib.Path(f"{target}.restoring")
    place.mkdir()
    (place / "mine").write_text("mine")
    check("none of ours" in program.run("restore", backup, "--data", target, fails=True), "a place of others")
    check((place / "mine").exists(), "something of mine is gone")
    shutil.rmtree(place)
    target.mkdir()  # empty is as good as absent
    program.run("restore", backup, "--data", target)
    check("not an empty" in program.run("restore", backup, "--data", target, fails=True), "restored twice")
    shutil.rmtree(target)
    size = json.loads((backup / "manifest.json").read_text())["tree_size"]
    for arguments, words in ((("--to-position", size), "no position"), (("--to-time", "2001-01-01T00:00:00Z"), "first event"),
                             (("--to-time", "soon"), "to-time"), (("--to-position", 3, "--to-time", "2030-01-01T00:00:00Z"), "excludes"),
                             (("--ledger", program.folder / "none"), "none")):
        said = program.run("restore", backup, "--data", target, *arguments, fails=True)
        check(words in said, f"{arguments}: {said}")
        check(not target.exists() and not place.exists(), "a refused restore leaves something")
    told = program.json("restore", backup, "--data", target, "--to-position", size - 1)
    check(told["epoch"] == 1 and not told["new_epoch"], "the end is no earlier point")
    shutil.rmtree(target)
    told = program.json("restore", backup, "--data", target, "--clone")
    check(told["epoch"] == 2 and told["events"] == size + 1, told)
    shutil.rmtree(target)
    ledger = program.folder / "ledger"
    ledger.write_text("")
    program.run("restore", backup, "--data", target, "--ledger", ledger)
    laid = pathlib.Path(f"{target}.erasures")
    check(laid.read_bytes() == ledger.read_bytes(), "the ledger is not beside the log")
    laid.unlink()
    shutil.rmtree(target)

    kept = program.folder / "kept"
    for to, words in ((backup, "exists"), (kept / "inside", "data directory"), (program.folder, "data directory"),
                      (program.folder / "no" / "where", "no directory"), (program.folder / "LINK" / "x", "data directory")):
        if "LINK" in str(to) and not (program.folder / "LINK").exists():
            (program.folder / "LINK").symlink_to(kept)
        check(words in program.run("backup", to, "--data", kept, fails=True), f"{to}: {words}")
    check("--help" in program.run("backup", "--data", kept, fails=True), "a backup to nowhere")
    if os.geteuid() != 0:
        closed = program.folder / "closed"
        closed.mkdir(0o500)
        check("ermission" in program.run("backup", closed / "x", "--data", kept, fails=True), "no permission")
    part = pathlib.Path(f"{program.folder / 'b9'}.partial")
    part.mkdir()
    (part / "mine").write_text("mine")
    check("none of ours" in program.run("backup", program.folder / "b9", "--data", kept, fails=True), "a place of others")


def is_not_opened(program, backup):
    """Whatever opens a data directory leaves a backup alone, and says what to do with it."""
    before = listing(backup)
    for arguments in (("serve", "--listen", "127.0.0.1:0"), ("sessions",), ("show", "s1"), ("verify",), ("doctor",),
                      ("doctor", "--repair"), ("doctor", "--accept-loss"), ("doctor", "--new-signing-key"),
                      ("export",), ("keys", "create", "k", "--scope", "read"), ("backup", program.folder / "again"),
                      ("search", "x"), ("report", "costs"), ("prove", "--session", "s1"), ("retention",)):
        said = program.run(*arguments, "--data", backup, fails=True)
        check("is a backup" in said and f"hansard restore {backup}" in said, f"{arguments}: {said}")
    check(listing(backup) == before, "the backup was written to")


def head_of(program, data):
    """What a server on it signs."""
    server = Server(program, data)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", "/v1/audit/head")
    head = json.loads(connection.getresponse().read())
    connection.close()
    server.stop()
    return head


def signing_keys(program):
    """A key that a backup took along signs on; one that is lost is left on order, and visibly."""
    data, restored = program.folder / "kept", program.folder / "keyed"
    before = head_of(program, data)
    program.run("backup", program.folder / "keyed-backup", "--with-signing-key", "--data", data)
    program.run("restore", program.folder / "keyed-backup", "--data", restored)
    after = head_of(program, restored)
    check(after["vkey"] == before["vkey"] and after["origin"] == before["origin"], f"another key: {after}")
    shutil.rmtree(program.folder / "keyed-backup")

    key, checkpoint = restored / "keys" / "signing.pem", restored / "checkpoint"
    check("key that signed the checkpoint is there" in
          program.run("doctor", "--new-signing-key", "--data", restored, fails=True), "a key that is there")
    secret = key.read_bytes()
    key.unlink()
    words = ("signing.pem is missing", "Put the file back", "hansard doctor --new-signing-key")
    said = program.run("serve", "--data", restored, "--listen", "127.0.0.1:0", fails=True)
    check(all(word in said for word in words), f"a lost key: {said}")
    check(not key.exists(), "a key was drawn in secret")
    said = program.run("verify", "--data", restored, fails=True)
    check("NOT SOUND" in said and "who signed it cannot be told" in said, f"verify without the key: {said}")
    key.write_bytes(secret)
    check(head_of(program, restored)["vkey"] == before["vkey"], "what was put back does not sign")

    # Lost for good, or somebody else's: both are left, and the log goes on in another epoch.
    for epoch, put in ((2, None), (3, b"foreign")):
        if put is None:
            key.unlink()
        else:
            shutil.copy(program.folder / "data" / "keys" / "signing.pem", key)
        said = program.run("serve", "--data", restored, "--listen", "127.0.0.1:0", fails=True)
        check("doctor --new-signing-key" in said, f"another key: {said}")
        changed = checkpoint.read_bytes()
        checkpoint.write_bytes(changed.replace(b"\n", b"\n1", 1))  # of more events than there are
        check("not what it says" in program.run("doctor", "--new-signing-key", "--data", restored, fails=True),
              "another history was left behind with the key")
        checkpoint.write_bytes(changed)
        program.run("doctor", "--new-signing-key", "--data", restored)
        check((restored / f"checkpoint.epoch-{epoch - 1}").read_bytes() == changed, "the old note was not kept")
        now = head_of(program, restored)
        check(now["origin"].endswith(f"/{epoch}") and now["earlier"] == [], f"no other epoch: {now}")
        check(now["vkey"].split("+")[2] != after["vkey"].split("+")[2], "the lost key signs")
        check(now["root"] == before["root"] or now["size"] > before["size"], "another log")
        check(program.json("verify", "--data", restored)["sound"], "not sound under another key")
        after = now
    check((restored / "keys" / "signing.replaced-2.pem").exists(), "the foreign key was not kept")
    shutil.rmtree(restored)


def routes(program, backup):
    """Over HTTP: who may, and one at a time."""
    data = program.folder / "kept"
    server = Server(program, data)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)

    def ask(method, body=None):
        connection.request(method, "/v1/admin/backup", None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    check(ask("GET")[1] == {"state": "none"}, "nothing was asked for yet")
    for body, field in (({}, "to"), ({"to": 3}, "to"), ({"to": "relative"}, "to"), ({"to": str(data / "x")}, "to"),
                        ({"to": "/x", "more": 1}, "more"), ({"to": "/x", "with_signing_key": "yes"}, "with_signing_key")):
        status, problem = ask("POST", body)
        check(status == 400 and problem.get("field") == field, f"{body}: {status} {problem}")
    check(ask("GET")[1] == {"state": "none"}, "a refused backup counts")
    to = program.folder / "over-http"
    status, state = ask("POST", {"to": str(to)})
    check(status == 202 and state["number"] == 1, state)
    again, problem = ask("POST", {"to": str(program.folder / "second")})
    check(again in (202, 409, 422), problem)
    deadline = time.monotonic() + PATIENCE
    while ask("GET")[1]["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    check(ask("GET")[1]["state"] == "done" and to.exists(), ask("GET"))
    server.stop()
    check(program.json("backup", "verify", to)["sound"], "made over HTTP")
    shutil.rmtree(to)
    shutil.rmtree(program.folder / "second", True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=20261122)
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    program = Program(given.binary)
    chance = random.Random(given.seed)

    kept = program.folder / "kept"
    fill(program, kept, 1, 300)
    server = Server(program, kept)
    load = Load(server.port, "kept")
    load.reach(600)  # 300 of which were there
    load.stop()
    server.stop()
    backup = program.folder / "good"
    program.run("backup", backup, "--data", kept)
    before = listing(backup)
    events, _ = program.events(kept)
    check(program.json("backup", "verify", backup)["sound"], "a good backup is not sound")
    damage = Damage(program, backup)
    damaged_files(program, backup, chance, damage)
    damaged_manifests(damage)
    foreign(program, backup, chance, damage)
    refusals(program, backup)
    is_not_opened(program, backup)
    points_in_time(program, chance, backup, events, program.folder / "restored", 4)
    routes(program, backup)
    check(listing(backup) == before, "the backup was written to")
    print(f"{damage.count} wrong backups refused")

    fill(program, program.folder / "data", 2)
    signing_keys(program)
    tally = {}
    for number in range(given.rounds):
        try:
            one_round(program, number, chance, tally)
        except Exception:
            print(f"round {number}")
            raise
    print(f"{given.rounds} rounds: {tally}")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        print(f"FAILED: {failure}")
        sys.exit(1)
