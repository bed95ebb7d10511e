# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware: its SEV metadata, and its check of kernel, initrd and command line without SEV hardware.

QEMU's loader device puts the hash table where the host of a SEV-SNP guest would put it (docs/firmware.md).
"""
import hashlib
import pathlib
import shutil
import struct
import subprocess
import time
import uuid

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
FIRMWARE = TOP / "build" / "firmware" / "OVMF.fd"
TDVF = FIRMWARE.parent / "TDVF.fd"
KERNEL = TOP / "build" / "kernel" / "production" / "vmlinuz"
CMDLINE = "console=ttyS0 quiet panic=-1"
MEMORY = 512 << 20
TABLE_ADDRESS = 0x810C00
STARTED = b"Kernel panic - not syncing: VFS"  # the kernel ran, and has no root
GOOD_LIMIT_S = 120

pytestmark = pytest.mark.skipif(
    not FIRMWARE.exists() or not KERNEL.exists() or not shutil.which("qemu-system-x86_64"),
    reason="needs the built firmware, the built kernel and QEMU",
)


def footer_entries(image):
    """GUID -> data of the table that ends 32 bytes before the image's end."""
    end = len(image) - 32 - 18
    size, guid = struct.unpack_from("<H16s", image, end)
    assert uuid.UUID(bytes_le=guid) == uuid.UUID("96b582de-1fb2-45f7-baea-a366c55a082d")
    first = end - (size - 18)
    entries = {}
    while end > first:
        size, guid = struct.unpack_from("<H16s", image, end - 18)
        entries[str(uuid.UUID(bytes_le=guid))] = image[end - size : end - 18]
        end -= size
    return entries


def test_sev_metadata_has_a_page_for_hashes():
    image = FIRMWARE.read_bytes()
    entries = footer_entries(image)
    (offset,) = struct.unpack("<I", entries["dc886566-984a-4798-a75e-5585a7bf67cc"])
    start = len(image) - offset
    magic, _, version, count = struct.unpack_from("<4sIII", image, start)
    assert (magic, version) == (b"ASEV", 1)
    sections = [struct.unpack_from("<III", image, start + 16 + 12 * i) for i in range(count)]
    assert (0x810000, 0x1000, 0x10) in sections
    table = struct.unpack("<II", entries["7255371f-3a3b-4b04-927b-1da6efa8d454"])
    assert table == (TABLE_ADDRESS, 0x400)


def as_qemu_hands_over(kernel):
    """The kernel with the setup header as QEMU 7.2 changes it for a VM without SEV and without an initrd."""
    changed = bytearray(kernel)
    changed[0x210] = 0xB0
    changed[0x211] |= 0x80
    struct.pack_into("<H", changed, 0x224, 0xFE00)
    struct.pack_into("<I", changed, 0x228, 0x20000)
    return bytes(changed)


def hash_table(kernel, initrd, cmdline):
    def entry(guid, content):
        return uuid.UUID(guid).bytes_le + struct.pack("<H", 50) + hashlib.sha256(content).digest()

    table = uuid.UUID("9438d606-4f22-4cc9-b479-a793d411fd21").bytes_le + struct.pack("<H", 168)
    table += entry("97d02dd8-bd20-4c94-aa78-e7714d36ab2a", cmdline.encode() + b"\0")
    table += entry("44baf731-3a2f-4bd7-9af1-41e29169781d", initrd)
    table += entry("4de79437-abd2-427f-b835-d5b172d2045b", kernel)
    return table.ljust(176, b"\0")


def kernel_starts(folder, table, arguments, limit_s, firmware=FIRMWARE):
    """Run QEMU with the firmware until the kernel shows up, at most limit_s seconds."""
    (folder / "table").write_bytes(table)
    command = ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max", "-m", f"{MEMORY >> 20}M"]
    command += ["-nodefaults", "-no-reboot", "-display", "none", "-serial", f"file:{folder}/console"]
    command += ["-device", f"loader,file={folder}/table,addr={TABLE_ADDRESS:#x},force-raw=on"]
    command += ["-bios", str(firmware), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.kill()
        process.wait()
    return STARTED in (folder / "console").read_bytes()


@pytest.fixture(name="good_s", scope="module")
def seconds_of_a_good_start(tmp_path_factory):
    """How long a start takes on this machine now; the bad ones are given three times as much."""
    folder = tmp_path_factory.mktemp("good")
    table = hash_table(as_qemu_hands_over(KERNEL.read_bytes()), b"", CMDLINE)
    begin = time.monotonic()
    assert kernel_starts(folder, table, ["-kernel", str(KERNEL), "-append", CMDLINE], GOOD_LIMIT_S)
    return time.monotonic() - begin


def test_right_hashes_start_the_kernel(good_s):
    assert good_s < GOOD_LIMIT_S


@pytest.mark.parametrize("changed", ["kernel", "cmdline", "initrd", "shim", "no table"])
def test_anything_else_does_not_start(changed, good_s, tmp_path):
    kernel, initrd, cmdline = as_qemu_hands_over(KERNEL.read_bytes()), b"", CMDLINE
    arguments = ["-kernel", str(KERNEL), "-append", CMDLINE]
    if changed == "kernel":
        kernel = kernel[:-1] + bytes([kernel[-1] ^ 1])
    elif changed == "cmdline":
        cmdline += " "
    elif changed == "initrd":
        initrd = b"another"
    elif changed == "shim":
        arguments += ["-fw_cfg", f"name=etc/boot/shim,file={KERNEL}"]
    table = b"\0" * 176 if changed == "no table" else hash_table(kernel, initrd, cmdline)
    assert not kernel_starts(tmp_path, table, arguments, 3 * good_s + 2)


def test_the_firmware_for_tdx_starts_the_kernel(tmp_path):
    """Outside a TD it measures into nothing, but takes the same way to the kernel."""
    assert kernel_starts(tmp_path, b"\0" * 176, ["-kernel", str(KERNEL), "-append", CMDLINE], GOOD_LIMIT_S, TDVF)


def test_tdx_metadata_measures_the_firmware_alone():
    image = TDVF.read_bytes()
    (offset,) = struct.unpack("<I", footer_entries(image)["e47a6535-984a-4798-865e-4685a7bf8ec2"])
    start = len(image) - offset
    magic, _, version, count = struct.unpack_from("<4sIII", image, start)
    assert (magic, version) == (b"TDVF", 1)
    sections = [struct.unpack_from("<IIQQII", image, start + 16 + 32 * i) for i in range(count)]
    measured = [s for s in sections if s[5] & 1]
    assert len(measured) == 1 and measured[0][4] == 0
    assert measured[0][0] + measured[0][1] == len(image)
