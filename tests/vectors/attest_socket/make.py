# SPDX-License-Identifier: GPL-2.0-or-later
"""Vectors of the attestation socket, from docs/formats/attestation-socket.md alone: `python3 make.py > vectors.txt`.

report data:  rd <nonce> <SPKI, or "-"> <head> <report data>   (hex)
messages:     request <datagram>, reply <datagram>
"""
import hashlib
import struct


def pattern(seed, size):
    return hashlib.shake_256(seed.encode()).digest(size)


def report_data(nonce, spki, head):
    return hashlib.sha512(b"nacre/attest/1\x00" + nonce + hashlib.sha384(spki).digest() + head).digest()


for n, size in enumerate((91, 120, 0)):
    nonce, spki, head = pattern(f"nonce {n}", 32), pattern(f"spki {n}", size), pattern(f"head {n}", 48)
    print("rd", nonce.hex(), spki.hex() or "-", head.hex(), report_data(nonce, spki, head).hex())

NONCE, DATA, HEAD, SPKI = bytes(range(32)), bytes(range(64)), bytes(range(48)), pattern("key", 91)
print("request", (b"\x01\x01\x00\x00" + NONCE + bytes(32)).hex())
print("request", (b"\x01\x02\x00\x00" + DATA).hex())
print("reply", (b"\x01\x00\x01\x01" + HEAD + struct.pack(">H", len(SPKI)) + SPKI + b"evidence").hex())
print("reply", (b"\x01\x00\x01\x02" + HEAD + struct.pack(">H", 0) + b"quote").hex())
print("reply", (b"\x01\x00\x02\x01" + bytes(48) + struct.pack(">H", 0) + b"evidence").hex())
print("reply", (b"\x01\x01\x02\x00" + b"the policy allows nonces only").hex())
print("reply", (b"\x01\x02\x01\x00" + b"too many requests").hex())
