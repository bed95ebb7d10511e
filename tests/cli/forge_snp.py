# SPDX-License-Identifier: GPL-2.0-or-later
"""SEV-SNP reports of any content, signed by a VCEK under a test root that OpenSSL makes: cases as in evidence.py."""
import hashlib
import random
import struct
import subprocess
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from evidence import Case, flip, patch

ARC = "1.3.6.1.4.1.3704.1"
PSS = ["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:48", "-sigopt", "rsa_mgf1_md:sha384"]
TCB = bytes([3, 0, 0, 0, 0, 0, 8, 115])
CHIP = hashlib.sha512(b"chip").digest()
CA_EXT = {"ark": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n",
          "ask": "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n"}


def openssl(*args):
    subprocess.run(["openssl", *[str(a) for a in args]], check=True, capture_output=True, timeout=120)


def integer(value):
    return "DER:0201%02x" % value if value < 128 else "DER:020200%02x" % value


def leaf_extensions(tcb=TCB, chip=CHIP, product="Milan-B0"):
    parts = {"1": 0, "3.1": tcb[0], "3.2": tcb[1], "3.4": tcb[2], "3.5": tcb[3], "3.6": tcb[4], "3.7": tcb[5], "3.3": tcb[6],
             "3.8": tcb[7]}
    ext = {f"{ARC}.{k}": integer(v) for k, v in parts.items()}
    ext[f"{ARC}.2"] = "DER:16%02x%s" % (len(product), product.encode().hex())
    ext[f"{ARC}.4"] = "DER:" + chip.hex()
    return ext


class Root:
    def __init__(self, folder):
        self.dir = folder
        self.count = 0
        for name, cn in (("ark", "nacre test ARK-Milan"), ("ask", "nacre test SEV-Milan")):
            openssl("genrsa", "-out", folder / f"{name}.key", 4096)
            self.sign(name, "ark", cn, CA_EXT[name])
        self.key = ec.generate_private_key(ec.SECP384R1())
        (folder / "vcek.key").write_bytes(self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self.ark, self.ask = ((folder / f"{n}.der").read_bytes() for n in ("ark", "ask"))

    def sign(self, name, issuer, cn, extensions, padding=PSS, key=None):
        ext, req = self.dir / "ext", self.dir / "req"
        ext.write_text(extensions)
        key = key or self.dir / f"{name}.key"
        openssl("req", "-new", "-key", key, "-subj", f"/O=nacre test/CN={cn}", "-out", req)
        signer = ["-signkey", key] if name == issuer else ["-CA", self.dir / f"{issuer}.pem", "-CAkey", self.dir / f"{issuer}.key"]
        for form in ("pem", "der"):
            openssl("x509", "-req", "-in", req, "-out", self.dir / f"{name}.{form}", "-outform", form, "-days", "3650",
                    "-set_serial", self.count + 1, "-extfile", ext, *signer, *padding)

    def vcek(self, extensions=None, more="", padding=PSS, cn="nacre test SEV-VCEK", issuer="ask", key=None):
        self.count += 1
        text = "".join(f"{k}={v}\n" for k, v in (extensions or leaf_extensions()).items()) + more
        text += "subjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n"
        self.sign(f"vcek{self.count}", issuer, cn, text, padding, key or self.dir / "vcek.key")
        return (self.dir / f"vcek{self.count}.der").read_bytes()

    def report(self, version=3, policy=0x30000, vmpl=0, algo=1, info=0x5, key_info=0, current=TCB, reported=TCB, committed=TCB,
               launch=TCB, cpu=(0x19, 1, 1), chip=CHIP, firmware=(29, 55, 1), committed_firmware=(29, 55, 1), mit=(0, 0),
               svn=0, patches=()):
        """firmware: build, minor, major; patches: (offset, bytes) before signing."""
        r = bytearray(1184)
        struct.pack_into("<IIQ", r, 0, version, svn, policy)
        struct.pack_into("<II", r, 0x30, vmpl, algo)
        r[0x38:0x40] = current
        struct.pack_into("<QI", r, 0x40, info, key_info)
        for offset, size, name in ((0x50, 64, b"data"), (0x90, 48, b"measurement"), (0xc0, 32, b"host"), (0x140, 32, b"id")):
            r[offset:offset + size] = hashlib.sha512(name).digest()[:size]
        r[0x160:0x180] = b"\xff" * 32
        r[0x180:0x188] = reported
        r[0x188:0x18b] = bytes(cpu)
        r[0x1a0:0x1e0] = chip
        r[0x1e0:0x1e8] = committed
        r[0x1e8:0x1eb], r[0x1ec:0x1ef] = bytes(firmware), bytes(committed_firmware)
        r[0x1f0:0x1f8] = launch
        struct.pack_into("<QQ", r, 0x1f8, *mit)
        for offset, new in patches:
            r[offset:offset + len(new)] = new
        numbers = utils.decode_dss_signature(self.key.sign(bytes(r[:0x2a0]), ec.ECDSA(hashes.SHA384())))
        for offset, number in zip((0x2a0, 0x2e8), numbers):
            r[offset:offset + 72] = number.to_bytes(72, "little")
        return bytes(r)


def tcb(**parts):
    names = {"bl": 0, "tee": 1, "mbz": 3, "snp": 6, "ucode": 7}
    out = TCB
    for name, change in parts.items():
        out = patch(out, names[name], bytes([out[names[name]] + change]))
    return out


def contents():
    """What a signed report may say: name and arguments of Root.report."""
    yield from ((f"version {v}", {"version": v}) for v in (0, 1, 2, 3, 4, 5, 6, 0xffffffff))
    yield "version 2 without a model", {"version": 2, "cpu": (0, 0, 0)}
    yield from ((f"policy bit {b}", {"policy": 0x30000 ^ 1 << b}) for b in (0, 8, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 63))
    yield from ((f"vmpl {v:#x}", {"vmpl": v}) for v in (1, 3, 4, 0xffffffff))
    yield from ((f"algorithm {a}", {"algo": a}) for a in (0, 2, 0xffffffff))
    yield from ((f"key info {k:#x}", {"key_info": k}) for k in (1, 2, 4, 8, 0x1c, 0x20, 1 << 31))
    yield from ((f"platform bit {b}", {"info": 1 << b}) for b in (0, 1, 4, 6, 7, 8, 63))
    for part in ("bl", "tee", "snp", "ucode"):
        for field in ("current", "reported", "committed", "launch"):
            yield f"{field} {part} higher", {field: tcb(**{part: 1})}
            if part != "tee":
                yield f"{field} {part} lower", {field: tcb(**{part: -1})}
    yield from ((f"{f} reserved", {f: tcb(mbz=1)}) for f in ("current", "reported", "committed", "launch"))
    yield from ((f"cpu {c}", {"cpu": c}) for c in ((0, 0, 0), (0x19, 0, 0), (0x19, 0xf, 3), (0x19, 0x11, 1), (0x19, 0xa0, 2),
                                                   (0x19, 0x20, 0), (0x1a, 2, 1), (0x1a, 0x12, 0), (0x17, 1, 0)))
    yield "no chip id", {"chip": bytes(64)}
    yield "another chip", {"chip": flip(CHIP, 5)}
    for i, name in enumerate(("build", "minor", "major")):
        older = tuple(v - (j == i) for j, v in enumerate((29, 55, 1)))
        newer = tuple(v + (j == i) for j, v in enumerate((29, 55, 1)))
        yield f"committed {name} older", {"committed_firmware": older}
        yield f"committed {name} newer", {"committed_firmware": newer}
    yield "mitigation vectors in version 3", {"mit": (1, 1)}
    yield "mitigation vectors in version 5", {"version": 5, "mit": (1, 3)}
    yield from ((f"svn {n}", {"svn": n}) for n in (1, 0xffffffff))
    for offset, size in ((0x4c, 4), (0x18b, 21), (0x1eb, 1), (0x1ef, 1), (0x208, 152), (0x330, 368)):
        yield f"first byte at {offset:#x}", {"patches": ((offset, b"\1"),)}
        yield f"last byte at {offset + size - 1:#x}", {"patches": ((offset + size - 1, b"\x80"),)}


def leaves(root):
    """Certificates that are not as they should be."""
    without = lambda key: {k: v for k, v in leaf_extensions().items() if k != f"{ARC}.{key}"}
    for key in ("1", "2", "3.1", "3.2", "3.3", "3.4", "3.8", "4"):
        yield f"leaf without {key}", root.vcek(without(key))
    yield from ((f"leaf for {n}", root.vcek(leaf_extensions(tcb=t))) for n, t in (
        ("another boot loader", tcb(bl=1)), ("another microcode", tcb(ucode=1)), ("a reserved part", tcb(mbz=1))))
    yield "leaf of another chip", root.vcek(leaf_extensions(chip=flip(CHIP, 3)))
    yield "leaf with a wrapped chip", root.vcek({**leaf_extensions(), f"{ARC}.4": "DER:0440" + CHIP.hex()})
    yield "leaf with a short chip", root.vcek(leaf_extensions(chip=CHIP[:63]))
    yield from ((f"leaf of {p}", root.vcek(leaf_extensions(product=p))) for p in ("Genoa", "Turin", "Milan", "Milan-B1", "x"))
    yield "leaf with TCB 256", root.vcek({**leaf_extensions(), f"{ARC}.3.1": "DER:02020103"})
    yield "leaf with a negative TCB", root.vcek({**leaf_extensions(), f"{ARC}.3.1": "DER:0201ff"})
    yield "leaf with a long TCB", root.vcek({**leaf_extensions(), f"{ARC}.3.1": "DER:02020003"})
    yield "leaf signed as PKCS #1", root.vcek(padding=["-sha384"])
    yield "leaf signed with SHA-256", root.vcek(padding=["-sha256", *PSS[1:5], "-sigopt", "rsa_mgf1_md:sha256"])
    yield "leaf with a salt of 32", root.vcek(padding=[*PSS[:3], "-sigopt", "rsa_pss_saltlen:32", *PSS[5:]])
    yield "leaf by the root", root.vcek(issuer="ark")
    yield "leaf of another name", root.vcek(cn="nacre test SEV-VLEK")
    yield "leaf with a CSP id too", root.vcek({**leaf_extensions(), f"{ARC}.5": "DER:160161"})
    yield "leaf that is a CA", root.vcek(more="basicConstraints=critical,CA:TRUE\n")
    yield "leaf with an unknown critical extension", root.vcek(more="1.2.3.4=critical,DER:0500\n")
    yield "leaf for e-mail only", root.vcek(more="extendedKeyUsage=emailProtection\n")


def all_forged(folder):
    root = Root(folder)
    vcek = root.vcek()
    good = Case("forged", "snp", {"now": int(time.time()) + 86400, "product": "Milan", "report": root.report(), "vcek": vcek, "ask": root.ask,
                                  "ark": root.ark, "test_root": root.ark, "vmpl": 0})
    yield good
    for name, arguments in contents():
        yield good.changed(name, report=root.report(**arguments))
    for name, leaf in leaves(root):
        yield good.changed(name, vcek=leaf)
    key = ec.generate_private_key(ec.SECP384R1())
    (folder / "other.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                         serialization.NoEncryption()))
    yield good.changed("leaf with another key", vcek=root.vcek(key=folder / "other.key"))
    rng = random.Random(2)
    for part in ("vcek", "ask", "report"):
        for _ in range(30):
            data = good.words[part]
            yield good.changed(f"bit of {part}", **{part: flip(data, rng.randrange(8 * len(data)))})
