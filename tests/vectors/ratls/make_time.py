# SPDX-License-Identifier: GPL-2.0-or-later
"""Signed times of nacre/1, made from docs/formats/ratls.md alone: `python3 make_time.py > time.txt`.

time <nonce C> <nonce S> <SPKI of the client> <time> <mesh CA's key: x, y> <signature: r, s> <record>   (hex; time decimal)
ECDSA on P-384 with the nonces of RFC 6979, so that the file is the same each time.
"""
import hashlib
import hmac
import struct

P = 2**384 - 2**128 - 2**96 + 2**32 - 1
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
G = (0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
     0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def mul(k, point):
    out = None
    while k:
        if k & 1:
            out = add(out, point)
        point = add(point, point)
        k >>= 1
    return out


def rfc6979(key, digest):
    k, v = bytes(48), b"\x01" * 48
    seed = key.to_bytes(48, "big") + (int.from_bytes(digest, "big") % N).to_bytes(48, "big")
    for mark in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + mark + seed, "sha384")
        v = hmac.digest(k, v, "sha384")
    return int.from_bytes(hmac.digest(k, v, "sha384"), "big")


def sign(key, message):
    digest = hashlib.sha384(message).digest()
    k = rfc6979(key, digest)
    assert 0 < k < N
    r = mul(k, G)[0] % N
    s = pow(k, -1, N) * (int.from_bytes(digest, "big") + r * key) % N
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


def pattern(seed, size):
    return hashlib.shake_256(seed.encode()).digest(size)


for n, time_s in enumerate((0, 1760000000, 253402300799)):
    key = int.from_bytes(pattern(f"mesh CA {n}", 48), "big") % N
    c, s, spki = pattern(f"nonce C {n}", 32), pattern(f"nonce S {n}", 32), pattern(f"spki {n}", 91 + 29 * (n % 2))
    client, time = hashlib.sha384(spki).digest(), struct.pack(">Q", time_s)
    signature = sign(key, b"nacre/time/1" + b"\x00" + c + s + client + time)
    x, y = mul(key, G)
    print("time", c.hex(), s.hex(), spki.hex(), time_s, (x.to_bytes(48, "big") + y.to_bytes(48, "big")).hex(), signature.hex(),
          (c + s + client + time + signature).hex())
