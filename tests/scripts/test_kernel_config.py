# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/check-kernel-config: the fragments' form, and a .config that is not what they ask for."""
import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
CHECK = TOP / "scripts" / "check-kernel-config"
FRAGMENTS = TOP / "kernel-config"

# What the guest kernel must never have, whoever edits the lists.
FORBIDDEN = """MODULES CRYPTO_USER_API CRYPTO_USER_API_HASH CRYPTO_USER_API_SKCIPHER CRYPTO_USER_API_AEAD
    CRYPTO_USER_API_RNG DMI DMIID DMI_SYSFS FW_CFG_SYSFS FW_CFG_SYSFS_CMDLINE ACPI_TABLE_UPGRADE LIBNVDIMM VIRTIO_PMEM
    DAX FS_DAX VIRTIO_FS KEXEC KEXEC_FILE KEXEC_CORE HIBERNATION DEVMEM DEVPORT DEBUG_FS IA32_EMULATION X86_X32_ABI
    IO_URING HW_RANDOM HW_RANDOM_VIRTIO MAGIC_SYSRQ PROC_KCORE VT USB INPUT VIRTIO_PCI_LEGACY VIRTIO_BALLOON VIRTIO_MEM
    BPF_SYSCALL USERFAULTFD KEYS MODIFY_LDT_SYSCALL X86_VSYSCALL_EMULATION USER_NS PROC_VMCORE PTP_1588_CLOCK
    PTP_1588_CLOCK_KVM VIRTIO_MMIO_CMDLINE_DEVICES""".split()

REQUIRED = """EFI_STUB VIRTIO_PCI VIRTIO_MMIO VIRTIO_BLK VIRTIO_NET VIRTIO_CONSOLE VIRTIO_VSOCKETS DM_CRYPT DM_INTEGRITY
    DM_VERITY EROFS_FS EXT4_FS TMPFS CONFIGFS_FS SECURITYFS MEMCG CGROUP_PIDS SECCOMP_FILTER SECURITY_LANDLOCK
    SECURITY_YAMA SECURITY_LOCKDOWN_LSM_EARLY TSM_REPORTS SEV_GUEST TDX_GUEST_DRIVER AMD_MEM_ENCRYPT INTEL_TDX_GUEST
    UNACCEPTED_MEMORY CRYPTO_AES_NI_INTEL CRYPTO_AUTHENC CRYPTO_SHA256_SSSE3 INIT_ON_ALLOC_DEFAULT_ON HARDENED_USERCOPY
    FORTIFY_SOURCE STACKPROTECTOR_STRONG STRICT_KERNEL_RWX RANDOMIZE_BASE VMAP_STACK SLAB_FREELIST_HARDENED
    SLAB_FREELIST_RANDOM SHUFFLE_PAGE_ALLOCATOR BUG_ON_DATA_CORRUPTION PANIC_ON_OOPS CPU_MITIGATIONS""".split()


def check(kind, config=None, folder=FRAGMENTS):
    words = [str(CHECK), kind] + ([str(config), str(folder)] if config else [])
    return subprocess.run(words, capture_output=True, text=True, check=False)


def asked(kind):
    result = check(kind)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.fixture(name="folder")
def own_fragments(tmp_path):
    folder = tmp_path / "kernel-config"
    shutil.copytree(FRAGMENTS, folder)
    return folder


def write_config(tmp_path, lines):
    path = tmp_path / "config"
    path.write_text("\n".join(["# CONFIG_NOTHING is not set", *lines, ""]))
    return path


@pytest.mark.parametrize("kind", ["production", "dev"])
def test_what_is_asked_for_passes(kind, tmp_path):
    result = check(kind, write_config(tmp_path, asked(kind)))
    assert (result.returncode, result.stderr) == (0, "")


def test_dev_is_production_and_the_two_dev_options():
    assert set(asked("dev")) - set(asked("production")) == {"CONFIG_NACRE_TSM=y", "CONFIG_VSOCKETS_LOOPBACK=y"}
    assert set(asked("production")) <= set(asked("dev"))


@pytest.mark.parametrize("name", REQUIRED)
def test_required_option_is_asked_for(name):
    assert f"CONFIG_{name}=y" in asked("production")


@pytest.mark.parametrize("kind", ["production", "dev"])
@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_option_is_refused(kind, name, tmp_path):
    result = check(kind, write_config(tmp_path, [*asked(kind), f"CONFIG_{name}=y"]))
    assert result.returncode == 1
    assert f"CONFIG_{name}=y, but" in result.stderr


def test_dev_provider_is_refused_in_production(tmp_path):
    result = check("production", write_config(tmp_path, asked("dev")))
    assert result.returncode == 1
    assert "CONFIG_NACRE_TSM=y, but CONFIG_NACRE_TSM must be off" in result.stderr


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("CONFIG_DM_CRYPT=y", None, "CONFIG_DM_CRYPT is off, asked for: y"),
        ("CONFIG_DM_CRYPT=y", "# CONFIG_DM_CRYPT is not set", "CONFIG_DM_CRYPT is off, asked for: y"),
        ("CONFIG_DM_CRYPT=y", "CONFIG_DM_CRYPT=m", "CONFIG_DM_CRYPT is m, asked for: y"),
        ("CONFIG_PANIC_TIMEOUT=-1", "CONFIG_PANIC_TIMEOUT=0", "CONFIG_PANIC_TIMEOUT is 0, asked for: -1"),
        (
            'CONFIG_LSM="lockdown,landlock,yama"',
            'CONFIG_LSM="yama"',
            'CONFIG_LSM is "yama", asked for: "lockdown,landlock,yama"',
        ),
    ],
)
def test_option_that_did_not_stick(old, new, message, tmp_path):
    lines = asked("production")
    assert old in lines
    lines[lines.index(old)] = new or "# gone"
    result = check("production", write_config(tmp_path, lines))
    assert result.returncode == 1
    assert message in result.stderr


@pytest.mark.parametrize(
    "file, line, message",
    [
        ("base", "CONFIG_FOO=y", "no value, or no reason beside it"),
        ("base", "CONFIG_FOO=y #", "no value, or no reason beside it"),
        ("base", "CONFIG_FOO=m  # a module", "no value, or no reason beside it"),
        ("base", "CONFIG_FOO=  # nothing", "no value, or no reason beside it"),
        ("base", "FOO=y  # no prefix", "not CONFIG_NAME=VALUE"),
        ("base", " CONFIG_FOO=y  # space in front", "not CONFIG_NAME=VALUE"),
        ("base", "CONFIG_SMP=y  # again", "given twice"),
        ("kata", "CONFIG_SMP=y  # again, elsewhere", "given twice"),
        ("base", "CONFIG_FOO=n  # off", "what is off is left out"),
        ("base", "CONFIG_FOO*=y  # a pattern", "a pattern cannot be on"),
        ("off", "CONFIG_FOO=y  # on", "only =n belongs here"),
        ("off-production", "CONFIG_MODULES=n  # again", "given twice"),
    ],
)
def test_bad_line_in_a_fragment(file, line, message, folder, tmp_path):
    config = write_config(tmp_path, asked("production"))
    with (folder / f"{file}.config").open("a") as fragment:
        fragment.write(line + "\n")
    result = check("production", config, folder)
    assert result.returncode == 1
    assert f"{file}.config" in result.stderr and message in result.stderr


def test_missing_fragment_and_unknown_kind(folder, tmp_path):
    config = write_config(tmp_path, asked("production"))
    (folder / "tdx.config").unlink()
    assert "tdx.config: cannot be read" in check("production", config, folder).stderr
    assert "usage" in check("other").stderr


@pytest.mark.parametrize("kind", ["production", "dev"])
def test_built_kernel(kind):
    config = TOP / "build" / "kernel" / kind / "config"
    if not config.exists():
        pytest.skip("no kernel was built here")
    result = check(kind, config)
    assert result.returncode == 0, result.stderr
