#!/usr/bin/env python3
"""Computes the audit tree of dumped events by itself, from the documented bytes and RFC 6962 alone,
and compares every root.

Input (standard input, or the file named): lines `event <hex of the stored event>` in position order
and `root <size> <hex>`. Exit code 1 and a line for each root that differs.
"""
import hashlib
import struct
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(event):
    header_size = 104 + event[4] + event[5] + event[6]
    header, body = event[:header_size], event[header_size:]
    form, secret = body[0], body[1:33]
    facts_size, content_size = struct.unpack_from("<II", body, 33)
    facts = body[41:41 + facts_size]
    content = body[41 + facts_size:]
    assert len(content) == content_size, "lengths do not add up"
    commitment = secret if form == 1 else sha256(secret + content)
    return sha256(b"\x00" + header + sha256(facts) + commitment)


def tree(leaves):
    """RFC 6962, section 2.1."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + tree(leaves[:split]) + tree(leaves[split:]))


def main():
    leaves, roots = [], []
    with open(sys.argv[1]) if len(sys.argv) > 1 else sys.stdin as dump:
        for line in dump:
            words = line.split()
            if words[0] == "event":
                event = bytes.fromhex(words[1])
                position = struct.unpack_from("<Q", event, 8)[0]
                assert position == len(leaves), f"position {position} at place {len(leaves)}"
                leaves.append(leaf(event))
            elif words[0] == "root":
                roots.append((int(words[1]), words[2]))
    wrong = 0
    for size, root in roots:
        expected = tree(leaves[:size]).hex() if size <= len(leaves) else "a tree of that size"
        if root != expected:
            wrong += 1
            print(f"size {size}: root {root}, expected {expected}")
    print(f"{len(roots)} roots over {len(leaves)} events, {wrong} wrong")
    return 1 if wrong or not roots else 0


if __name__ == "__main__":
    sys.exit(main())
