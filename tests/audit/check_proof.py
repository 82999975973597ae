#!/usr/bin/env python3
"""Checks bundles of proofs, notes and single proofs, from adapters/cli/PROOFS.md alone. Standard library only.

  check_proof.py BUNDLE [--key VKEY] [--checkpoint FILE]    exit 0: it holds; 1: it does not, and why

As a module: `check_bundle`, `check_note`, `verify_inclusion`, `verify_consistency`.
"""
import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys


class Wrong(Exception):
    """What does not hold."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


def sha256(data):
    return hashlib.sha256(data).digest()


def from_base64(text, size=None):
    need(isinstance(text, str), "base64 is a text")
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong(f"no base64: {error}") from None
    need(base64.b64encode(data).decode() == text, "base64 that no encoder writes")
    need(size is None or len(data) == size, f"{len(data)} bytes instead of {size}")
    return data


# ---- Ed25519 (RFC 8032), in extended coordinates ----

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return (x * y % P, z * t % P, y * z % P, x * t % P)


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(key, message, signature):
    a, r = point_of(key), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return point_equal(point_multiply(s, BASE), point_add(r, point_multiply(h, a)))


# ---- the tree ----

def node(left, right):
    return sha256(b"\x01" + left + right)


def tree(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(tree(leaves[:split]), tree(leaves[split:]))


def verify_inclusion(leaf, position, size, root, path):
    if not 0 <= position < size:
        return False
    fn, sn, r = position, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def verify_consistency(m, root_m, n, root_n, path):
    if not 0 < m <= n:
        return False
    if m == n:
        return not path and root_m == root_n
    if m & (m - 1) == 0:
        path = [root_m] + path
    if not path:
        return False
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == root_m and sr == root_n


# ---- notes ----

def parse_key(text):
    parts = text.split("+", 2)
    need(len(parts) == 3 and parts[0] and not re.search(r"\s", parts[0]), "key: name+hint+base64")
    data = from_base64(parts[2], 33)
    need(data[0] == 1, "key: not Ed25519")
    hint = sha256(parts[0].encode() + b"\n" + data)[:4]
    need(hint.hex() == parts[1], "key: the hint is not that of name and key")
    return parts[0], hint, data[1:]


def check_note(note, key):
    """The text of a note that `key` signed."""
    need(isinstance(note, str), "a note is a text")
    need(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "note: control characters")
    cut = note.rfind("\n\n")
    need(cut >= 0, "note: no empty line")
    text, lines = note[:cut + 1], note[cut + 2:]
    need(lines.endswith("\n"), "note: the last line is not ended")
    name, hint, public = key
    ours = 0
    for line in lines[:-1].split("\n"):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014" and parts[1], "note: no line of signature")
        data = from_base64(parts[2])
        need(len(data) > 4, "note: a signature is too short")
        if parts[1] != name or data[:4] != hint:
            continue
        need(ed25519_verify(public, text.encode(), data[4:]), "note: the signature is wrong")
        ours += 1
    need(ours > 0, "note: not signed by the key")
    return text


def parse_size(text):
    need(re.fullmatch(r"0|[1-9][0-9]*", text), "no decimal number")
    return int(text)


def parse_checkpoint(text):
    lines = text[:-1].split("\n")
    need(len(lines) >= 3 and all(lines), "checkpoint: three lines")
    return lines[0], parse_size(lines[1]), from_base64(lines[2], 32)


def parse_stream_head(text):
    lines = text[:-1].split("\n")
    need(len(lines) == 7 and lines[0] == "hansard-stream-head/v1", "stream head: seven lines")
    need(all(lines), "stream head: an empty line")
    return (lines[1], parse_size(lines[2]), from_base64(lines[3], 32), lines[4], lines[5],
            parse_size(lines[6]))


def parse_key_change(text):
    lines = text[:-1].split("\n")
    need(len(lines) == 5 and lines[0] == "hansard-signing-key/v1", "change of key: five lines")
    return lines[1], parse_size(lines[2]), from_base64(lines[3], 32), parse_key(lines[4])


def last_note(data):
    """The last whole note of a file of notes."""
    notes, current, signatures = [], [], False
    for line in re.findall(r"[^\n]*\n|[^\n]+$", data):
        is_signature = line.startswith("\u2014 ")
        if signatures and not is_signature:
            notes.append("".join(current))
            current = []
        if current or line != "\n":
            current.append(line)
        signatures = is_signature and line.endswith("\n")
    if signatures:
        notes.append("".join(current))
    need(notes, "no whole note")
    return notes[-1]


# ---- bundles ----

def parse_header(header):
    need(len(header) >= 104, "header: too short")
    form, flags, schema, t, p, s, zero = struct.unpack_from("<BBHBBBB", header)
    need(form == 1 and zero == 0 and schema > 0, "header: another format")
    need(flags in (0, 1, 3), "header: flags")
    need(t and p and s and len(header) == 104 + t + p + s, "header: lengths")
    position, recorded, occurred, version = struct.unpack_from("<QqqQ", header, 8)
    need(flags & 1 or occurred == 0, "header: a time that is absent")
    names = header[104:]
    return {"position": position, "recorded_at": recorded, "version": version,
            "type": names[:t], "project": names[t:t + p], "stream": names[t + p:]}


def once(pairs):
    need(len({key for key, _ in pairs}) == len(pairs), "a member stands there twice")
    return dict(pairs)


def whole(value, name):
    need(type(value) is int and 0 <= value < 2**64, f"{name}: no whole number")
    return value


def hashes(value):
    need(isinstance(value, list) and len(value) <= 64, "path: no list of at most 64")
    return [from_base64(each, 32) for each in value]


def check_chain(earlier, now):
    """The keys of a bundle, oldest first, each of which handed over to the next; and at what size."""
    need(isinstance(earlier, list) and 0 < len(earlier) <= 1000, "earlier: no list of keys")
    keys, size = [], 0
    for each in earlier:
        need(set(each) == {"vkey", "change"}, "members of an earlier key")
        key = parse_key(each["vkey"])
        need(key[0] == now[0], "an earlier key has another name")
        origin, at, _, successor = parse_key_change(check_note(each["change"], key))
        need(origin == now[0] and at >= size, "a change of key about something else")
        need(not keys or keys[-1][1][2] == key[2], "a change of key to another than the next one")
        keys.append((key, successor))
        size = at
    need(keys[-1][1][2] == now[2], "the last change of key is to another key")
    return [key for key, _ in keys] + [now], size


def check_note_of(note, keys):
    """The text of a note that one of `keys` signed."""
    said = "no key"
    for key in keys:
        try:
            return check_note(note, key)
        except Wrong as error:
            said = error
    raise Wrong(f"by none of the keys: {said}")


def check_head(head, trusted, kept):
    need(set(head) <= {"format", "origin", "vkey", "checkpoint", "stream_head", "earlier", "older"} and
         {"format", "origin", "vkey", "checkpoint"} <= set(head), "members of the first line")
    need(head["format"] == "hansard-proof/1", "format")
    key = parse_key(head["vkey"])
    need(key[0] == head["origin"], "the key has another name than the origin")
    keys, changed = check_chain(head["earlier"], key) if "earlier" in head else ([key], 0)
    if trusted is not None:
        given = parse_key(trusted)
        need(given in keys, "not the key that was given, nor one that it handed over to")
        keys = keys[keys.index(given):]
    checkpoint = parse_checkpoint(check_note(head["checkpoint"], key))
    need(changed <= checkpoint[1], "the key changed after the checkpoint")
    need(checkpoint[0] == head["origin"], "the checkpoint is of another origin")
    stream = None
    if "stream_head" in head:
        stream = parse_stream_head(check_note(head["stream_head"], key))
        need(stream[:3] == checkpoint, "the stream head is about another tree")
    older = head.get("older")
    if older is not None:
        need(set(older) == {"size", "path"}, "members of older")
        older = whole(older["size"], "older"), hashes(older["path"])
    if kept is not None:
        origin, size, root = parse_checkpoint(check_note_of(kept, keys))
        need(origin == head["origin"], "the kept checkpoint is of another origin")
        if size == checkpoint[1]:
            need(root == checkpoint[2], "the log has forked")
        else:
            need(older is not None and older[0] == size, "how the log grew is not told")
            need(verify_consistency(size, root, *checkpoint[1:], older[1]), "the log has forked")
    return checkpoint, stream


def check_event(event, checkpoint):
    erased = "commitment" in event
    need(set(event) == {"position", "header", "facts", "leaf", "path"} |
         ({"commitment"} if erased else {"salt", "content"}), "members of an event")
    raw = from_base64(event["header"])
    header = parse_header(raw)
    need(header["position"] == whole(event["position"], "position"), "the header's position")
    if erased:
        commitment = from_base64(event["commitment"], 32)
    else:
        need(isinstance(event["content"], str) and event["content"], "content: no text")
        commitment = sha256(from_base64(event["salt"], 32) + event["content"].encode())
    need(isinstance(event["facts"], str) and event["facts"], "facts: no text")
    leaf = sha256(b"\x00" + raw + sha256(event["facts"].encode()) + commitment)
    need(leaf == from_base64(event["leaf"], 32), "the leaf")
    need(verify_inclusion(leaf, header["position"], *checkpoint[1:], hashes(event["path"])), "the path")
    return header


def check_bundle(lines, trusted=None, kept=None):
    """Raises `Wrong`, or returns how many events are proved."""
    number, count, last, ended = 0, 0, -1, False
    checkpoint = stream = None
    try:
        for number, line in enumerate(lines, 1):
            need(not ended, "something follows the last line")
            value = json.loads(line, object_pairs_hook=once)
            need(isinstance(value, dict), "no object")
            if number == 1:
                checkpoint, stream = check_head(value, trusted, kept)
            elif "end" in value:
                need(set(value) == {"end"} and whole(value["end"], "end") == count, "the count")
                need(count > 0, "no events")
                need(stream is None or count == stream[5] + 1, "versions are missing")
                ended = True
            else:
                header = check_event(value, checkpoint)
                need(header["position"] > last, "positions do not rise")
                last = header["position"]
                if stream is not None:
                    names = header["project"].decode(), header["stream"].decode()
                    need(names == stream[3:5], "another stream")
                    need(header["version"] == count, "a version is missing, or in a wrong place")
                count += 1
        number += 1
        need(ended, "it ends too early")
    except (Wrong, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Wrong(f"line {number}: {error}") from None
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle")
    parser.add_argument("--key")
    parser.add_argument("--checkpoint")
    arguments = parser.parse_args()
    kept = None
    if arguments.checkpoint:
        with open(arguments.checkpoint, encoding="utf-8", newline="") as file:
            kept = last_note(file.read())
    try:
        with open(arguments.bundle, encoding="utf-8", newline="\n") as file:
            count = check_bundle(file, arguments.key, kept)
    except (Wrong, UnicodeDecodeError) as error:
        print(f"does not hold: {error}")
        return 1
    print(f"holds: {count} events")
    return 0


if __name__ == "__main__":
    sys.exit(main())
