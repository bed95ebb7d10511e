# SPDX-License-Identifier: GPL-2.0-or-later
"""Vectors of volume epochs, made from docs/formats/epochs.md alone: `python3 make.py`.

vectors.txt: call, answer, bad-call, bad-answer: <kind> <what it is> <hex>
tables.txt:  <what it is> <seed> <salt> <file>   (hex; "good..." decodes, everything else does not)
"""
import hashlib
import hmac
import struct

HOLDER = bytes(range(16, 32))


def call(op, name=b"data", holder=HOLDER, expected=0, ttl=0):
    return struct.pack(">BB", op, len(name)) + name + holder + struct.pack(">QI", expected, ttl)


def answer(status, epoch=0, left=0):
    return struct.pack(">BQI", status, epoch, left)


def counter(secret_id, name, epoch, ttl=0, holder=bytes(16)):
    return struct.pack(">H", len(secret_id)) + secret_id + bytes([len(name)]) + name + struct.pack(">QI", epoch, ttl) + holder


def table(key, counters, sequence=7, count=None, magic=b"NCEPOCH1", extra=b""):
    out = magic + struct.pack(">QI", sequence, len(counters) if count is None else count) + b"".join(counters) + extra
    out += hashlib.sha256(out).digest()
    return out + hmac.digest(key, out, "sha256")


def epochs_key(seed, salt):
    prk = hmac.digest(salt, seed, "sha256")
    return hmac.digest(prk, b"nacre epochs v1" + b"\x01", "sha256")


with open("vectors.txt", "w") as f:
    for kind, what, data in (
        ("call", "acquire", call(1, ttl=900)),
        ("call", "acquire-shortest", call(1, name=b"a", ttl=10)),
        ("call", "acquire-longest", call(1, name=b"abcdefghijklmnopqrstuvwxyz-01234", ttl=86400)),
        ("call", "renew", call(2, ttl=600)),
        ("call", "advance", call(3, expected=41)),
        ("call", "advance-from-0", call(3)),
        ("call", "advance-from-the-end", call(3, expected=2**64 - 1)),
        ("call", "release", call(4)),
        ("answer", "ok", answer(0, 42, 900)),
        ("answer", "ok-released", answer(0, 42, 0)),
        ("answer", "held", answer(1, 42, 86400)),
        ("answer", "not-holder", answer(2, 42)),
        ("answer", "skew", answer(3, 2**64 - 1)),
        ("answer", "exhausted", answer(4, 2**64 - 1)),
        ("answer", "no-volumes", answer(5)),
        ("answer", "full", answer(6)),
        ("bad-call", "operation-0", call(0, ttl=900)),
        ("bad-call", "operation-5", call(5)),
        ("bad-call", "no-name", call(1, name=b"", ttl=900)),
        ("bad-call", "name-of-33", call(1, name=b"a" * 33, ttl=900)),
        ("bad-call", "name-with-slash", call(1, name=b"a/b", ttl=900)),
        ("bad-call", "no-holder", call(1, holder=bytes(16), ttl=900)),
        ("bad-call", "too-short-a-time", call(1, ttl=9)),
        ("bad-call", "too-long-a-time", call(2, ttl=86401)),
        ("bad-call", "advance-with-time", call(3, ttl=10)),
        ("bad-call", "acquire-expects", call(1, expected=1, ttl=900)),
        ("bad-call", "release-expects", call(4, expected=1)),
        ("bad-answer", "status-7", answer(7)),
        ("bad-answer", "no-volumes-but-epoch", answer(5, 1)),
        ("bad-answer", "not-holder-but-time", answer(2, 1, 1)),
        ("bad-answer", "held-too-long", answer(1, 1, 86401)),
    ):
        print(kind, what, data.hex(), file=f)

SEED, SALT = hashlib.shake_256(b"seed").digest(64), hashlib.shake_256(b"salt").digest(32)
KEY = epochs_key(SEED, SALT)
A = counter(b"apps/web", b"data", 42, 900, HOLDER)
B = counter(b"apps/web", b"data-2", 0)
C = counter(b"apps/web-2", b"a", 2**64 - 1)
with open("tables.txt", "w") as f:
    for what, data in (
        ("good-empty", table(KEY, [], sequence=0)),
        ("good", table(KEY, [A, B, C])),
        ("good-full-id", table(KEY, [counter(b"x" * 256, b"v%02d" % n, n) for n in range(32)])),
        ("other-seed", table(epochs_key(SALT + SALT, SALT), [A, B, C])),
        ("unsorted", table(KEY, [B, A, C])),
        ("twice", table(KEY, [A, A, C])),
        ("magic", table(KEY, [A], magic=b"NCEPOCH2")),
        ("count-short", table(KEY, [A, B], count=1)),
        ("count-long", table(KEY, [A, B], count=3)),
        ("count-huge", table(KEY, [A, B], count=769)),
        ("extra", table(KEY, [A, B], extra=b"\x00")),
        ("no-id", table(KEY, [counter(b"", b"data", 1)])),
        ("long-id", table(KEY, [counter(b"x" * 257, b"data", 1)])),
        ("bad-name", table(KEY, [counter(b"x", b"Data", 1)])),
        ("holder-without-time", table(KEY, [counter(b"x", b"data", 1, 0, HOLDER)])),
        ("time-without-holder", table(KEY, [counter(b"x", b"data", 1, 900)])),
        ("short-time", table(KEY, [counter(b"x", b"data", 1, 9, HOLDER)])),
        ("too-many-for-an-id", table(KEY, [counter(b"x", b"v%02d" % n, n) for n in range(33)])),
    ):
        print(what, SEED.hex(), SALT.hex(), data.hex(), file=f)
