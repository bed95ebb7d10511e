#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Remake this folder: reports that no machine has shown to anybody, under test roots. Certificates and signatures are made by
Python's cryptography, the report's layout is written down here anew from AMD's publication 56860."""
import datetime
import struct
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

HERE = Path(__file__).parent
ARC = "1.3.6.1.4.1.3704.1"
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA384()), salt_length=48)
FROM, TO = datetime.datetime(2026, 1, 1), datetime.datetime(2100, 1, 1)


def name(cn):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def certificate(subject, issuer, public, key, serial, ca, extensions=()):
    b = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(public)
         .serial_number(serial).not_valid_before(FROM).not_valid_after(TO))
    if ca:
        b = b.add_extension(x509.BasicConstraints(True, None), True)
        b = b.add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
    for oid, value in extensions:
        b = b.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}.{oid}"), value), False)
    return b.sign(key, hashes.SHA384(), rsa_padding=PSS).public_bytes(serialization.Encoding.DER)


def integer(v):
    return bytes([2, 1, v]) if v < 128 else bytes([2, 2, 0, v])


def text(s):
    return bytes([0x16, len(s)]) + s.encode()


def leaf_extensions(product, struct_version, spl, hwid):
    return [("1", integer(struct_version)), ("2", text(product))] + [(f"3.{n}", integer(v)) for n, v in spl] + [("4", hwid)]


def report(version, fms, tcb, chip, mit=(0, 0)):
    r = bytearray(1184)
    struct.pack_into("<IIQ", r, 0, version, 3, 0x30000)              # VERSION, GUEST_SVN, POLICY
    r[0x10:0x20], r[0x20:0x30] = b"F" * 16, b"I" * 16                # FAMILY_ID, IMAGE_ID
    struct.pack_into("<II", r, 0x30, 0, 1)                           # VMPL, SIGNATURE_ALGO
    r[0x38:0x40] = tcb                                               # CURRENT_TCB
    struct.pack_into("<Q", r, 0x40, 0x25)                            # PLATFORM_INFO
    r[0x50:0x90] = bytes(range(64))                                  # REPORT_DATA
    r[0x90:0xc0] = b"\x4d" * 48                                      # MEASUREMENT
    r[0xc0:0xe0] = b"\x48" * 32                                      # HOST_DATA
    r[0xe0:0x110], r[0x110:0x140] = b"\x1d" * 48, b"\xa0" * 48       # ID_KEY_DIGEST, AUTHOR_KEY_DIGEST
    r[0x140:0x160], r[0x160:0x180] = b"\x1e" * 32, b"\xff" * 32      # REPORT_ID, REPORT_ID_MA
    r[0x180:0x188] = tcb                                             # REPORTED_TCB
    r[0x188:0x18b] = bytes(fms)                                      # family, model, stepping
    r[0x1a0:0x1a0 + len(chip)] = chip                                # CHIP_ID
    r[0x1e0:0x1e8] = tcb                                             # COMMITTED_TCB
    r[0x1e8:0x1eb] = r[0x1ec:0x1ef] = bytes((40, 58, 1))             # build, minor, major
    r[0x1f0:0x1f8] = tcb                                             # LAUNCH_TCB
    struct.pack_into("<QQ", r, 0x1f8, *mit)                          # mitigation vectors, version 5
    return r


def sign(r, key):
    a, b = utils.decode_dss_signature(key.sign(bytes(r[:0x2a0]), ec.ECDSA(hashes.SHA384())))
    r[0x2a0:0x2d0], r[0x2e8:0x318] = a.to_bytes(48, "little"), b.to_bytes(48, "little")
    return bytes(r)


def chain(folder, product, extensions):
    ark, ask = (rsa.generate_private_key(65537, 4096) for _ in range(2))
    vcek = ec.generate_private_key(ec.SECP384R1())
    root, mid = f"nacre test ARK-{product}", f"nacre test SEV-{product}"
    (folder / "ark.der").write_bytes(certificate(root, root, ark.public_key(), ark, 0x30000, True))
    (folder / "ask.der").write_bytes(certificate(mid, root, ask.public_key(), ark, 0x30001, True))
    (folder / "vcek.der").write_bytes(certificate("nacre test SEV-VCEK", mid, vcek.public_key(), ask, 1, False, extensions))
    return vcek


def main():
    chip = bytes.fromhex("1e550a8ee5cf9f4d")
    turin = HERE / "turin"
    turin.mkdir(exist_ok=True)
    # Turin: FMC, BL, TEE, SNP, 0, 0, 0, UCODE; a chip id of eight bytes; no .3.4, an FMC in .3.9; structure version 1
    key = chain(turin, "Turin", leaf_extensions("Turin", 1, [(1, 2), (2, 1), (3, 5), (5, 0), (6, 0), (7, 0), (8, 0x93), (9, 4)], chip))
    tcb = bytes((4, 2, 1, 5, 0, 0, 0, 0x93))
    (turin / "report-v3.bin").write_bytes(sign(report(3, (0x1a, 0x02, 1), tcb, chip), key))
    (turin / "report-v5.bin").write_bytes(sign(report(5, (0x1a, 0x11, 0), tcb, chip, (0x3, 0x7)), key))
    (turin / "report-long-chip.bin").write_bytes(sign(report(3, (0x1a, 0x02, 1), tcb, chip + b"\x01"), key))
    (turin / "report-other-order.bin").write_bytes(sign(report(3, (0x1a, 0x02, 1), bytes((2, 1, 0, 0, 0, 0, 5, 0x93)), chip), key))
    genoa = HERE / "genoa"
    genoa.mkdir(exist_ok=True)
    chip = bytes(range(64))
    key = chain(genoa, "Genoa", leaf_extensions("Genoa", 0, [(1, 10), (2, 0), (3, 28), (4, 0), (5, 0), (6, 0), (7, 0), (8, 88)], chip))
    tcb = bytes((10, 0, 0, 0, 0, 0, 28, 88))
    (genoa / "report-v5.bin").write_bytes(sign(report(5, (0x19, 0x11, 1), tcb, chip, (0xf, 0x1f)), key))


main()
