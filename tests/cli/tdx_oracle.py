# SPDX-License-Identifier: GPL-2.0-or-later
"""What nacre-measure tdx and pcr must say, worked out independently, and the files to ask them about.

Run as a program it writes the vectors of the unit tests: tdx_oracle.py DIR
"""
import hashlib
import pathlib
import struct
import sys
import uuid

PAGE = 4096
BFV, CFV, HOB, TEMP = 0, 1, 2, 3


def sha384(data):
    return hashlib.sha384(data).digest()


def guid(text):
    return uuid.UUID(text).bytes_le


def replay(digests, alg="sha384"):
    register = bytes(hashlib.new(alg).digest_size)
    for digest in digests:
        register = hashlib.new(alg, register + digest).digest()
    return register


# --- firmware ---------------------------------------------------------------------------------------------
class Section:
    def __init__(self, kind, gpa, size, offset=0, data_size=0, attributes=0):
        self.kind, self.gpa, self.size, self.offset = kind, gpa, size, offset
        self.data_size, self.attributes = data_size, attributes

    def pack(self):
        return struct.pack("<IIQQII", self.offset, self.data_size, self.gpa, self.size, self.kind, self.attributes)


def usual_sections(size, cfv):
    """OVMF's layout for a file of that size whose first cfv bytes are the variables."""
    base = (1 << 32) - size
    return [Section(BFV, base + cfv, size - cfv, cfv, size - cfv, 1), Section(CFV, base, cfv, 0, cfv),
            Section(TEMP, 0x810000, 0x10000), Section(TEMP, 0x80B000, 0x2000), Section(HOB, 0x809000, 0x2000),
            Section(TEMP, 0x800000, 0x6000)]


def firmware(content, sections, from_end=0x800):
    """content with TDX metadata and the table that points to it written over its last bytes."""
    data = bytearray(content)
    at = len(data) - from_end
    data[at:at + 16] = struct.pack("<4sIII", b"TDVF", 16 + 32 * len(sections), 1, len(sections))
    for i, section in enumerate(sections):
        data[at + 16 + 32 * i:at + 48 + 32 * i] = section.pack()
    entry = struct.pack("<IH", from_end, 22) + guid("e47a6535-984a-4798-865e-4685a7bf8ec2")
    table = entry + struct.pack("<H", len(entry) + 18) + guid("96b582de-1fb2-45f7-baea-a366c55a082d")
    data[-32 - len(table):-32] = table
    return bytes(data)


def read_sections(data):
    """The sections of a firmware file."""
    end = len(data) - 50
    left = struct.unpack_from("<H", data, end)[0] - 18
    while left >= 18:
        size = struct.unpack_from("<H", data, end - 18)[0]
        if data[end - 16:end] == guid("e47a6535-984a-4798-865e-4685a7bf8ec2"):
            at = len(data) - struct.unpack_from("<I", data, end - size)[0]
            count = struct.unpack_from("<I", data, at + 12)[0]
            rows = [struct.unpack_from("<IIQQII", data, at + 16 + 32 * i) for i in range(count)]
            return [Section(kind, gpa, size, offset, length, attributes)
                    for offset, length, gpa, size, kind, attributes in rows]
        end -= size
        left -= size
    raise ValueError("no TDX metadata")


def mrtd(data, sections, two_pass):
    stream = hashlib.sha384()

    def operation(name, gpa):
        stream.update(name.ljust(16, b"\0") + struct.pack("<Q", gpa) + bytes(104))

    for s in sections:
        content = data[s.offset:s.offset + s.data_size].ljust(s.size, b"\0")
        pages = range(0, s.size, PAGE)
        rounds = [("add", pages), ("extend", pages)] if two_pass else [(w, [p]) for p in pages for w in ("add", "extend")]
        for what, where in rounds:
            for page in where:
                if what == "add" and not s.attributes & 2:
                    operation(b"MEM.PAGE.ADD", s.gpa + page)
                for at in range(page, page + PAGE, 256) if what == "extend" and s.attributes & 1 else ():
                    operation(b"MR.EXTEND", s.gpa + at)
                    stream.update(content[at:at + 256])
    return stream.digest()


def hob(sections, memory):
    low = memory if memory < 0xB0000000 else 0x80000000
    ranges, at = [], 0
    for s in sorted((s for s in sections if s.kind in (HOB, TEMP)), key=lambda s: s.gpa):
        ranges += [(7, at, s.gpa)] * (at < s.gpa) + [(0, s.gpa, s.gpa + s.size)]
        at = s.gpa + s.size
    ranges += [(7, at, low)] * (at < low) + [(7, 1 << 32, (1 << 32) + memory - low)] * (memory > low)
    base = next(s.gpa for s in sections if s.kind == HOB)
    body = b"".join(struct.pack("<HHI16xIIQQ", 3, 48, 0, kind, 7, start, end - start) for kind, start, end in ranges)
    return struct.pack("<HHIII32xQ", 1, 56, 0, 9, 0, base + 56 + len(body) + 8) + body


def variable(owner, name):
    text = name.encode("utf-16-le")
    return sha384(guid(owner) + struct.pack("<QQ", len(name), 0) + text)


GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
SECURITY = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
SEPARATOR = sha384(bytes(4))
UI_APP = (struct.pack("<IH", 0x109, 0x2C) + "UiApp\0".encode("utf-16-le") + b"\x04\x07\x14\0" +
          guid("7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1") + b"\x04\x06\x14\0" +
          guid("462caa21-7614-4503-836e-8ab6f4662331") + b"\x7f\xff\x04\0")


def rtmr0(data, sections, memory, acpi, profile):
    cfv = next(s for s in sections if s.kind == CFV)
    return replay([sha384(hob(sections, memory)), sha384(data[cfv.offset:cfv.offset + cfv.data_size]),
                   variable(GLOBAL, "SecureBoot"), variable(GLOBAL, "PK"), variable(GLOBAL, "KEK"),
                   variable(SECURITY, "db"), variable(SECURITY, "dbx"), SEPARATOR] + [sha384(blob) for blob in acpi] +
                  [sha384(b"\0\0"), sha384(UI_APP)] + [SEPARATOR] * (profile == "A"))


def rtmr1(kernel, profile):
    return replay([authenticode(kernel), sha384(b"Calling EFI Application from Boot Option")] +
                  [SEPARATOR] * (profile != "A") +
                  [sha384(b"Exit Boot Services Invocation"), sha384(b"Exit Boot Services Returned with Success")])


def rtmr2(cmdline, initrd, first):
    if initrd:
        cmdline = "initrd=initrd " + cmdline if first else cmdline + " initrd=initrd"
    events = [sha384((cmdline + "\0").encode("utf-16-le"))] if cmdline else []
    return replay(events + ([sha384(initrd)] if initrd else []))


# --- EFI images -------------------------------------------------------------------------------------------
def pe(sections, at=0x80, headers=0x400, head=b"", plus=True, directories=6, gap=b"", tail=b"", certificates=b"", swap=False):
    """A PE image: sections are (name, bytes, size in memory or None); head is laid under the headers; swap: the
    first two stand the other way round in the table."""
    optional = 112 + 8 * directories if plus else 96 + 8 * directories
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, len(sections), 0, 0, 0, optional, 0x22E)
    table, body, offset = b"", gap, headers + len(gap)
    for name, content, size in sections:
        raw = content.ljust(-(-len(content) // 512) * 512, b"\0")
        table += struct.pack("<8sIIIIIIHHI", name.encode(), len(content) if size is None else size, offset, len(raw),
                             offset if raw else 0, 0, 0, 0, 0, 0x60000020)
        body += raw
        offset += len(raw)
    if swap:
        table = table[40:80] + table[:40] + table[80:]
    front = struct.pack("<H", 0x20B if plus else 0x10B).ljust(60, b"\1") + struct.pack("<II", headers, 0xDEADBEEF)
    front = front.ljust((112 if plus else 96) - 4, b"\2") + struct.pack("<I", directories)
    entries = bytearray(8 * directories)
    if certificates:
        struct.pack_into("<II", entries, 32, offset + len(tail), len(certificates))
    image = bytearray(head.ljust(headers, b"\0"))
    image[0:2] = b"MZ"
    struct.pack_into("<I", image, 0x3C, at)
    whole = coff + front + bytes(entries) + table
    assert at + len(whole) <= headers
    image[at:at + len(whole)] = whole
    return bytes(image) + body + tail + certificates


def authenticode(data, alg="sha384"):
    at = struct.unpack_from("<I", data, 0x3C)[0]
    count, optional_size = struct.unpack_from("<H12xH", data, at + 6)
    optional = at + 24
    plus = struct.unpack_from("<H", data, optional)[0] == 0x20B
    headers = struct.unpack_from("<I", data, optional + 60)[0]
    directories = optional + (112 if plus else 96)
    skip = [(optional + 64, optional + 68)]
    certificates = 0
    if struct.unpack_from("<I", data, directories - 4)[0] > 4:
        skip.append((directories + 32, directories + 40))
        certificates = struct.unpack_from("<I", data, directories + 36)[0]
    digest, start = hashlib.new(alg), 0
    for low, high in skip:
        digest.update(data[start:low])
        start = high
    digest.update(data[start:headers])
    rows = [struct.unpack_from("<II", data, optional + optional_size + 40 * i + 16) for i in range(count)]
    hashed = headers
    for size, offset in sorted((r for r in rows if r[0]), key=lambda r: r[1]):
        digest.update(data[offset:offset + size])
        hashed += size
    digest.update(data[hashed:len(data) - certificates])
    return digest.digest()


def bzimage(payload, protocol=0x20F, xloadflags=0x3F, initrd_max=0x7FFFFFFF, loadflags=1):
    """A kernel with an EFI stub's headers and a setup header."""
    head = bytearray(0x400)
    head[0x1F1] = 3
    struct.pack_into("<H", head, 0x1FA, 0xFFFF)
    struct.pack_into("<HH4sH", head, 0x1FE, 0xAA55, 0x66EB, b"HdrS", protocol)
    struct.pack_into("<BB", head, 0x210, 0, loadflags)
    struct.pack_into("<I", head, 0x22C, initrd_max)
    struct.pack_into("<H", head, 0x236, xloadflags)
    return pe([(".setup", payload[:4096], None), (".text", payload[4096:], None)], at=0x40, headers=0x400,
              head=bytes(head), directories=6)


def qemu_patch(kernel, cmdline, initrd_size, memory):
    data = bytearray(kernel)
    protocol, = struct.unpack_from("<H", data, 0x206)
    if "vga=" in cmdline:
        word = cmdline.split("vga=", 1)[1].split(" ")[0]
        mode = next((n for w, n in (("normal", 0xFFFF), ("ext", 0xFFFE), ("ask", 0xFFFD)) if word.startswith(w)), None)
        struct.pack_into("<H", data, 0x1FA, (int(word, 0) if mode is None else mode) & 0xFFFF)
    data[0x210] = 0xB0
    data[0x211] |= 0x80
    struct.pack_into("<H", data, 0x224, 0xFE00)
    struct.pack_into("<I", data, 0x228, 0x20000)
    if initrd_size:
        high = protocol >= 0x20C and struct.unpack_from("<H", data, 0x236)[0] & 2
        top = 0xFFFFFFFF if high else struct.unpack_from("<I", data, 0x22C)[0]
        low = memory if memory < 0xB0000000 else 0x80000000
        top = min(top, low - 0x28000 - 1)
        struct.pack_into("<II", data, 0x218, (top - initrd_size) // PAGE * PAGE, initrd_size)
    return bytes(data)


def uki(parts, version="252.39-1", **more):
    """parts: section names and bytes, in the file's order."""
    sections = [(".text", b"\x90" * 700, None)]
    if version:
        sections.append((".sdmagic", b"#### LoaderInfo: systemd-stub %s ####\0" % version.encode(), None))
    return pe(sections + [(name, content, None) for name, content in parts], headers=0x600, **more)


# --- event logs -------------------------------------------------------------------------------------------
def ccel(events, fill=b"\xff" * 300):
    """events: (register, type, digest, data)."""
    spec = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, 12, 48, 0)
    log = struct.pack("<II20xI", 1, 3, len(spec)) + spec
    for register, kind, digest, data in events:
        log += struct.pack("<IIIH", register + 1, kind, 1, 12) + digest + struct.pack("<I", len(data)) + data
    return log + fill


def main(out):
    out = pathlib.Path(out)
    content = bytes((i * 7 + (i >> 8)) & 0xFF for i in range(0x5000))
    image = firmware(content, usual_sections(0x5000, 0x1000))
    (out / "tdx/firmware.fd").write_bytes(image)
    kernel = bzimage(bytes((i * 5 + (i >> 9)) & 0xFF for i in range(9000)))
    (out / "pe/kernel.bin").write_bytes(kernel)
    (out / "pe/uki.efi").write_bytes(uki([(".osrel", b"ID=nacre\n"), (".cmdline", b"console=tty0"), (".linux", kernel),
                                          (".initrd", b"initrd"), (".sbat", b"sbat,1\n")]))
    (out / "pe/signed.efi").write_bytes(pe([(".b", b"b" * 600, None), (".a", b"a" * 20, None), (".bss", b"", 4096)],
                                           gap=b"g" * 512, tail=b"tail", certificates=b"c" * 24, swap=True))
    sections = read_sections(image)
    print("mrtd", mrtd(image, sections, False).hex(), mrtd(image, sections, True).hex(), sep="\n ")
    print("hob 2 GiB", sha384(hob(sections, 2 << 30)).hex(), "64 GiB", sha384(hob(sections, 64 << 30)).hex(), sep="\n ")
    print("kernel", authenticode(kernel).hex(), "patched, initrd 6 bytes, 2 GiB, vga=0x305",
          authenticode(qemu_patch(kernel, "a vga=0x305 b", 6, 2 << 30)).hex(), sep="\n ")
    for name in ("pe/uki.efi", "pe/signed.efi"):
        print(name, authenticode((out / name).read_bytes()).hex(), authenticode((out / name).read_bytes(), "sha256").hex(),
              sep="\n ")
    print("RTMR1 A, B", rtmr1(kernel, "A").hex(), rtmr1(kernel, "B").hex(), sep="\n ")
    print("RTMR2 last, first", rtmr2("console=tty0", b"initrd", False).hex(), rtmr2("console=tty0", b"initrd", True).hex(),
          sep="\n ")
    acpi = [b"loader", b"rsdp", b"tables"]
    print("RTMR0 A, B", rtmr0(image, sections, 2 << 30, acpi, "A").hex(), rtmr0(image, sections, 2 << 30, acpi, "B").hex(),
          sep="\n ")


if __name__ == "__main__":
    main(sys.argv[1])
