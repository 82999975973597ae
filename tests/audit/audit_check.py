#!/usr/bin/env python3
"""Every proof of a running server, checked in another language, and every forgery refused by both checkers.

A log grows from 1 to SIZE events; at each size head, checkpoint, tiles, inclusion of every event (at that
size, and at random older ones) and consistency with every older size are asked over HTTP and checked by
`check_proof.py`. Then bundles: whole sessions, single events, one with erased content where there is one,
over HTTP, the socket and the directory itself; forged in every way that this file can think of. Then what
a start notices: checkpoints that are forged, of another log, ahead of the log, or of another history,
also from a copy outside; and a change of key.

usage: audit_check.py HANSARD_BINARY [SIZE]
"""
import base64
import http.client
import http.server
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading

import check_proof as checker
import sign_note

PATIENCE = 60
SEED = 20261122


def expect(condition, what):
    if not condition:
        raise SystemExit(what)


class Server:
    def __init__(self, binary, folder, settings="", data=None):
        self.binary, self.folder = binary, folder
        self.data = data or folder / "data"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hansard.toml").write_text(settings)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the server did not start: " + self.process.stderr.read())
        self.port = int(line.strip().rsplit(":", 1)[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        # What it says must not fill a pipe.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self):
        self.connection.close()
        self.process.terminate()
        expect(self.process.wait(PATIENCE) == 0, "the server did not stop cleanly")

    def ask(self, method, target, body=None, headers=()):
        sent = None if body is None else json.dumps(body)
        self.connection.request(method, target, sent,
                                {"content-type": "application/json", **dict(headers)})
        answer = self.connection.getresponse()
        return answer.status, answer.read(), answer.headers

    def get(self, target):
        status, body, _ = self.ask("GET", target)
        expect(status == 200, f"{target}: {status} {body[:300]}")
        return body

    def json(self, target):
        return json.loads(self.get(target))

    def refused(self, target, status, field=None):
        found, body, _ = self.ask("GET", target)
        expect(found == status, f"{target}: {found} instead of {status}: {body[:200]}")
        if field:
            expect(json.loads(body).get("field") == field, f"{target}: {body[:200]}")

    def post(self, target, body):
        status, answer, _ = self.ask("POST", target, body)
        expect(status in (200, 201), f"{target}: {status} {answer[:300]}")
        return json.loads(answer)


def run(binary, *arguments, cwd=None):
    return subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, cwd=cwd,
                          timeout=PATIENCE)


def unhex(text):
    return bytes.fromhex(text)


def add(server, session, number):
    server.post(f"/v1/sessions/{session}/messages",
                {"message_id": f"m{number}", "role": "user",
                 "parts": [{"type": "text", "text": f"line {number}: größer als ☃"}]})


def tile_bytes(server, size, level, index):
    """The tile as a client of tlog-tiles asks for it: full, or of the width that `size` has."""
    width = min(256, (size >> (8 * level)) - index * 256)
    path = f"{level}/{index:03d}" + ("" if width == 256 else f".p/{width}")
    data = server.get("/v1/audit/tile/" + path)
    expect(len(data) == 32 * width, f"tile {path}: {len(data)} bytes")
    return [data[i:i + 32] for i in range(0, len(data), 32)]


def check_sizes(server, top, draw):
    """Every proof of every size from now to `top`."""
    roots, leaves, proofs = {}, [], 0
    server.post("/v1/sessions", {"session_id": "grows", "user": "ada"})
    number = 0
    while True:
        head = server.json("/v1/audit/head")
        size, root = head["size"], unhex(head["root"])
        key = checker.parse_key(head["vkey"])
        note = checker.parse_checkpoint(checker.check_note(head["note"], key))
        expect(note == (head["origin"], size, root), "the note says something else than the head")
        expect(key[0] == head["origin"], "the key has another name")
        leaves = [hash_ for i in range((size + 255) // 256) for hash_ in tile_bytes(server, size, 0, i)]
        expect(checker.tree(leaves) == root, f"the tiles of size {size} have another root")
        if size >= 256:
            expect(tile_bytes(server, size, 1, 0)[0] == checker.tree(leaves[:256]), "level 1")
        roots[size] = root
        for position in range(size):
            some = [size] if size < 40 or draw.random() < 0.1 else []
            if draw.random() < 0.05:
                some.append(draw.randint(position + 1, size))
            for at in some:
                told = server.json(f"/v1/audit/inclusion?position={position}&size={at}")
                path = [unhex(each) for each in told["path"]]
                expect(unhex(told["leaf"]) == leaves[position], "another leaf than the tile's")
                expect(unhex(told["root"]) == checker.tree(leaves[:at]), "another root at that size")
                expect(checker.verify_inclusion(leaves[position], position, at, unhex(told["root"]),
                                                path), f"inclusion of {position} in {at}")
                expect(not checker.verify_inclusion(leaves[position], position, at,
                                                    unhex(told["root"]), path + [root]), "too long")
                if path:
                    expect(not checker.verify_inclusion(leaves[position], position, at,
                                                        unhex(told["root"]), path[:-1]), "too short")
                proofs += 1
        for older in range(1, size + 1):
            if size > 40 and older != size and draw.random() > 0.1:
                continue
            told = server.json(f"/v1/audit/consistency?from={older}&to={size}")
            path = [unhex(each) for each in told["path"]]
            expect(unhex(told["from_root"]) == checker.tree(leaves[:older]), "the older root")
            expect(roots.get(older, unhex(told["from_root"])) == unhex(told["from_root"]),
                   "the past has changed")
            expect(checker.verify_consistency(older, unhex(told["from_root"]), size, root, path),
                   f"consistency of {older} and {size}")
            proofs += 1
        if size >= top:
            return proofs
        steps = 1 if size < 40 or 250 <= size <= 260 else draw.randint(1, 24)
        for _ in range(steps):
            number += 1
            add(server, "grows", number)


def check_refusals(server):
    size = server.json("/v1/audit/head")["size"]
    server.refused(f"/v1/audit/inclusion?position=0&size={size + 1}", 400, "size")
    server.refused(f"/v1/audit/inclusion?position={size}", 400, "position")
    server.refused("/v1/audit/inclusion", 400, "position")
    server.refused("/v1/audit/inclusion?position=0&event=1", 400, "position")
    server.refused("/v1/audit/inclusion?event=nothing", 400, "event")
    server.refused("/v1/audit/inclusion?event=00000000-0000-4000-8000-000000000000", 404, "event")
    server.refused("/v1/audit/consistency?from=0", 400, "from")
    server.refused("/v1/audit/consistency", 400, "from")
    server.refused(f"/v1/audit/consistency?from=1&to={size + 1}", 400, "to")
    server.refused("/v1/audit/consistency?from=2&to=1", 400, "from")
    server.refused("/v1/audit/stream-head?session=none", 404)
    server.refused("/v1/audit/stream-head", 400, "session")
    server.refused("/v1/audit/proof?session=none", 404)
    server.refused("/v1/audit/proof?session=grows&event=1", 400, "event")
    server.refused(f"/v1/audit/proof?event={size}", 404)
    server.refused("/v1/audit/head?misspelt=1", 400, "misspelt")
    for tile in ("0", "0/0", "0/00", "0/0000", "00/000", "8/000", "-1/000", "0/x000/000", "0/001/000",
                 "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p", f"0/{size // 256:03d}",
                 f"0/{size // 256:03d}.p/255", "0/x999/999", "0/000/1", "x/000", "0/..", "0/000.p/1/2",
                 "0/x1/000", "0/%2e%2e/000", "entries/000", "7/x999/x999/x999/x999/x999/999",
                 "0/x999/x999/x999/x999/x999/x999/x999/999"):
        server.refused("/v1/audit/tile/" + tile, 404)


def refuse(binary, folder, lines, what, counts, *more):
    """Both checkers must refuse a forged bundle."""
    path = folder / "forged.proof"
    path.write_bytes(b"".join(lines))
    ours = run(binary, "check-proof", path, *more)
    expect(ours.returncode not in (0, 1, 2) and "does not hold: line " in ours.stderr,
           f"{what}: check-proof says {ours.returncode} {ours.stdout} {ours.stderr}")
    trusted = kept = None
    if more and more[0] == "--key":
        trusted = more[1]
    if more and more[0] == "--checkpoint":
        kept = checker.last_note(pathlib.Path(more[1]).read_text(encoding="utf-8"))
    try:
        checker.check_bundle([line.decode() for line in lines], trusted, kept)
    except checker.Wrong:
        counts[what] = counts.get(what, 0) + 1
        return
    raise SystemExit(f"{what}: the independent checker accepted it")


def accept(binary, path, *more, kept=None, trusted=None):
    ours = run(binary, "check-proof", path, *more)
    expect(ours.returncode == 0 and "It holds." in ours.stdout,
           f"check-proof refuses {path}: {ours.stdout}{ours.stderr}")
    with open(path, encoding="utf-8", newline="\n") as file:
        return checker.check_bundle(file, trusted, kept), ours.stdout


def dumped(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def changed_base64(text, draw):
    data = bytearray(base64.b64decode(text))
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return base64.b64encode(data).decode()


def forge(binary, folder, good, foreign, draw, counts):
    """Every kind of change that this file can think of, of a bundle of a whole session."""
    parsed = [json.loads(line) for line in good]
    other = [json.loads(line) for line in foreign]

    def say(what, lines, *more):
        refuse(binary, folder, lines, what, counts, *more)

    def with_line(index, **members):
        return good[:index] + [dumped({**parsed[index], **members})] + good[index + 1:]

    middle = len(good) // 2
    event = parsed[middle]
    say("shortened at its end", good[:-1])
    say("shortened at its end", good[:-2])
    say("an event missing", good[:middle] + good[middle + 1:])
    say("an event missing, and the count changed",
        good[:middle] + good[middle + 1:-1] + [dumped({"end": parsed[-1]["end"] - 1})])
    say("the last event missing, and the count changed",
        good[:-2] + [dumped({"end": parsed[-1]["end"] - 1})])
    say("events swapped", good[:middle] + [good[middle + 1], good[middle]] + good[middle + 2:])
    say("an event twice", good[:middle + 1] + good[middle:])
    say("a line more", good + [good[middle]])
    say("cut within a line", good[:middle] + [good[middle][:len(good[middle]) // 2]])
    say("empty", [b""])
    say("no JSON", good[:middle] + [b"{\n"] + good[middle:])
    say("an unknown member", with_line(middle, remark="trust me"))
    say("a member twice", good[:middle] + [good[middle][:-2] + b',"position":' +
                                           str(event["position"]).encode() + b"}\n"] + good[middle + 1:])
    say("another position", with_line(middle, position=event["position"] + 1))
    say("a position that is no number", with_line(middle, position=str(event["position"])))
    say("other facts", with_line(middle, facts=event["facts"].replace("{", "{ ", 1)))
    say("other content", with_line(middle, content=event["content"].replace("line", "lime", 1)))
    say("a path too short", with_line(middle, path=event["path"][:-1]))
    say("a path too long", with_line(middle, path=event["path"] + event["path"][:1]))
    say("a path of 65", with_line(middle, path=event["path"] * 65))
    say("a path of others", with_line(middle, path=parsed[middle + 1]["path"]))
    say("erased by whoever sends it", good[:middle] + [dumped(
        {k: v for k, v in event.items() if k not in ("salt", "content")} |
        {"commitment": event["salt"]})] + good[middle + 1:])
    for _ in range(12):
        for name in ("header", "salt", "leaf"):
            say(f"a bit of the {name}", with_line(middle, **{name: changed_base64(event[name], draw)}))
        path = list(event["path"])
        at = draw.randrange(len(path))
        path[at] = changed_base64(path[at], draw)
        say("a bit of a path", with_line(middle, path=path))
    say("the proof of another log", [good[0]] + foreign[1:])
    say("the checkpoint of another log", [foreign[0]] + good[1:])
    head, foreign_head = parsed[0], other[0]
    say("the checkpoint of another log alone", with_line(0, checkpoint=foreign_head["checkpoint"]))
    say("the key of another log", with_line(0, vkey=foreign_head["vkey"]))
    say("key and checkpoint of another log", with_line(0, vkey=foreign_head["vkey"],
                                                       checkpoint=foreign_head["checkpoint"]))
    say("the origin of another log", with_line(0, origin=foreign_head["origin"]))
    say("another format", with_line(0, format="hansard-proof/2"))
    lines = head["checkpoint"].split("\n")
    for index in range(3):
        forged = list(lines)
        other = "2" if forged[index][-2] == "1" else "1"
        forged[index] = forged[index][:-2] + other + forged[index][-1:]
        say("a checkpoint changed", with_line(0, checkpoint="\n".join(forged)))
    say("a checkpoint unsigned", with_line(0, checkpoint="\n".join(lines[:4]) + "\n"))
    lines = head["stream_head"].split("\n")
    forged = list(lines)
    forged[6] = str(int(forged[6]) - 1)
    say("a stream head changed", [dumped({**head, "stream_head": "\n".join(forged)})] + good[1:-2] +
        [dumped({"end": parsed[-1]["end"] - 1})])
    say("the stream head as checkpoint", with_line(0, checkpoint=head["stream_head"]))
    say("the checkpoint as stream head", with_line(0, stream_head=head["checkpoint"]))
    say("another key than the one given", good, "--key", foreign_head["vkey"])


def check_bundles(binary, server, folder, draw):
    counts = {}
    for number in range(6):
        add(server, "grows", f"x{number}")
    server.post("/v1/sessions", {"session_id": "other", "user": "ben"})
    add(server, "other", 1)
    add(server, "other", 2)
    path = folder / "s.proof"
    for where in (["--url", f"http://127.0.0.1:{server.port}"], ["--data", server.data]):
        made = run(binary, "prove", "--session", "grows", "-o", path, *where)
        expect(made.returncode == 0, "prove: " + made.stderr)
        count, _ = accept(binary, path)
    good = path.read_bytes().splitlines(keepends=True)
    expect(count == len(good) - 2, "another count")
    vkey = json.loads(good[0])["vkey"]
    _, said = accept(binary, path, "--key", vkey, trusted=vkey)
    expect("the key is the log's" not in said, "a key that was given is still doubted")

    # A stream head of another stream of the same tree: signed, and wrong here.
    other = server.get("/v1/audit/proof?session=other").splitlines(keepends=True)
    checker.check_bundle([line.decode() for line in other])
    again = server.get("/v1/audit/proof?session=grows").splitlines(keepends=True)
    mixed = {**json.loads(again[0]), "stream_head": json.loads(other[0])["stream_head"]}
    refuse(binary, folder, [dumped(mixed)] + again[1:], "the stream head of another stream", counts)

    head = json.loads(server.get("/v1/audit/stream-head?session=grows"))
    told = checker.parse_stream_head(checker.check_note(head["note"], checker.parse_key(head["vkey"])))
    expect(told == (head["origin"], head["size"], unhex(head["root"]), head["project"],
                    head["stream"], head["version"]), "the stream head's note")

    event = json.loads(server.get("/v1/events?last=1").splitlines()[0])
    for name in (event["event_id"], event["position"]):
        made = run(binary, "prove", "--event", name, "-o", path, "--data", server.data)
        expect(made.returncode == 0, "prove --event: " + made.stderr)
        expect(accept(binary, path)[0] == 1, "one event")

    with tempfile.TemporaryDirectory() as other_folder:
        stranger = Server(binary, pathlib.Path(other_folder) / "stranger")
        stranger.post("/v1/sessions", {"session_id": "grows", "user": "ada"})
        for number in range(6):
            add(stranger, "grows", number)
        foreign = stranger.get("/v1/audit/proof?session=grows").splitlines(keepends=True)
        stranger.stop()
    forge(binary, folder, good, foreign, draw, counts)
    return sum(counts.values())


def start_refused(binary, folder, data, words, settings="", command=("serve",)):
    (folder / "hansard.toml").write_text(settings)
    more = ("--listen", "127.0.0.1:0") if command == ("serve",) else ()
    done = run(binary, *command, "--data", data, *more, cwd=folder)
    expect(done.returncode not in (0, 1, 2), f"it started although {words}: {done.stdout}")
    for word in words:
        expect(word in done.stderr, f"'{word}' is not in: {done.stderr}")


def prove_since(binary, data, folder, kept, counts):
    """A bundle that shows how the log grew from a checkpoint that was kept."""
    bundle = folder / "since.proof"
    made = run(binary, "prove", "--session", "grows", "--checkpoint", kept, "-o", bundle, "--data", data)
    expect(made.returncode == 0, "prove --checkpoint: " + made.stderr)
    note = checker.last_note(kept.read_text(encoding="utf-8"))
    _, said = accept(binary, bundle, "--checkpoint", kept, kept=note)
    expect("The same history as the checkpoint from elsewhere" in said, said)
    lines = bundle.read_bytes().splitlines(keepends=True)
    first = json.loads(lines[0])
    older = first.pop("older")
    refuse(binary, folder, [dumped(first)] + lines[1:], "no word of how it grew", counts,
           "--checkpoint", kept)
    for path in (older["path"][:-1], older["path"] * 2, older["path"][::-1]):
        forged = {**first, "older": {"size": older["size"], "path": path}}
        refuse(binary, folder, [dumped(forged)] + lines[1:], "another way of growing", counts,
               "--checkpoint", kept)


def change_key(server):
    """Another key signs, and the old one says so, on record."""
    old = server.json("/v1/audit/head")["vkey"]
    rotated = server.post("/v1/admin/signing-key/rotate", {})
    expect(rotated["old_vkey"] == old and rotated["vkey"] != old, "the key did not change")
    expect(server.json("/v1/audit/head")["vkey"] == rotated["vkey"], "the new key does not sign")
    bundle = server.get(f"/v1/audit/proof?event={rotated['position']}").splitlines()
    checker.check_bundle([line.decode() for line in bundle])
    facts = json.loads(json.loads(bundle[1])["facts"])
    text = checker.check_note(facts["note"], checker.parse_key(old)).split("\n")
    expect(text[0] == "hansard-signing-key/v1" and text[4] == rotated["vkey"], "the old key's word")
    return rotated["vkey"]


def check_starts(binary, server, folder):
    """Checkpoints that a start must notice, with and without a copy outside."""
    counts = {}
    data, outside = server.data, folder / "outside.notes"
    settings = f'[audit]\ncheckpoint_to = ["{outside}"]\n'
    server.stop()
    note = (data / "checkpoint").read_text(encoding="utf-8")
    size = int(note.split("\n")[1])
    expect(outside.read_text(encoding="utf-8").endswith(note), "the copy outside lacks the last one")
    kept = folder / "kept.notes"
    shutil.copy(outside, kept)
    before = folder / "before"
    shutil.copytree(data, before)

    def roll_back():
        shutil.rmtree(data)
        shutil.copytree(before, data)

    # Forged in place.
    (data / "checkpoint").write_text(note.replace(f"\n{size}\n", f"\n{size - 1}\n"), encoding="utf-8")
    start_refused(binary, folder, data, ["no key of this log signed it"])
    (data / "checkpoint").write_text("hello\n")
    start_refused(binary, folder, data, ["checkpoint"])
    (data / "checkpoint").write_text(note, encoding="utf-8")

    # More is recorded; then the directory is rolled back to before. Only the copy outside knows.
    server = Server(binary, folder, settings, data)
    for number in range(5):
        add(server, "grows", f"later{number}")
    prove_since(binary, data, folder, kept, counts)
    server.stop()
    grown = folder / "grown"
    shutil.copytree(data, grown)
    roll_back()
    start_refused(binary, folder, data, [str(outside), f"over {size + 5} events",
                                         f"the log has {size} events"], settings)
    server = Server(binary, folder, "", data)  # without the copy nothing is to be seen
    for number in range(9):
        add(server, "grows", f"otherwise{number}")
    server.stop()
    start_refused(binary, folder, data, [str(outside), "its past was changed"], settings)

    # A directory that lost its end: its own file knows, and accepting it begins another epoch.
    roll_back()
    shutil.copy(grown / "checkpoint", data / "checkpoint")
    for command in (("serve",), ("sessions",), ("doctor",)):
        start_refused(binary, folder, data, [f"over {size + 5} events", f"the log has {size} events",
                                             "doctor --accept-loss"], "", command)
    done = run(binary, "doctor", "--accept-loss", "--data", data)
    expect(done.returncode == 0, "doctor --accept-loss: " + done.stderr)
    lost = data / f"checkpoint.lost-{size + 5}"
    expect(lost.read_bytes() == (grown / "checkpoint").read_bytes(), "the old checkpoint was not kept")
    server = Server(binary, folder, settings, data)  # what the copy says is of the epoch before
    expect(server.json("/v1/audit/head")["origin"].endswith("/2"), "no other epoch began")
    server.stop()

    # A change of key; what the old key signed still counts, here and outside.
    shutil.rmtree(data)
    shutil.copytree(grown, data)
    outside.write_bytes(kept.read_bytes())
    server = Server(binary, folder, settings, data)
    vkey = change_key(server)
    server.stop()
    checker.check_note((data / "checkpoint").read_text(encoding="utf-8"), checker.parse_key(vkey))
    outside.write_bytes(kept.read_bytes())  # signed by the key before
    Server(binary, folder, settings, data).stop()

    # A copy that was cut off goes on; a file that is something else is left alone.
    whole = outside.read_text(encoding="utf-8")
    outside.write_text(whole + note[:len(note) // 2], encoding="utf-8")
    server = Server(binary, folder, settings, data)
    add(server, "grows", "more")
    server.stop()
    text = outside.read_text(encoding="utf-8")
    expect(text.startswith(whole) and text.count("hansard/") == whole.count("hansard/") + 2,
           "the cut note was not cut away: " + text[len(whole):])
    outside.write_text("my only copy of something\n")
    server = Server(binary, folder, settings, data)
    add(server, "grows", "and more")
    server.stop()
    expect(outside.read_text() == "my only copy of something\n", "another file was written to")
    return sum(counts.values())


def check_key_changes(binary, folder):
    """A stranger who took the first key follows two changes of it; and no other ones."""
    counts = {}
    server = Server(binary, folder / "changes")
    server.post("/v1/sessions", {"session_id": "grows", "user": "ada"})
    add(server, "grows", 0)
    head = server.json("/v1/audit/head")
    first = head["vkey"]
    expect(head["earlier"] == [], "a key before the first one")
    kept = folder / "first.notes"
    kept.write_text(head["note"], encoding="utf-8")
    seed = sign_note.read_seed(server.data / "keys" / "signing.pem")
    expect(sign_note.vkey(seed, head["origin"]) == first, "the key file is of another key")
    keys = [first]
    for number in (1, 2):
        keys.append(server.post("/v1/admin/signing-key/rotate", {})["vkey"])
        add(server, "grows", number)
    earlier = server.json("/v1/audit/head")["earlier"]
    expect([each["vkey"] for each in earlier] == keys[:2], "keys that the head does not tell")
    again = run(binary, "prove", "--session", "grows", "--checkpoint", kept, "-o",
                folder / "changes.proof", "--data", server.data)
    expect(again.returncode == 0, "prove after changes of key: " + again.stderr)
    bundle = folder / "changes.proof"
    note = kept.read_text(encoding="utf-8")
    for place, key in enumerate(keys):
        _, said = accept(binary, bundle, "--key", key, trusted=key)
        expect(("handed over" in said) == (place < 2), said)
    accept(binary, bundle, "--key", first, "--checkpoint", kept, trusted=first, kept=note)
    accept(binary, bundle)

    good = bundle.read_bytes().splitlines(keepends=True)
    parsed = json.loads(good[0])

    def say(what, changes, *more):
        one = {**parsed, "earlier": changes} if changes else \
            {name: value for name, value in parsed.items() if name != "earlier"}
        refuse(binary, folder, [dumped(one)] + good[1:], what, counts, *more)

    # Without `earlier` the bundle holds, but not for whoever has an older key.
    say("no change of key", None, "--key", first)
    say("the first change missing", earlier[1:], "--key", first)
    stranger = b"s" * 32
    theirs = sign_note.vkey(stranger, head["origin"])
    lines = earlier[0]["change"].split("\n")
    forged = sign_note.signed_note(stranger, head["origin"], "\n".join(lines[:5]) + "\n")
    away = sign_note.signed_note(seed, head["origin"], "\n".join(lines[:4] + [theirs]) + "\n")
    late = sign_note.signed_note(seed, head["origin"], "\n".join(
        [lines[0], lines[1], "1000000", lines[3], lines[4]]) + "\n")
    for more in ((), ("--key", first), ("--key", keys[2])):
        say("the second change missing", earlier[:1], *more)
        say("changes swapped", earlier[::-1], *more)
        say("a change twice", [earlier[0]] + earlier, *more)
        say("a change that a stranger signed", [{**earlier[0], "change": forged}, earlier[1]], *more)
        say("a change to a stranger's key", [{**earlier[0], "change": away}, earlier[1]], *more)
        say("a change after the checkpoint", [{**earlier[0], "change": late}, earlier[1]], *more)
        say("no list", {"vkey": first}, *more)
    # The first key cannot know who claims to come before the second.
    say("a change of a stranger's key", [{"vkey": theirs, "change": forged}] + earlier[1:],
        "--key", first)
    say("a key that never signed", earlier, "--key", theirs)
    server.stop()

    # What was kept elsewhere counts if a key of the log signed it, then or now.
    def verify(*more):
        return run(binary, "verify", "--no-views", "--against", kept, *more, "--data", server.data)

    for more in ((), ("--key", first)):
        done = verify(*more)
        expect(done.returncode == 0, f"verify --against {more}: {done.stdout}{done.stderr}")
    for more, what in ((("--key", keys[1]), "an older key"), (("--key", theirs), "a stranger's key")):
        done = verify(*more)
        expect(done.returncode not in (0, 1, 2) and f"{kept}: note 1: no key" in done.stderr,
               f"{what}: {done.stdout}{done.stderr}")
    return sum(counts.values())


class Sink(http.server.BaseHTTPRequestHandler):
    """Takes notes; refuses the first ones, and PUT altogether where the path says so."""
    notes, refusals, arrived = {}, 2, threading.Condition()

    def take(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with Sink.arrived:
            if self.command == "PUT" and self.path == "/post-only":
                return self.answer(405)
            if Sink.refusals > 0:
                Sink.refusals -= 1
                return self.answer(503)
            Sink.notes.setdefault(self.path, []).append(body.decode())
            Sink.arrived.notify_all()
        return self.answer(200)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST = take

    def log_message(self, *_):
        pass


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    top = int(sys.argv[2]) if len(sys.argv) > 2 else 70
    draw = random.Random(SEED)
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{sink.server_port}"
        server = Server(binary, folder, f'[audit]\ncheckpoint_to = ["{folder}/outside.notes", '
                                        f'"{place}/notes", "{place}/post-only"]\n')
        proofs = check_sizes(server, top, draw)
        check_refusals(server)
        forged = check_bundles(binary, server, folder, draw)
        with Sink.arrived:
            both = Sink.arrived.wait_for(lambda: len(Sink.notes) == 2, PATIENCE)
        expect(both, f"notes arrived at {list(Sink.notes)} only")
        vkey = checker.parse_key(server.json("/v1/audit/head")["vkey"])
        checker.check_note(Sink.notes["/notes"][-1], vkey)
        status, note, headers = server.ask("GET", "/v1/audit/checkpoint")
        expect(status == 200 and headers["Content-Type"].startswith("text/plain"), "the checkpoint")
        checker.check_note(note.decode(), vkey)
        forged += check_starts(binary, server, folder)
        forged += check_key_changes(binary, folder)
        sink.shutdown()
    print(f"{proofs} proofs hold, {forged} forgeries are refused by both checkers")


if __name__ == "__main__":
    main()
