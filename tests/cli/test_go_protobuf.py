# SPDX-License-Identifier: GPL-2.0-or-later
"""Our protobuf messages beside Go's library, with random contents: the same bytes, and the contents again from them."""
import os
import random
import subprocess

import evidence
import pytest

BUILD = evidence.TOP / os.environ.get("NACRE_BUILD", "build")
ROUNDS = 60
TCB_BYTES = (0, 1, 6, 7)  # those with a meaning before Turin


def random_report(rng):
    """Any report that has the form: reserved bytes zero, the CPU's stepping as large as the message can say."""
    r = bytearray(rng.randbytes(1184))
    version = rng.choice((2, 3, 5))
    r[0:4] = version.to_bytes(4, "little")
    r[8:16] = ((rng.getrandbits(26) | 1 << 17)).to_bytes(8, "little")
    r[0x30:0x34] = rng.choice((0, 1, 2, 3)).to_bytes(4, "little")
    r[0x34:0x38] = (1).to_bytes(4, "little")
    r[0x48:0x4c] = bytes([rng.choice((0, 1, 2, 4))]) + bytes(3)
    r[0x4c:0x50] = bytes(4)
    r[0x188:0x18b] = bytes(3) if version == 2 else bytes([rng.choice((0x19, 0x1a)), rng.choice((1, 0x11, 0xa0)), rng.randrange(16)])
    for start, end in ((0x18b, 0x1a0), (0x1eb, 0x1ec), (0x1ef, 0x1f0), (0x208, 0x2a0), (0x2d0, 0x2e8), (0x318, 0x330), (0x330, 0x4a0)):
        r[start:end] = bytes(end - start)
    if version < 5:
        r[0x1f8:0x208] = bytes(16)
    for offset in (0x38, 0x180, 0x1e0, 0x1f0):
        r[offset:offset + 8] = bytes(rng.randrange(256) if i in TCB_BYTES else 0 for i in range(8))
    for offset, size in rng.sample([(0x10, 16), (0x20, 16), (0x50, 64), (0x90, 48), (0xc0, 32), (0xe0, 48), (4, 4), (0x38, 8)], 3):
        r[offset:offset + size] = bytes(size)  # zeros are not left out of bytes, and are of numbers
    return bytes(r)


def der(rng):
    size = rng.randrange(200, 2000)
    return b"\x30\x82" + size.to_bytes(2, "big") + rng.randbytes(size)


def snp_line(rng):
    words = {"report": random_report(rng), "product": rng.choice(("Milan", "Genoa", "Turin"))}
    for name in ("vcek", "vlek", "ask", "ark", "crl"):
        if rng.random() < 0.7:
            words[name] = der(rng)
    return words


QUOTE = (evidence.TDX / "v4.bin").read_bytes()[:-70]


def tdx_line(rng):
    """Every field of a quote of version 4 that may hold anything."""
    q = bytearray(QUOTE)
    for offset, size in ((8, 4), (28, 20), (48, 584), (636, 128), (770, 384), (1154, 64), (1220, 32)):
        q[offset:offset + size] = bytes(size) if rng.random() < 0.1 else rng.randbytes(size)
    for offset, size in ((770 + 20, 28), (770 + 96, 32), (770 + 160, 96), (770 + 260, 60)):
        q[offset:offset + size] = QUOTE[offset:offset + size]  # reserved in the QE's report
    return {"quote": bytes(q)}


def some(rng, least=0, most=5, size=300):
    return [rng.randbytes(rng.randrange(1, size)) for _ in range(rng.randrange(least, most))]


def pem(rng):
    return rng.randbytes(rng.randrange(1, 3000))


def mesh_line(rng):
    words = {"MeshCACert": pem(rng), "CertChain": pem(rng), "RootCACert": pem(rng)}
    return {**words, "WorkloadSecret": rng.randbytes(64)} if rng.random() < 0.5 else words


def set_request_line(rng):
    return {"Manifest": pem(rng), "Policies": some(rng)}


def set_response_line(rng):
    words = {"RootCA": pem(rng), "MeshCA": pem(rng)}
    if rng.random() < 0.6:
        keys = [rng.randbytes(294).hex().encode() for _ in range(rng.randrange(1, 4))]
        words.update(PublicKey=keys, EncryptedSeed=[rng.randbytes(256) for _ in keys], Salt=rng.randbytes(32))
    return words


def get_response_line(rng):
    return {"Manifests": some(rng, 1), "Policies": some(rng), "RootCA": pem(rng), "MeshCA": pem(rng),
            "TransitionHash": rng.randbytes(32), "Signature": rng.randbytes(rng.randrange(64, 104))}


def recover_line(rng):
    words = {"Seed": rng.randbytes(64), "Salt": rng.randbytes(32)}
    return {**words, "Force": b"\1"} if rng.random() < 0.5 else words


MESSAGES = {"snp": snp_line, "tdx": tdx_line, "NewMeshCertResponse": mesh_line, "SetManifestRequest": set_request_line,
            "SetManifestResponse": set_response_line, "GetManifestsResponse": get_response_line, "RecoverRequest": recover_line}


def text(value):
    if isinstance(value, list):
        return ",".join(v.hex() for v in value)
    return value.hex() if isinstance(value, bytes) else value


def line(name, words):
    return " ".join([name] + [f"{k}={text(v)}" for k, v in words.items() if v])


def ask(command, lines):
    r = subprocess.run([str(c) for c in command], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=120)
    assert r.returncode == 0, r.stderr
    out = r.stdout.splitlines()
    assert len(out) == len(lines)
    return out


@pytest.mark.parametrize("name", MESSAGES)
def test_same_bytes(name):
    rng = random.Random(name)
    lines = [line(name, MESSAGES[name](rng)) for _ in range(ROUNDS)]
    ours = ask([BUILD / "tools/protobuf_lines"], lines)
    theirs = ask([BUILD / "tools/go-peer", "protobuf"], lines)
    assert [o[:200] for o in ours if o.startswith("error")] == []
    different = [(a[:300], b[:300]) for a, b in zip(ours, theirs) if a != b]
    assert different == []
    assert len(set(ours)) == ROUNDS
    back = ask([BUILD / "tools/protobuf_lines"], [f"{name}- bytes={b}" for b in theirs])
    assert [sorted(b.split()) for b in back] == [sorted(given.split()) for given in lines]
