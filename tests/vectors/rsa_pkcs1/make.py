# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes vectors.txt: signatures over SHA-256("nacre") under a key that is thrown away, good and forged.
First line the modulus; then a name, good or bad, and the signature. All numbers in hex."""
import hashlib
import pathlib

from cryptography.hazmat.primitives.asymmetric import rsa

key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
n, d = key.public_key().public_numbers().n, key.private_numbers().d
digest = hashlib.sha256(b"nacre").digest()
INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def padded(info, block=b"\0\1", fill=b"\xff", separator=b"\0", behind=b""):
    return block + fill * (256 - len(block + separator + info + behind)) + separator + info + behind


rows = [
    ("good", padded(INFO + digest)),
    ("other-digest", padded(INFO + hashlib.sha256(b"nacrE").digest())),
    ("no-digest-info", padded(digest)),
    ("sha384-name", padded(bytes.fromhex("3031300d060960864801650304020205000420") + digest)),
    ("parameters-left-out", padded(bytes.fromhex("302f300b0609608648016503040201" + "0420") + digest)),
    ("long-form-length", padded(bytes.fromhex("308131300d060960864801650304020105000420") + digest)),
    ("bytes-behind", b"\0\1" + b"\xff" * 8 + b"\0" + INFO + digest + bytes(256 - 11 - 51)),
    ("byte-behind", padded(INFO + digest, behind=b"\0")),
    ("block-type-2", padded(INFO + digest, block=b"\0\2")),
    ("block-type-0", padded(INFO + digest, block=b"\0\0")),
    ("first-byte-1", padded(INFO + digest, block=b"\1\1")[:256]),
    ("zero-padding", padded(INFO + digest, fill=b"\0")),
    ("padding-fe", padded(INFO + digest, fill=b"\xfe")),
    ("no-separator", padded(INFO + digest, separator=b"\xff")),
    ("hole-in-padding", b"\0\1" + b"\xff" * 100 + b"\0" + b"\xff" * (256 - 104 - 51) + b"\0" + INFO + digest),
]
lines = [f"{n:0512x}"]
for name, block in rows:
    assert len(block) == 256, name
    value = int.from_bytes(block, "big")
    value = pow(value, d, n) if value < n else value % n
    lines.append(f"{name} {'good' if name == 'good' else 'bad'} {value:0512x}")
lines.append(f"zero bad {0:0512x}")
lines.append(f"one bad {1:0512x}")
lines.append(f"modulus bad {n:0512x}")
good = pow(int.from_bytes(padded(INFO + digest), "big"), d, n)
lines.append(f"negative bad {n - good:0512x}")
pathlib.Path(__file__).with_name("vectors.txt").write_text("\n".join(lines) + "\n")
