#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the initdata vectors beside this file: disks in Kata's format, made without any code of ours.

NAME.img is a disk, NAME.toml the document in it where there is one. The tests hold what each must give.
"""
import gzip
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
POLICY = '{"version": 1}\n'


def document(name='"policy.json"', quote="'''", version="0.1.0", algorithm="sha256"):
    return (f'algorithm = "{algorithm}"\nversion = "{version}"\n\n[data]\n'
            f"{name} = {quote}\n{POLICY}{quote}\n").encode()


def pack(data):
    return gzip.compress(data, 9, mtime=0)


def disk(stream, length=None, magic=b"initdata", pad=b"\0"):
    image = magic + struct.pack("<Q", len(stream) if length is None else length) + stream
    return image + pad * (-len(image) % 512)


def main():
    good = document()
    stream = pack(good)
    docs = {
        "good": good,
        "basic": document(quote='"""').replace(b'{"version": 1}', b'{\\"version\\": 1}'),
        "literal-key": document(name="'policy.json'"),
        "sha384": document(algorithm="sha384"),
        "version-2": document(version="0.2.0"),
        "rego": document(name='"policy.rego"'),
        "path": document(name='"../policy.json"'),
        "dotted": document(name="policy.json"),
    }
    disks = {name: disk(pack(doc)) for name, doc in docs.items()}
    disks |= {
        "bad-magic": disk(stream, magic=b"initdatA"),
        "length-zero": disk(stream, length=0),
        "length-huge": disk(stream, length=1 << 63),
        "length-short": disk(stream, length=len(stream) - 1),
        "length-long": disk(stream, length=len(stream) + 1),
        "padding": disk(stream, pad=b"\1"),
        "two-members": disk(stream + pack(b"more")),
        "bad-crc": disk(stream[:-8] + b"\0\0\0\0" + stream[-4:]),
        "not-gzip": disk(good),
        "bomb": disk(pack(bytes(8 << 20))),
        "empty": disk(pack(b"")),
    }
    for name, doc in docs.items():
        (HERE / f"{name}.toml").write_bytes(doc)
    for name, image in disks.items():
        (HERE / f"{name}.img").write_bytes(image)


if __name__ == "__main__":
    main()
