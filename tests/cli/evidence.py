# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence of real machines, what goes wrong with it, and a test root of our own: cases for verifiers.

A case is a name, its class and the words of a line for tests/tools/verify_lines.c and tests/go/verify.go.
"""
import base64
import hashlib
import pathlib
import random
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
SNP, TDX = TOP / "tests/vectors/snp", TOP / "tests/vectors/tdx"
N384 = int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)
NOW_2025, NOW_2026 = 1750000000, 1795561000


class Case:
    def __init__(self, name, kind, words):
        self.name, self.kind, self.words = name, kind, dict(words)

    def changed(self, name, **words):
        return Case(f"{self.name}: {name}", self.kind, {**self.words, **words})

    def line(self):
        value = lambda v: v.hex() if isinstance(v, bytes) else str(v)
        return " ".join([self.kind] + [f"{k}={value(v)}" for k, v in self.words.items() if v != b""]) + "\n"


def pem(text):
    return [base64.b64decode(b) for b in
            re.findall(r"-----BEGIN CERTIFICATE-----\s(.*?)-----END CERTIFICATE-----", text, re.S)]


def flip(data, bit):
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


def patch(data, offset, new):
    return data[:offset] + new + data[offset + len(new):]


# --- SEV-SNP: the offsets are those of the report in AMD's publication 56860, table "ATTESTATION_REPORT"

SNP_FIELDS = {"version": (0, 4), "guest svn": (4, 4), "policy": (8, 8), "family id": (0x10, 16), "image id": (0x20, 16),
              "vmpl": (0x30, 4), "signature algo": (0x34, 4), "current tcb": (0x38, 8), "platform info": (0x40, 8),
              "key info": (0x48, 4), "zero 4c": (0x4c, 4), "report data": (0x50, 64), "measurement": (0x90, 48),
              "host data": (0xc0, 32), "id key": (0xe0, 48), "author key": (0x110, 48), "report id": (0x140, 32),
              "report id ma": (0x160, 32), "reported tcb": (0x180, 8), "cpuid": (0x188, 3), "zero 18b": (0x18b, 21),
              "chip id": (0x1a0, 64), "committed tcb": (0x1e0, 8), "firmware": (0x1e8, 8), "launch tcb": (0x1f0, 8),
              "mitigation": (0x1f8, 16), "zero 208": (0x208, 152), "r": (0x2a0, 48), "r high": (0x2d0, 24),
              "s": (0x2e8, 48), "s high": (0x318, 24), "zero 330": (0x330, 368)}


def snp_case(name, leaf, roots, intermediate, product, now=NOW_2026, vmpl=0):
    """intermediate: which block of the roots' file, 0 ASK or 2 ASVK."""
    raw = (SNP / name / leaf).read_bytes()
    leaf = raw if raw[:1] == b"\x30" else pem(raw.decode())[0]
    chain = pem((SNP / "roots" / roots).read_text())
    report = (SNP / name / "report.bin").read_bytes()
    words = {"now": now, "product": product, "report": report, "ask": chain[intermediate], "ark": chain[1], "vmpl": vmpl,
             "vlek" if intermediate else "vcek": leaf}
    return Case(name, "snp", words)


def snp_cases():
    milan, genoa = "milan_ask_ark_asvk.pem", "genoa_ask_ark_asvk.pem"
    return [snp_case("virtee-milan", "vcek.der", milan, 0, "Milan"), snp_case("dstack", "vcek.pem", milan, 0, "Milan"),
            snp_case("trustee-e2e", "vcek.der", genoa, 0, "Genoa"), snp_case("milan-v2-a", "vcek.der", milan, 0, "Milan"),
            snp_case("trustee-vcek", "vcek.der", milan, 0, "Milan"),
            snp_case("trustee-vlek", "vlek.der", milan, 2, "Milan", NOW_2025, vmpl=1)]


def little(number):
    return number.to_bytes(72, "little")


def snp_report_mutations(case, rng):
    report = case.words["report"]
    for field, (offset, size) in SNP_FIELDS.items():
        for _ in range(3):
            yield case.changed(f"bit of {field}", report=flip(report, 8 * offset + rng.randrange(8 * size)))
    for size in [0, 1, 0x29f, 0x2a0, *range(16, 1184, 96), 1183]:
        yield case.changed(f"cut to {size}", report=report[:size])
    yield case.changed("a byte more", report=report + b"\0")
    for name, r, s in (("r 0", 0, None), ("s 0", None, 0), ("r n", N384, None), ("s n", None, N384),
                       ("r max", (1 << 576) - 1, None), ("s max", None, (1 << 384) - 1)):
        new = report if r is None else patch(report, 0x2a0, little(r))
        yield case.changed(name, report=new if s is None else patch(new, 0x2e8, little(s)))
    s = int.from_bytes(report[0x2e8:0x330], "little")
    yield case.changed("s to n - s", report=patch(report, 0x2e8, little(N384 - s)))  # as good a signature


def snp_chain_mutations(case, others, rng):
    leaf = "vlek" if "vlek" in case.words else "vcek"
    for part, count in ((leaf, 40), ("ask", 20), ("ark", 5)):
        data = case.words[part]
        for _ in range(count):
            yield case.changed(f"bit of {part}", **{part: flip(data, rng.randrange(8 * len(data)))})
        yield case.changed(f"no {part}", **{part: b""})
        yield case.changed(f"{part} cut", **{part: data[:-1]})
        yield case.changed(f"{part} and a byte", **{part: data + b"\0"})
    yield case.changed("the ark twice", ask=case.words["ark"])
    other = "vcek" if leaf == "vlek" else "vlek"
    yield case.changed("leaf of the other kind", **{leaf: b"", other: case.words[leaf]})
    for o in others:
        theirs = o.words.get("vcek") or o.words["vlek"]
        yield case.changed(f"leaf of {o.name}", **{leaf: theirs})
        yield case.changed(f"report of {o.name}", report=o.words["report"])


def snp_expectations(case):
    report = case.words["report"]
    right = {"report_data": report[0x50:0x90], "measurement": report[0x90:0xc0], "host_data": report[0xc0:0xe0]}
    yield case.changed("all named", **right)
    for key, value in right.items():
        yield case.changed(f"another {key}", **{**right, key: flip(value, 7)})
    yield case.changed("another vmpl", vmpl=case.words["vmpl"] + 1)
    reported = report[0x180:0x188]
    parts = [reported[0], reported[1], reported[6], reported[7]]
    yield case.changed("its own TCB as the least", tcb_min=bytes(parts))
    for i in range(4):
        higher = [min(255, p + (j == i)) for j, p in enumerate(parts)]
        yield case.changed(f"a higher TCB {i}", tcb_min=bytes(higher))
    for now in (1, 1500000000, 1700000000, 1760000000, 1900000000, 2400000000, 4000000000):
        yield case.changed(f"at {now}", now=now)


def all_snp(seed):
    rng = random.Random(seed)
    cases = snp_cases()
    for case in cases:
        yield case
        yield from snp_report_mutations(case, rng)
        yield from snp_chain_mutations(case, [o for o in cases if o is not case], rng)
        yield from snp_expectations(case)
    for name in ("legacy", "new"):
        yield snp_case("trustee-vcek", f"vcek-invalid-{name}.der", "milan_ask_ark_asvk.pem", 0, "Milan")


# --- TDX

def quote_chain(quote):
    text = quote[quote.index(b"-----BEGIN"):].decode("latin-1")
    return pem(text)


def to_pem(certs):
    return "".join("-----BEGIN CERTIFICATE-----\n" + "\n".join(re.findall(".{1,64}", base64.b64encode(c).decode())) +
                   "\n-----END CERTIFICATE-----\n" for c in certs).encode()


def tdx_case(path, folder, info, now):
    quote = (TDX / path).read_bytes()
    part = lambda name: (TDX / "verify" / folder / name).read_bytes()
    chain = quote_chain(quote)
    return Case(f"{path} {folder} {info}", "tdx", {
        "now": now, "quote": quote, "tcb_info": part(info), "tcb_info_chain": part("signer.pem"),
        "qe_identity": part("qe_identity.json"), "qe_identity_chain": part("signer.pem"), "root_crl": part("root.crl"),
        "pck_crl": part("pck.crl"), "pck_crl_chain": to_pem(chain[1:3])})


IN_2025, IN_2026 = 1750550400, 1771545600


def tdx_cases():
    yield tdx_case("v4.bin", "2025-06", "tcb_info.json", IN_2025)
    yield tdx_case("v5.bin", "2026-02", "tcb_info_v5.json", IN_2026)
    for name in ("dstack-report", "dstack-lite", "outdated", "service-td", "out-of-date", "azure", "cos-113", "dcap-2", "tappd",
                 "spr-e4"):
        yield tdx_case(f"verify/{name}.bin", "2026-02", "tcb_info.json", IN_2026)
    yield tdx_case("debug.bin", "2026-02", "tcb_info.json", IN_2026)
    yield tdx_case("v4.bin", "2026-02", "tcb_info.json", IN_2026)


# offsets in a quote of version 4: header, body, signature data
TDX_FIELDS = {"header": (0, 48), "svn": (48, 16), "mr seam": (64, 48), "mr signer": (112, 48), "seam attributes": (160, 8),
              "attributes": (168, 8), "xfam": (176, 8), "mr td": (184, 48), "config id": (232, 48), "owner": (280, 96),
              "rtmrs": (376, 192), "report data": (568, 64), "length": (632, 4), "signature": (636, 64),
              "attestation key": (700, 64), "certification type": (764, 2), "certification size": (766, 4),
              "qe report": (770, 384), "qe signature": (1154, 64), "auth size": (1218, 2), "auth": (1220, 32),
              "pck type": (1252, 2), "pck size": (1254, 4)}


def tdx_quote_mutations(case, rng):
    quote = case.words["quote"]
    for field, (offset, size) in TDX_FIELDS.items():
        for _ in range(4):
            yield case.changed(f"bit of {field}", quote=flip(quote, 8 * offset + rng.randrange(8 * size)))
    for _ in range(60):
        yield case.changed("bit of certificates", quote=flip(quote, rng.randrange(8 * 1258, 8 * (len(quote) - 70))))
    for size in [0, 47, 48, 631, 632, 635, *range(64, len(quote), 400), len(quote) - 71]:
        yield case.changed(f"cut to {size}", quote=quote[:size])
    yield case.changed("no padding", quote=quote[:-70])
    length = int.from_bytes(quote[632:636], "little")
    for n in (length - 1, length + 1, 0, 0xffffffff):
        yield case.changed(f"length {n - length:+}", quote=patch(quote, 632, n.to_bytes(4, "little")))
    yield case.changed("auth 0xffff", quote=patch(quote, 1218, b"\xff\xff"))
    for zero in (636, 668, 1154, 1186):
        yield case.changed(f"32 zeros at {zero}", quote=patch(quote, zero, bytes(32)))
        yield case.changed(f"32 ones at {zero}", quote=patch(quote, zero, b"\xff" * 32))


def tdx_collateral_mutations(case, other, rng):
    for key, count in (("tcb_info", 30), ("qe_identity", 20), ("root_crl", 12), ("pck_crl", 12), ("tcb_info_chain", 12),
                       ("qe_identity_chain", 12)):
        data = case.words[key]
        for _ in range(count):
            yield case.changed(f"bit of {key}", **{key: flip(data, rng.randrange(8 * len(data)))})
        yield case.changed(f"no {key}", **{key: b""})
        yield case.changed(f"{key} cut", **{key: data[:-1]})
        yield case.changed(f"{key} of another day", **{key: other.words[key]})
    info = case.words["tcb_info"]
    for name, old, new in (("spaced", b'","', b'", "'), ("newline", b":{", b":\n{"), ("status", b'"OutOfDate"', b'"UpToDate"')):
        yield case.changed(f"tcb_info {name}", tcb_info=info.replace(old, new))
    signature = info.rindex(b'"signature":"') + 13
    yield case.changed("tcb_info upper signature", tcb_info=info[:signature] + info[signature:].upper())
    yield case.changed("tcb_info with a member more", tcb_info=info[:-1].rstrip().rstrip(b"}") + b',"x":1}')
    yield case.changed("tcb_info and text behind", tcb_info=info.rstrip() + b"x")
    unsigned = info.rstrip()[:-1] + b',"TCBINFO":{"fmspc":"b0c06f000000"}}'
    yield case.changed("tcb_info with an unsigned twin in capitals", tcb_info=unsigned)
    zeros = ",".join(['{"svn":0}'] * 16)
    level = '{"tcb":{"sgxtcbcomponents":[%s],"pcesvn":0,"tdxtcbcomponents":[%s]},"tcbStatus":"UpToDate"}' % (zeros, zeros)
    twin = ',"TCBINFO":{"fmspc":"b0c06f000000","tcbLevels":[' + level + "]}}"
    theirs = other.words["tcb_info"].rstrip()[:-1] + twin.encode()
    yield case.changed("tcb_info of another platform, its twin in capitals says ours", now=IN_2026,
                       **{**{k: v for k, v in other.words.items() if k not in ("quote", "now")}, "tcb_info": theirs})
    first = b'{"signature":"' + b"00" * 64 + b'",' + info[1:]
    yield case.changed("two signatures, the right one last", tcb_info=first)
    for now in (1, 1500000000, 1749000000, 1752000000, 1760000000, 1775000000, 1900000000, 2600000000):
        yield case.changed(f"at {now}", now=now)


def tdx_expectations(case):
    quote = case.words["quote"]
    right = {"report_data": quote[568:632], "mr_td": quote[184:232], "mr_config_id": quote[232:280], "rtmrs": quote[376:568]}
    yield case.changed("all named", **right)
    for key, value in right.items():
        for _ in range(2):
            yield case.changed(f"another {key}", **{**right, key: flip(value, 8 * len(value) - 1)})
    for i in range(4):
        yield case.changed(f"another rtmr{i}", **{**right, "rtmrs": flip(right["rtmrs"], 8 * 48 * i)})


def all_tdx(seed):
    rng = random.Random(seed)
    cases = list(tdx_cases())
    yield from cases
    good = cases[0]
    yield from tdx_quote_mutations(good, rng)
    yield from tdx_collateral_mutations(good, cases[2], rng)
    yield from tdx_expectations(good)
    yield from tdx_expectations(cases[2])
