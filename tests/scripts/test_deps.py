# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/build-deps: the caching of components, and what the built libraries must and must not hold."""

import os
import re

import pytest
from conftest import TOP, run

MUSL, GLIBC = TOP / "build/deps/musl", TOP / "build/deps/glibc"


@pytest.fixture
def small(tree):
    """A tree that builds cJSON only."""
    script = tree / "scripts/build-deps"
    text = re.sub(r"components=\(wolfssl[^)]*\)", "components=(cjson)", script.read_text())
    script.write_text(text)
    return tree


def build(tree, cache, libc="musl", **env):
    return run(tree / "scripts/build-deps", libc, env=dict(os.environ, NACRE_CACHE=str(cache), **env))


def archives(cache):
    return sorted(p.name for p in (cache / "deps").glob("musl-cjson*"))


def test_a_changed_recipe_builds_anew_and_an_old_one_is_cached(small, fresh_cache):
    assert build(small, fresh_cache).returncode == 0
    first = archives(fresh_cache)
    library = small / "build/deps/musl/lib/libcjson.a"
    made = library.stat().st_mtime_ns
    assert build(small, fresh_cache).returncode == 0
    assert archives(fresh_cache) == first and library.stat().st_mtime_ns == made
    script = small / "scripts/build-deps"
    script.write_text(script.read_text().replace("-c cJSON.c", "-DCJSON_NESTING_LIMIT=32 -c cJSON.c"))
    assert build(small, fresh_cache).returncode == 0
    assert len(archives(fresh_cache)) == 2


def test_same_bytes_anywhere(small, fresh_cache, tmp_path):
    other = tmp_path / "othercache"
    other.mkdir()
    (other / "src").symlink_to((fresh_cache / "src").resolve())
    assert build(small, fresh_cache).returncode == 0
    one = (small / "build/deps/musl/lib/libcjson.a").read_bytes()
    old = os.umask(0o077)
    try:
        assert build(small, other, TZ="Asia/Tokyo", LANG="tr_TR.UTF-8").returncode == 0
    finally:
        os.umask(old)
    assert (small / "build/deps/musl/lib/libcjson.a").read_bytes() == one


def test_failure_shows_the_log(small, fresh_cache):
    script = small / "scripts/build-deps"
    script.write_text(script.read_text().replace("-c cJSON.c", "-c missing.c"))
    done = build(small, fresh_cache)
    assert done.returncode != 0
    assert "missing.c" in done.stderr and "cjson for musl does not build: the whole log is" in done.stderr
    assert archives(fresh_cache) == [] and list((fresh_cache / "deps").glob(".work*")) == []


@pytest.mark.parametrize("component, place, text, other", [
    ("util-linux", "libmount/src/hooks.c", "hookset_(loopdev|", "hookset_(vanished|"),
    ("util-linux", "libblkid/src/topology/topology.c", "|sysfs_tp)", "|sysfs_tp|lvm_tp)"),
    ("wolfssl", "wolfcrypt/src/aes.c", "define HAVE_INTEL_AVX2$/", "define HAVE_INTEL_AVX3$/"),
])
def test_an_edit_that_does_not_fit_ends_the_build(tree, fresh_cache, component, place, text, other):
    script = tree / "scripts/build-deps"
    recipe = re.sub(r"components=\(wolfssl[^)]*\)", f"components=({component})", script.read_text())
    assert text in recipe
    script.write_text(recipe.replace(text, other))
    done = build(tree, fresh_cache)
    assert done.returncode != 0
    assert f"{place}: an edit of scripts/build-deps fits " in done.stderr and "has the source changed?" in done.stderr
    assert list((fresh_cache / "deps").glob("musl-*")) == []


@pytest.mark.parametrize("lines, ends", [(1, 1), (2, 0), (3, 1)])
def test_edit_counts_the_lines(tmp_path, lines, ends):
    (tmp_path / "f.c").write_text("one\ntwo\nthree\n")
    function = re.search(r"^edit\(\) \{.*?^\}$", (TOP / "scripts/build-deps").read_text(), re.M | re.S)[0]
    done = run("bash", "-euc", f"die() {{ echo \"$*\" >&2; exit 1; }}\n{function}\nedit {lines} f.c '/one/d; s/two/2/'",
               cwd=tmp_path)
    assert done.returncode == ends, done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["f.c"] and (tmp_path / "f.c").read_text() == "2\nthree\n"


@pytest.mark.parametrize("count, ends", [(0, 1), (1, 0), (2, 1)])
def test_clear_upper_counts_the_returns(tmp_path, count, ends):
    """Only the first function leaves the upper half of a register behind."""
    (tmp_path / "f.S").write_text("vpxor %ymm0, %ymm0, %ymm0\nretq\nvpor %ymm1, %ymm1, %ymm1\nvzeroupper\nretq\nretq\n")
    function = re.search(r"^clear_upper\(\) \{.*?^\}$", (TOP / "scripts/build-deps").read_text(), re.M | re.S)[0]
    done = run("bash", "-euc", f"die() {{ echo \"$*\" >&2; exit 1; }}\n{function}\nclear_upper {count} f.S", cwd=tmp_path)
    assert done.returncode == ends and ("f.S: 1 returns leave" in done.stderr) == (ends == 1), done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["f.S"]
    assert (tmp_path / "f.S").read_text().split("\n")[:3] == ["vpxor %ymm0, %ymm0, %ymm0", "\tvzeroupper", "retq"]


def test_unknown_libc(tree, fresh_cache):
    assert "usage: build-deps musl|glibc" in build(tree, fresh_cache, libc="uclibc").stderr


# --- the real libraries; `make deps` has built them

@pytest.mark.parametrize("libc", [MUSL, GLIBC], ids=["musl", "glibc"])
def test_wolfssl_configuration(libc):
    options = set(re.findall(r"^#define\s+(\w+)", (libc / "include/wolfssl/options.h").read_text(), re.M))
    assert {"WOLFSSL_GETRANDOM", "WOLFSSL_TLS13", "WOLFSSL_AESNI", "HAVE_KEYING_MATERIAL", "HAVE_ALPN", "HAVE_HKDF",
            "OPENSSL_EXTRA", "WC_RSA_PSS", "WC_RSA_BLINDING", "ECC_TIMING_RESISTANT", "HAVE_HASHDRBG"} <= options
    assert {"NO_OLD_TLS", "NO_MD5", "NO_DES3", "NO_DH", "NO_RC4", "NO_PSK", "NO_AES_CBC"} <= options
    assert not options & {"_FORTIFY_SOURCE", "WOLFSSL_ALLOW_SSLV3", "WOLFSSL_STATIC_RSA", "HAVE_SESSION_TICKET",
                          "WOLFSSL_EARLY_DATA", "HAVE_ANON"}


def test_fast_curves_are_the_host_tools():
    fast = {"WOLFSSL_HAVE_SP_ECC", "WOLFSSL_SP_384", "WOLFSSL_HAVE_SP_RSA", "WOLFSSL_SP_4096", "WOLFSSL_SP_X86_64_ASM"}
    glibc, musl = (set(re.findall(r"^#define\s+(\w+)", (libc / "include/wolfssl/options.h").read_text(), re.M))
                   for libc in (GLIBC, MUSL))
    assert fast <= glibc and not fast & musl


def undefined(library, member):
    return {line.split()[-1] for line in run("nm", "-u", library).stdout.split(f"{member}:\n")[1].split("\n\n")[0]
            .splitlines() if line.strip()}


def test_random_seed_needs_no_file():
    needs = undefined(MUSL / "lib/libwolfssl.a", "libwolfssl_la-random.o")
    assert "getrandom" in needs
    assert not needs & {"open", "open64", "fopen", "read"}


def test_cryptsetup_opens_no_crypto_socket():
    needs = undefined(MUSL / "lib/libcryptsetup.a", "libcrypto_backend_la-crypto_cipher_kernel.o")
    assert not needs & {"socket", "bind", "accept"}


@pytest.mark.parametrize("libc", [MUSL, GLIBC], ids=["musl", "glibc"])
def test_no_path_of_the_build_machine(libc):
    files = [p for p in [*(libc / "lib").glob("*.a"), *(libc / "sbin").glob("*")]]
    assert files
    for path in files:
        data = path.read_bytes()
        for word in (str(TOP), str(libc.resolve().parent), ".work."):
            assert word.encode() not in data, (path, word)


def test_mke2fs_stands_alone(tmp_path):
    program = MUSL / "sbin/mke2fs"
    assert "INTERP" not in run("readelf", "-lW", program).stdout
    assert "NEEDED" not in run("readelf", "-dW", program).stdout
    image = tmp_path / "fs.img"
    with open(image, "wb") as f:
        f.truncate(32 << 20)
    done = run(program, "-q", "-t", "ext4", image, env={"MKE2FS_CONFIG": "/nonexistent"})
    assert done.returncode == 0, done.stderr
    check = run("/sbin/e2fsck", "-fn", image)
    assert check.returncode == 0, check.stdout
