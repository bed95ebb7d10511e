# SPDX-License-Identifier: GPL-2.0-or-later
"""Both kernels keep AML from the host out of RAM (kernel-config/linux/0001-aml-not-in-ram.patch)."""
import pathlib
import shutil
import subprocess

import pytest

KERNELS = pathlib.Path(__file__).resolve().parents[2] / "build" / "kernel"
VM_LIMIT_S = 120

# An added table: it reads a register of the HPET, then writes to ADDRESS.
SOURCE = """DefinitionBlock ("", "SSDT", 2, "NACRE", "AML", 1)
{
    OperationRegion (HPET, SystemMemory, 0xFED00000, 0x400)
    Field (HPET, DWordAcc, NoLock, Preserve) { HPEV, 32 }
    OperationRegion (MEMO, SystemMemory, ADDRESS, 0x10)
    Field (MEMO, DWordAcc, NoLock, Preserve) { MEMV, 32 }
    Name (VALU, 0)
    VALU = HPEV
    MEMV = 0x41414141
}
"""

pytestmark = pytest.mark.skipif(
    not (KERNELS / "production" / "vmlinuz").exists() or not all(map(shutil.which, ("qemu-system-x86_64", "iasl"))),
    reason="needs the built kernels, QEMU and iasl",
)


def boot_log(kind, address, folder):
    (folder / "table.asl").write_text(SOURCE.replace("ADDRESS", hex(address)))
    subprocess.run(["iasl", "table.asl"], cwd=folder, check=True, capture_output=True)
    command = ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max", "-m", "256", "-nodefaults", "-no-reboot"]
    command += ["-display", "none", "-serial", "stdio", "-kernel", str(KERNELS / kind / "vmlinuz")]
    command += ["-append", "console=ttyS0 panic=-1", "-acpitable", f"file={folder}/table.aml"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=VM_LIMIT_S, check=True)
    log = done.stdout.decode("latin1")
    assert "2 ACPI AML tables successfully acquired" in log and "Kernel panic - not syncing: VFS" in log
    return log


@pytest.mark.parametrize("kind", ["production", "dev"])
def test_ram_is_refused(kind, tmp_path):
    log = boot_log(kind, 128 << 20, tmp_path)
    assert "AML refused access to RAM at 0x0000000008000000" in log
    assert log.count("AML refused") == 1  # the HPET's register was not


def test_region_that_begins_before_ram_is_refused(tmp_path):
    assert "AML refused access to RAM at 0x00000000000FFFFC" in boot_log("production", 0xFFFFC, tmp_path)


def test_memory_that_is_not_ram_is_reached(tmp_path):
    assert "AML refused" not in boot_log("production", 0xFED000F0, tmp_path)
