# SPDX-License-Identifier: GPL-2.0-or-later
"""Vectors of nacre/1, made from docs/formats/ratls.md alone: `python3 make.py > vectors.txt`.

report data:  rd <role> <nonce C> <nonce S> <SPKI> <exported key> <head> <report data>   (hex; head is "-" for S)
messages:     msg <type> <name> <whole message>
"""
import hashlib
import struct


def pattern(seed, size):
    return hashlib.shake_256(seed.encode()).digest(size)


def report_data(role, nonce_c, nonce_s, spki, ekm, head):
    text = b"nacre/1" + b"\x00" + role + nonce_c + nonce_s + hashlib.sha384(spki).digest() + ekm
    if role == b"C":
        text += head
    return hashlib.sha512(text).digest()


def message(kind, payload):
    return struct.pack(">IB", len(payload), kind) + payload


for n in range(3):
    c, s, ekm = (pattern(f"{what} {n}", 32) for what in ("nonce C", "nonce S", "ekm"))
    spki, head = pattern(f"spki {n}", 91 + 29 * n), pattern(f"head {n}", 48)
    print("rd", "C", c.hex(), s.hex(), spki.hex(), ekm.hex(), head.hex(), report_data(b"C", c, s, spki, ekm, head).hex())
    print("rd", "S", c.hex(), s.hex(), spki.hex(), ekm.hex(), "-", report_data(b"S", c, s, spki, ekm, None).hex())

NONCE, HEAD = bytes(range(32)), bytes(range(48))
for kind, name, payload in (
    (1, "HELLO", NONCE),
    (2, "SERVER_EVIDENCE", NONCE + b"\x00"),
    (2, "SERVER_EVIDENCE", NONCE + b"\x01" + b"evidence"),
    (2, "SERVER_EVIDENCE", NONCE + b"\x02" + b"a quote"),
    (3, "CLIENT_EVIDENCE", HEAD + b"\x01" + b"evidence"),
    (3, "CLIENT_EVIDENCE", HEAD + b"\x00"),
    (4, "ACCEPTED", b""),
    (5, "REQUEST", b"\x01"),
    (5, "REQUEST", b"\x02" + b"call"),
    (5, "REQUEST", b"\x03"),
    (6, "ANSWER", struct.pack(">Q", 1760000000) + pattern("signature", 96) + b"body"),
    (6, "ANSWER", struct.pack(">Q", 253402300799) + bytes(96)),
    (7, "REFUSED", b"measurement: expected 22, found 23"),
):
    print("msg", kind, name, message(kind, payload).hex())
