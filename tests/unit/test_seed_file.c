/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Coordinator's seed file on a real file system. */
#include "fileio.h"
#include "seed_file.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/nacre-seed-XXXXXX";
static char path[PATH_MAX];

static int setup(void **state)
{
    (void) state;
    if (mkdtemp(dir) == NULL)
        return -1;
    (void) snprintf(path, sizeof path, "%s/state/seed", dir);
    return 0;
}

static int teardown(void **state)
{
    char sub[PATH_MAX];

    (void) state;
    (void) unlink(path);
    (void) snprintf(sub, sizeof sub, "%s/state", dir);
    (void) rmdir(sub);
    return rmdir(dir);
}

static void test_create_and_load(void **state)
{
    struct mesh_secret_seed made = {0};
    struct mesh_secret_seed read = {0};
    char sub[PATH_MAX];
    struct stat st;
    struct err err;

    (void) state;
    (void) snprintf(sub, sizeof sub, "%s/state", dir);
    assert_int_equal(seed_file_create(sub, &made, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, SEED_FILE_SIZE);
    assert_int_equal(seed_file_load(sub, &read, &err), 1);
    assert_memory_equal(read.seed.bytes, made.seed.bytes, MESH_SECRET_SEED_SIZE);
    assert_memory_equal(read.salt.bytes, made.salt.bytes, MESH_SECRET_SALT_SIZE);
    assert_false(span_is_zero(secret_span(&made.seed)));
    assert_int_equal(seed_file_create(sub, &read, &err), -1); /* never again */
    assert_int_equal(err.code, ERR_SYS);
    assert_int_equal(err.sys_errno, EEXIST);
    assert_int_equal(seed_file_load(sub, &read, &err), 1);
    assert_memory_equal(read.seed.bytes, made.seed.bytes, MESH_SECRET_SEED_SIZE);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(seed_file_load(sub, &read, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
}

static void test_missing(void **state)
{
    struct mesh_secret_seed seed;
    struct err err;

    (void) state;
    assert_int_equal(seed_file_load("/nonexistent", &seed, &err), 0);
}

/* Every single changed byte, and every other length, is refused. */
static void test_damage(void **state)
{
    struct mesh_secret_seed seed = {.seed.len = 64, .salt.len = 32};
    struct mesh_secret_seed out = {.seed.len = 3};
    uint8_t file[SEED_FILE_SIZE + 1] = {0};
    struct err err;

    (void) state;
    memset(seed.seed.bytes, 7, 64);
    assert_int_equal(seed_file_encode(&seed, file, &err), 0);
    for (size_t i = 0; i < SEED_FILE_SIZE; i++) {
        file[i] ^= 1;
        assert_int_equal(seed_file_decode(span_of(file, SEED_FILE_SIZE), &out, &err), -1);
        assert_int_equal(err.code, ERR_FORMAT);
        file[i] ^= 1;
    }
    assert_int_equal(seed_file_decode(span_of(file, SEED_FILE_SIZE - 1), &out, &err), -1);
    assert_int_equal(seed_file_decode(span_of(file, SEED_FILE_SIZE + 1), &out, &err), -1);
    assert_int_equal(out.seed.len, 3);
    assert_int_equal(seed_file_decode(span_of(file, SEED_FILE_SIZE), &out, &err), 0);
    seed.salt.len = 31;
    assert_int_equal(seed_file_encode(&seed, file, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_fileio(void **state)
{
    const struct fileio_target to = {.dir = dir, .name = "x", .mode = 0644, .replace = true};
    struct fileio_bytes bytes = {0};
    struct err err;
    char x[PATH_MAX];

    (void) state;
    (void) snprintf(x, sizeof x, "%s/x", dir);
    assert_int_equal(fileio_write(&to, span_str("one"), &err), 0);
    /* A temporary file of one that was killed: in a container we always have the same number. */
    char stale[128];
    (void) snprintf(stale, sizeof stale, "%s/.x.%ld", dir, (long) getpid());
    FILE *f = fopen(stale, "w");
    assert_non_null(f);
    (void) fclose(f);
    assert_int_equal(fileio_write(&to, span_str("two and more"), &err), 0);
    assert_int_equal(access(stale, F_OK), -1);
    assert_int_equal(fileio_read(x, 100, &bytes, &err), 0);
    assert_true(span_eq_str(fileio_span(&bytes), "two and more"));
    fileio_free(&bytes);
    assert_int_equal(fileio_read(x, 11, &bytes, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(fileio_read(dir, 11, &bytes, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    assert_null(bytes.data);
    assert_int_equal(unlink(x), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_create_and_load), cmocka_unit_test(test_missing),
                                       cmocka_unit_test(test_damage), cmocka_unit_test(test_fileio)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
