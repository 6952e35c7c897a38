#!/usr/bin/env python3
"""Reads an audit log from its files alone, as docs/formats.md describes them, with Python's standard library only.

    read_log.py AUDIT_DIRECTORY [--key VERIFIER_KEY] [--certificate FILE]

Walks the journal, computes the root of its entries (RFC 6962), and holds hash files and checkpoint against it. With a
verifier key (GET .../audit/log/key) the checkpoint's signature is checked too. A certificate is checked by its own
verifier key, which must then be the one given. Nothing of Cloister's own code is used: this is a second opinion.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import struct
import sys

CRC_TABLE = []
for n in range(256):
    for _ in range(8):
        n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
    CRC_TABLE.append(n)


class Bad(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Bad(what)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def segment_entries(path):
    """Tag and payload of each frame up to the first that is none: in the last segment that may be a torn write."""
    data = path.read_bytes()
    magic, version, _, first, _ = struct.unpack(">8sIIQQ", data[:32])
    need(magic == b"cl-jrnl\n" and version == 1, f"{path.name}: not a segment")
    need(crc32c(data[:60]) == struct.unpack(">I", data[60:64])[0], f"{path.name}: damaged header")
    need(path.stem == f"{first:020d}", f"{path.name}: its header says position {first}")
    at = 64
    while at + 4 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0] & 0x7FFFFFFF
        end = at + 4 + length
        if length < 8 or end + 4 > len(data) or crc32c(data[at:end]) != struct.unpack(">I", data[end : end + 4])[0]:
            return
        yield struct.unpack(">Q", data[at + 4 : at + 12])[0], data[at + 12 : end]
        at = end + 4


def journal_entries(directory):
    position = 0
    for path in sorted(directory.glob("*.seg")):
        need(int(path.stem) == position, f"the journal has {position} entries before {path.name}")
        for tag, payload in segment_entries(path):
            yield tag, payload
            position += 1


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves):
    """RFC 6962 section 2.1, by merging perfect subtrees."""
    peaks = []  # (height, hash), largest first
    for leaf in leaves:
        height = 0
        while peaks and peaks[-1][0] == height:
            leaf = node_hash(peaks.pop()[1], leaf)
            height += 1
        peaks.append((height, leaf))
    if not peaks:
        return hashlib.sha256(b"").digest()
    root = peaks.pop()[1]
    while peaks:
        root = node_hash(peaks.pop()[1], root)
    return root


def check_hash_files(directory, leaves, size):
    level = 0
    hashes = leaves[:size]
    while hashes:
        stored = (directory / f"level-{level}").read_bytes()
        need(len(stored) >= 32 * len(hashes), f"level-{level} ends early")
        for i, value in enumerate(hashes):
            need(stored[32 * i : 32 * i + 32] == value, f"level-{level}: hash {i} does not match the journal")
        hashes = [root_of(hashes[i : i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1


def inclusion_holds(index, size, leaf, proof, root):
    """RFC 9162 section 2.1.3.2."""
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and value == root


# Ed25519 (RFC 8032 section 5.1), verification only, slow and plain.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point_add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P)


def point_times(scalar, point):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    need(y < P, "a point is not canonical")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    need(x * x % P == square, "not a point")
    return (P - x if x & 1 != sign else x), y


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signature_holds(key, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    return point_times(s, BASE) == point_add(point_of(r), point_times(k, point_of(key)))


def parse_key(text):
    name, key_id, encoded = text.strip().split("+", 2)
    typed = base64.b64decode(encoded, validate=True)
    need(len(typed) == 33 and typed[0] == 1, "not an Ed25519 verifier key")
    need(hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id, "the key's id is wrong")
    return name, typed[1:]


def parse_checkpoint(note, key):
    """Size and root. The signature is checked when there is a key."""
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    origin, size, root = text.splitlines()[:3]
    if key is not None:
        name, public = key
        need(origin == name, "the checkpoint is of another log")
        lines = [line.split(" ") for line in signatures.splitlines()]
        blobs = [base64.b64decode(line[2]) for line in lines if line[0] == "—" and line[1] == name]
        need(any(signature_holds(public, text.encode(), blob[4:]) for blob in blobs), "the signature does not hold")
    return int(size), base64.b64decode(root)


def check_certificate(text, key):
    outer = json.loads(text)
    certificate = outer.get("certificate", outer)
    need(certificate["format"] == "cloister-erasure/1", "not an erasure certificate")
    own = parse_key(certificate["verifier_key"])
    need(key is None or key == own, "the certificate names another key")
    statement = certificate["statement"]
    need(signature_holds(own[1], statement.encode(), base64.b64decode(certificate["signature"])), "statement not signed")
    log = certificate["log"]
    size, root = parse_checkpoint(log["checkpoint"], own)
    entry = base64.b64decode(log["entry"])
    proof = [base64.b64decode(value) for value in log["inclusion_proof"]]
    need(size == log["tree_size"], "tree size and checkpoint differ")
    need(inclusion_holds(log["index"], size, leaf_hash(entry), proof, root), "the entry is not in the log")
    said = json.loads(entry)
    facts = dict(line.split(" ", 1) for line in statement.splitlines()[1:])
    need(said["action"] == "customer.keys-destroyed" and said["customers"] == [facts["customer"]], "another entry")
    need(int(facts["log-index"]) == log["index"], "another index")
    return facts["customer"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--key", type=parse_key)
    parser.add_argument("--certificate", type=pathlib.Path)
    arguments = parser.parse_args()
    entries = [payload for _, payload in journal_entries(arguments.directory / "journal")]
    leaves = [leaf_hash(entry) for entry in entries]
    for entry in entries:
        need(json.loads(entry)["v"] == 1, "an entry of another version")
    size, root = parse_checkpoint((arguments.directory / "checkpoint").read_text(encoding="utf-8"), arguments.key)
    need(size <= len(leaves), f"the checkpoint covers {size} entries, the journal holds {len(leaves)}")
    need(root_of(leaves[:size]) == root, "the checkpoint's root is not that of the journal")
    check_hash_files(arguments.directory / "hashes", leaves, size)
    print(f"{len(leaves)} entries, checkpoint over {size}, root {base64.b64encode(root_of(leaves)).decode()}")
    if arguments.certificate:
        print("erased:", check_certificate(arguments.certificate.read_text(encoding="utf-8"), arguments.key))


if __name__ == "__main__":
    try:
        main()
    except Bad as bad:
        sys.exit(f"PROBLEM: {bad}")
