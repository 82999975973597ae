// Checks bundles of proofs with the library that checks Sigstore's transparency log: their reading of
// signed checkpoints, their RFC 6962 inclusion proofs, their signatures. Ours are only JSON and the header.
//
// usage: check.cjs BUNDLE...   prints how many events hold; exits 1 at the first that does not
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const { verifyCheckpoint } = require("@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js");

const sha256 = (...pieces) => {
  const hash = crypto.createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
};
const bytes = (text) => Buffer.from(text, "base64");

/// The log as they know logs: a key, and an id whose first bytes are the key hint.
function logOf(vkey) {
  const [name, hint] = vkey.split("+", 2);
  const key = bytes(vkey.slice(name.length + hint.length + 2)).subarray(1);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
  return {
    baseURL: name,
    logID: Buffer.from(hint, "hex"),
    publicKey: crypto.createPublicKey({ key: spki, format: "der", type: "spki" }),
  };
}

/// A log entry as they have them: what is hashed into the leaf, behind the byte 0.
function entryOf(event, checkpoint) {
  const commitment = event.commitment ? bytes(event.commitment)
    : sha256(bytes(event.salt), event.content);
  return {
    canonicalizedBody: Buffer.concat([bytes(event.header), sha256(event.facts), commitment]),
    inclusionProof: {
      logIndex: String(event.position),
      hashes: event.path.map(bytes),
      checkpoint: { envelope: checkpoint },
    },
  };
}

function refused(check, what) {
  try {
    check();
  } catch {
    return;
  }
  throw new Error(`${what} was accepted`);
}

let count = 0;
for (const file of process.argv.slice(2)) {
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  const [head, ...events] = lines.slice(0, -1);
  const logs = [logOf(head.vkey)];
  for (const event of events) {
    const entry = entryOf(event, head.checkpoint);
    const checkpoint = verifyCheckpoint(entry, logs);
    verifyMerkleInclusion(entry, checkpoint);
    refused(() => verifyMerkleInclusion(
      entryOf({ ...event, facts: event.facts + " " }, head.checkpoint), checkpoint), "another fact");
    refused(() => verifyMerkleInclusion(
      entryOf({ ...event, path: event.path.slice(1) }, head.checkpoint), checkpoint), "a short path");
    const forged = head.checkpoint.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`);
    refused(() => verifyCheckpoint(entryOf(event, forged), logs), "a forged checkpoint");
    count += 1;
  }
  if (count === 0 || events.length !== lines.at(-1).end) throw new Error(`${file} is not whole`);
}
console.log(`${count} events hold`);
