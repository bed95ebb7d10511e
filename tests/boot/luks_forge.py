#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Forge the LUKS2 header of a disk, the way a host can that knows no secret of its guest.

    luks_forge.py DISK --variant NAME

DISK holds a header that a guest made before (its salts and the key material stay), or nothing: then a header like
that is made up. Every forged header has correct checksums, and where the variant wants it, a keyslot and a digest
that fit a key of the forger's choice: libcryptsetup opens such volumes with any passphrase. The integrity-*
variants leave the header alone and change the superblock of dm-integrity, which nothing authenticates.
`luks_forge.py --list` prints the variants.
"""
import argparse
import base64
import copy
import hashlib
import json
import struct
import sys

COPY = 16384  # bytes of one copy
BINARY = 4096  # bytes of its binary part
DATA = 16 << 20  # bytes in front of the data
KEY = bytes(range(96))  # what the host would like the guest to use
SALT = bytes(32)


def template():
    """A header as the guest makes it, with salts that nobody knows."""
    b64 = base64.b64encode(SALT).decode()
    return {
        "keyslots": {"0": {
            "type": "luks2", "key_size": 96, "af": {"type": "luks1", "stripes": 4000, "hash": "sha256"},
            "area": {"type": "raw", "offset": "32768", "size": "385024", "encryption": "aes-xts-plain64",
                     "key_size": 64},
            "kdf": {"type": "argon2id", "time": 4, "memory": 32, "cpus": 1, "salt": b64}}},
        "tokens": {},
        "segments": {"0": {
            "type": "crypt", "offset": "16777216", "size": "dynamic", "iv_tweak": "0",
            "encryption": "aes-xts-plain64", "sector_size": 4096,
            "integrity": {"type": "hmac(sha256)", "journal_encryption": "none", "journal_integrity": "none"}}},
        "digests": {"0": {
            "type": "pbkdf2", "keyslots": ["0"], "segments": ["0"], "hash": "sha256", "iterations": 1, "salt": b64,
            "digest": b64}},
        "config": {"json_size": "12288", "keyslots_size": "385024"},
    }


def binary(magic, offset, uuid, seqid=3, label=b""):
    """The binary part of one copy, without its checksum."""
    head = struct.pack(">6sHQQ48s32s64s40s48sQ", magic, 2, COPY, seqid, label, b"sha256", bytes(64), uuid, b"", offset)
    return head.ljust(BINARY, b"\0")


def seal(copy_bytes):
    """Put the checksum into one copy."""
    blank = copy_bytes[:448] + bytes(64) + copy_bytes[512:]
    return blank[:448] + hashlib.sha256(blank).digest().ljust(64, b"\0") + blank[512:]


class Header:
    """Both copies, each as its binary part and its JSON value."""

    def __init__(self, disk):
        self.parts = []
        for index, magic in enumerate((b"LUKS\xba\xbe", b"SKUL\xba\xbe")):
            raw = disk[index * COPY:(index + 1) * COPY]
            if raw[:6] == magic:
                self.parts.append([raw[:BINARY], json.loads(raw[BINARY:].rstrip(b"\0"))])
            else:
                uuid = b"00000000-0000-4000-8000-000000000000"
                self.parts.append([binary(magic, index * COPY, uuid), template()])

    def edit(self, change, copies=(0, 1)):
        for index in copies:
            change(self.parts[index][1])

    def pack(self):
        return b"".join(
            seal(head + json.dumps(value, separators=(",", ":")).encode().ljust(COPY - BINARY, b"\0"))
            for head, value in self.parts)


def diffuse(block):
    """LUKS1's anti-forensic diffuser with SHA-256."""
    return b"".join(hashlib.sha256(struct.pack(">I", i) + block[32 * i:32 * (i + 1)]).digest()
                    for i in range(len(block) // 32))


def material(key):
    """A key, split: all stripes zero but the last."""
    mixed = bytes(len(key))
    for _ in range(3999):
        mixed = diffuse(mixed)
    last = bytes(a ^ b for a, b in zip(mixed, key))
    return bytes(3999 * len(key)) + last


def null_slot(offset="32768"):
    slot = copy.deepcopy(template()["keyslots"]["0"])
    slot["area"].update({"encryption": "cipher_null-ecb", "offset": offset})
    return slot


def host_digest(slot):
    digest = hashlib.pbkdf2_hmac("sha256", KEY, SALT, 1000)
    return {"type": "pbkdf2", "keyslots": [slot], "segments": ["0"], "hash": "sha256", "iterations": 1000,
            "salt": base64.b64encode(SALT).decode(), "digest": base64.b64encode(digest).decode()}


def use_host_key(value):
    value["keyslots"] = {"0": null_slot()}
    value["digests"] = {"0": host_digest("0")}


def null_segment(value):
    use_host_key(value)
    segment = value["segments"]["0"]
    segment.update({"encryption": "cipher_null-ecb"})
    segment.pop("integrity")


def second_slot(value):
    value["keyslots"]["1"] = {**null_slot("417792"), "priority": 2}
    value["digests"]["1"] = host_digest("1")


def linear_segment(value):
    value["segments"] = {"0": {"type": "linear", "offset": "16777216", "size": "dynamic"}}
    value["digests"]["0"]["segments"] = []


def two_segments(value):
    value["segments"]["0"]["size"] = str(8 << 20)
    value["segments"]["1"] = {"type": "linear", "offset": str(DATA + (8 << 20)), "size": "dynamic"}


def no_integrity(value):
    value["segments"]["0"].pop("integrity")
    value["keyslots"]["0"]["key_size"] = 64


def setting(path, new):
    def change(value):
        *folders, last = path.split(".")
        for name in folders:
            value = value[name]
        value[last] = new
    return change


# name: (change of the JSON, copies it is made in, offset where the forger's key material goes or None)
VARIANTS = {
    "null-slot": (null_segment, (0, 1), 32768),
    "null-slot-aes-segment": (use_host_key, (0, 1), 32768),
    "second-slot": (second_slot, (0, 1), 417792),
    "bad-primary-forged-secondary": (use_host_key, (1,), 32768),
    "linear-segment": (linear_segment, (0, 1), None),
    "two-segments": (two_segments, (0, 1), None),
    "argon2-4gib": (setting("keyslots.0.kdf.memory", 4 << 20), (0, 1), None),
    "no-integrity": (no_integrity, (0, 1), None),
    "unknown-key": (setting("keyslots.0.extra", 1), (0, 1), None),
    "token": (setting("tokens.0", {"type": "luks2-keyring", "keyslots": ["0"], "key_description": "x"}), (0, 1), None),
    "requirement": (setting("config.requirements", {"mandatory": ["online-reencrypt-v2"]}), (0, 1), None),
    "other-offset": (setting("segments.0.offset", "20971520"), (0, 1), None),
    "other-digest": (setting("digests.0.digest", base64.b64encode(bytes(32)).decode()), (0, 1), None),
}

# name: (offset in dm-integrity's superblock, bytes put there): the geometry that the kernel would follow
SUPERBLOCKS = {
    "integrity-interleave": (9, bytes([14])),
    "integrity-journal": (12, struct.pack("<I", 1)),
    "integrity-size": (16, struct.pack("<Q", 4096)),
    "integrity-padding": (24, struct.pack("<I", 0)),
    "integrity-gone": (0, bytes(4096)),
}


def forge(disk, variant):
    """The first bytes of the disk, forged, as a list of (offset, bytes)."""
    if variant in SUPERBLOCKS:
        offset, data = SUPERBLOCKS[variant]
        return [(DATA + offset, data)]
    change, copies, key_offset = VARIANTS[variant]
    header = Header(disk)
    header.edit(change, copies)
    packed = bytearray(header.pack())
    if variant.startswith("bad-primary"):
        packed[64] ^= 1
    parts = [(0, bytes(packed))]
    if key_offset is not None:
        parts.append((key_offset, material(KEY)))
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("disk", nargs="?")
    parser.add_argument("--variant", choices=[*VARIANTS, *SUPERBLOCKS])
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        print("\n".join([*VARIANTS, *SUPERBLOCKS]))
        return 0
    if not args.disk or not args.variant:
        parser.error("expected DISK and --variant")
    with open(args.disk, "r+b") as disk:
        for offset, data in forge(disk.read(2 * COPY), args.variant):
            disk.seek(offset)
            disk.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
