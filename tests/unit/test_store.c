/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store: what it keeps, what it refuses, and faults: for N = 1, 2, ... the Nth system call of a change fails,
 * or ends the process, or ends the machine. The next start has the history before or after the change. */
#include "parser_test.h"
#include "hash.h"
#include "hex.h"
#include "store.h"
#include "store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS_MAX 64

enum fault {
    FAULT_NONE,
    FAULT_EIO,
    FAULT_ENOSPC, /* a write puts half of its bytes */
    FAULT_KILL,   /* SIGKILL before the call; a write has put half of its bytes */
    FAULT_POWER,  /* the same, and whatever was not synced is gone */
};

/* A layer over the real calls: counts them, and breaks one. */
struct faulty {
    enum fault fault;
    int at;       /* which call; 1: the first */
    int calls;    /* so far */
    bool forever; /* every call from there on fails too */
    /* What a power cut takes back. */
    int unsynced_fd;      /* a file with bytes that are not synced; -1: none */
    int renamed_dir;      /* a folder with a rename that is not synced; -1: none */
    char renamed[96];     /* the name that the rename gave */
    uint8_t before[4096]; /* what that name held */
    ssize_t before_len;   /* -1: it was not there */
};

static char top[32]; /* in memory, where there is such a folder: the tests sync a thousand times */
static struct ecc_pair key;
static struct err err;
static char manifest_text[2][8192];
static struct span policies[2][2];
static char policy_text[3][64];

static void cut_power(struct faulty *f)
{
    if (f->unsynced_fd >= 0 && ftruncate(f->unsynced_fd, 0) < 0)
        _exit(99);
    if (f->renamed_dir < 0)
        return;
    (void) unlinkat(f->renamed_dir, f->renamed, 0);
    if (f->before_len < 0)
        return;
    int fd = openat(f->renamed_dir, f->renamed, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, f->before, (size_t) f->before_len) != f->before_len)
        _exit(99);
    (void) close(fd);
}

/* 0 to go on; or the error of this call. Does not return when the process ends here. */
static int step(struct faulty *f)
{
    f->calls++;
    if (f->fault == FAULT_NONE || f->calls < f->at || (f->calls > f->at && !f->forever))
        return 0;
    switch (f->fault) {
    case FAULT_NONE:
        break;
    case FAULT_EIO:
        return -EIO;
    case FAULT_ENOSPC:
        return -ENOSPC;
    case FAULT_POWER:
        cut_power(f);
        (void) raise(SIGKILL);
        break;
    case FAULT_KILL:
        (void) raise(SIGKILL);
    }
    return 0;
}

static int make_dir(void *ctx, int dir, const char *name)
{
    int rc = step(ctx);
    return rc < 0 ? rc : store_sys_linux.make_dir(NULL, dir, name);
}

static int create(void *ctx, int dir, const char *name)
{
    struct faulty *f = ctx;
    int rc = step(f);

    if (rc < 0)
        return rc;
    rc = store_sys_linux.create(NULL, dir, name);
    f->unsynced_fd = rc >= 0 ? rc : f->unsynced_fd;
    return rc;
}

static int write_all(void *ctx, int fd, struct span bytes)
{
    struct faulty *f = ctx;

    if (f->fault != FAULT_NONE && f->calls + 1 == f->at)
        (void) store_sys_linux.write(NULL, fd, span_sub(bytes, 0, bytes.len / 2));
    int rc = step(f);
    return rc < 0 ? rc : store_sys_linux.write(NULL, fd, bytes);
}

static int sync_fd(void *ctx, int fd)
{
    struct faulty *f = ctx;
    int rc = step(f);

    if (rc < 0)
        return rc;
    if (fd == f->unsynced_fd)
        f->unsynced_fd = -1;
    if (fd == f->renamed_dir)
        f->renamed_dir = -1;
    return store_sys_linux.sync(NULL, fd);
}

static int rename_in(void *ctx, int dir, const char *from, const char *to)
{
    struct faulty *f = ctx;
    int rc = step(f);

    if (rc < 0)
        return rc;
    int fd = openat(dir, to, O_RDONLY);
    f->before_len = fd < 0 ? -1 : read(fd, f->before, sizeof f->before);
    if (fd >= 0)
        (void) close(fd);
    f->renamed_dir = dir;
    (void) snprintf(f->renamed, sizeof f->renamed, "%s", to);
    return store_sys_linux.rename(NULL, dir, from, to);
}

static int unlink_in(void *ctx, int dir, const char *name)
{
    int rc = step(ctx);
    return rc < 0 ? rc : store_sys_linux.unlink(NULL, dir, name);
}

static struct store_sys faulty_sys(struct faulty *f)
{
    f->unsynced_fd = f->renamed_dir = -1;
    return (struct store_sys){.ctx = f,
                              .make_dir = make_dir,
                              .create = create,
                              .write = write_all,
                              .sync = sync_fd,
                              .rename = rename_in,
                              .unlink = unlink_in};
}

/* --- a lab ------------------------------------------------------------------------------------------ */

static void make_manifest(size_t which)
{
    size_t len;
    char *text = test_slurp("tests/vectors/manifest/small.json", &len);
    uint8_t digest[SHA256_SIZE];
    char keys[2][STORE_HEX_SIZE];

    for (size_t i = 0; i < 2; i++) {
        policies[which][i] = span_str(policy_text[which + i]); /* the second one is in both */
        assert_int_equal(hash_bytes(HASH_SHA256, policies[which][i], digest, &err), 0);
        assert_int_equal(hex_encode(span_of(digest, sizeof digest), keys[i], sizeof keys[i], &err), 0);
    }
    char *open = strchr(strstr(text, "\"Policies\""), '{');
    (void) snprintf(manifest_text[which], sizeof manifest_text[which],
                    "%.*s{\"%s\": {\"SANs\": [\"a\"]}, \"%s\": {\"SANs\": [\"b\"]}}, \"ReferenceValues\"%s",
                    (int) (open - text), text, keys[0], keys[1],
                    strstr(text, "\"ReferenceValues\"") + strlen("\"ReferenceValues\""));
    free(text);
}

static int setup(void **state)
{
    (void) state;
    for (int i = 0; i < 3; i++)
        (void) snprintf(policy_text[i], sizeof policy_text[i], "policy %d", i);
    make_manifest(0);
    make_manifest(1);
    (void) snprintf(top, sizeof top, "%s/nacre-store-XXXXXX",
                    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(top) == NULL || ecc_generate(ECC_CURVE_P384, &key, &err) < 0 ? -1 : 0;
}

static void remove_tree(const char *path)
{
    char command[256];

    (void) snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

static int teardown(void **state)
{
    (void) state;
    remove_tree(top);
    return 0;
}

static const char *fresh_dir(void)
{
    static char dir[64];
    static int count;

    (void) snprintf(dir, sizeof dir, "%s/%d", top, count++);
    assert_int_equal(mkdir(dir, 0700), 0);
    return dir;
}

static struct store *open_store(const char *dir, const struct store_sys *sys)
{
    struct store *s = store_open(dir, sys, &err);

    if (s == NULL)
        fail_msg("open: %s", err.text);
    if (store_verify(s, &key.pub, &err) < 0)
        fail_msg("verify: %s", err.text);
    return s;
}

static int advance(struct store *s, size_t which, struct err *e)
{
    const struct transition_latest *latest = store_latest(s);
    const struct store_change change = {.previous = latest == NULL ? NULL : latest->digest,
                                        .manifest = span_str(manifest_text[which]),
                                        .policies = policies[which],
                                        .policy_count = 2,
                                        .key = &key};
    return store_advance(s, &change, e);
}

/* The history is the first `count` of: manifest 0, 1, 0, 1 ... */
static void check_history(const struct store *s, size_t count)
{
    struct userapi_get_response h = {.root_ca.len = 7};

    store_history(s, &h);
    assert_int_equal(h.root_ca.len, 7);
    assert_int_equal(h.manifests.count, count);
    assert_int_equal(store_count(s), count);
    assert_int_equal(h.policies.count, count == 0 ? 0 : count == 1 ? 2 : 3);
    for (size_t i = 0; i < count; i++)
        assert_true(span_eq_str(h.manifests.items[i], manifest_text[i % 2]));
    if (count > 0)
        assert_true(span_eq(store_manifest(s), h.manifests.items[count - 1]));
}

static int count_files(const char *dir)
{
    char command[256];
    int count = -1;

    (void) snprintf(command, sizeof command, "find '%s' -type f | wc -l", dir);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &count), 1);
    (void) pclose(f);
    return count;
}

/* --- tests ------------------------------------------------------------------------------------------ */

static void test_history(void **state)
{
    const char *dir = fresh_dir();
    struct store *s = open_store(dir, &store_sys_linux);

    (void) state;
    check_history(s, 0);
    assert_null(store_latest(s));
    for (size_t i = 0; i < 4; i++) {
        if (advance(s, i % 2, &err) < 0)
            fail_msg("%s", err.text);
        check_history(s, i + 1);
    }
    struct err other;
    assert_null(store_open(dir, &store_sys_linux, &other));
    assert_int_equal(other.sys_errno, EWOULDBLOCK);
    store_close(s);
    s = open_store(dir, &store_sys_linux);
    check_history(s, 4);
    assert_int_equal(transition_verify(&key.pub, store_latest(s), &err), 0);
    store_close(s);
    assert_int_equal(count_files(dir), 2 + 3 + 4 + 1);
}

static void test_compare_and_swap(void **state)
{
    struct store *s = open_store(fresh_dir(), &store_sys_linux);
    uint8_t old[SHA256_SIZE];
    struct store_change change = {.previous = old, .manifest = span_str(manifest_text[0]), .key = &key};

    (void) state;
    memset(old, 1, sizeof old);
    assert_int_equal(store_advance(s, &change, &err), -1);
    test_check_err(&err, ERR_DENIED, "another manifest has been set", "none");
    assert_int_equal(advance(s, 0, &err), 0);
    memcpy(old, store_latest(s)->digest, sizeof old);
    assert_int_equal(advance(s, 1, &err), 0);
    assert_int_equal(store_advance(s, &change, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    change.previous = NULL;
    assert_int_equal(store_advance(s, &change, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    check_history(s, 2);
    store_close(s);
}

static void test_full(void **state)
{
    struct store *s = open_store(fresh_dir(), &store_sys_linux);
    struct userapi_get_response h = {.root_ca = span_str("r"), .mesh_ca = span_str("m")};
    uint8_t *buf = malloc(USERAPI_RESPONSE_MAX);
    struct writer w = writer_of(buf, USERAPI_RESPONSE_MAX);
    const size_t len = strlen(manifest_text[0]);
    static char big[USERAPI_MANIFEST_MAX + 1];
    struct store_change change = {.key = &key};
    int rc = 0;

    (void) state;
    memset(big, ' ', sizeof big - 1);
    memcpy(big, manifest_text[0], len);
    for (int i = 0; rc == 0 && i < 10; i++) {
        change.manifest = span_of(big, USERAPI_MANIFEST_MAX - (size_t) i);
        change.previous = store_latest(s) == NULL ? NULL : store_latest(s)->digest;
        rc = store_advance(s, &change, &err);
    }
    assert_int_equal(rc, -1);
    test_check_err(&err, ERR_LIMIT, "the history is full", "full");
    assert_int_equal(store_count(s), 3);
    store_history(s, &h);
    assert_int_equal(userapi_get_response_encode(&h, &w, &err), 0);
    free(buf);
    store_close(s);
}

static void spoil(const char *dir, const char *command)
{
    char text[512];

    (void) snprintf(text, sizeof text, "cd '%s' && %s", dir, command);
    assert_int_equal(system(text), 0);
}

static void test_damage(void **state)
{
    static const struct {
        const char *command;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"printf x >>manifests/$(ls manifests | head -1)",                                        ERR_FORMAT,  "is damaged: its SHA-256 is"},
        {"printf x >>policies/$(ls policies | head -1)",                                          ERR_FORMAT,  "is damaged: its SHA-256 is"},
        {"rm manifests/$(ls manifests | head -1)",                                                ERR_MISSING, "is missing"                },
        {"for f in transitions/*; do case $f in */latest);; *) rm $f; break;; esac; done",        ERR_MISSING,
         "is missing"                                                                                                                      },
        {"for f in transitions/*; do case $f in */latest);; *) printf x >$f; break;; esac; done", ERR_FORMAT,
         "is damaged"                                                                                                                      },
        {": >transitions/latest",                                                                 ERR_FORMAT,  "0 bytes, expected"         },
        {"head -c 32 /dev/zero >transitions/latest; printf x >>transitions/latest",               ERR_FORMAT,
         "names no transition"                                                                                                             },
        {"head -c 200 /dev/zero >transitions/latest",                                             ERR_LIMIT,   "at most 136"               },
        {"rm transitions/latest && mkdir transitions/latest",                                     ERR_FORMAT,  "no regular file"           },
        {"printf 000 | dd of=transitions/latest bs=1 seek=40 conv=notrunc 2>/dev/null",           ERR_NONE,    ""                          },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *dir = fresh_dir();
        struct store *s = open_store(dir, &store_sys_linux);

        for (size_t k = 0; k < 3; k++)
            assert_int_equal(advance(s, k % 2, &err), 0);
        store_close(s);
        spoil(dir, rows[i].command);
        s = store_open(dir, &store_sys_linux, &err);
        if (rows[i].code != ERR_NONE) {
            assert_null(s);
            test_check_err(&err, rows[i].code, rows[i].text, rows[i].command);
            continue;
        }
        assert_non_null(s);
        assert_int_equal(store_verify(s, &key.pub, &err), -1); /* before anything is removed */
        store_close(s);
        assert_int_equal(count_files(dir), 2 + 3 + 3 + 1);
    }
}

/* Another seed's Coordinator must not take this history for its own, nor clean it. */
static void test_other_key(void **state)
{
    const char *dir = fresh_dir();
    struct store *s = open_store(dir, &store_sys_linux);
    struct ecc_pair other;

    (void) state;
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &other, &err), 0);
    assert_int_equal(advance(s, 0, &err), 0);
    spoil(dir, "touch manifests/0 transitions/.new policies/x");
    assert_int_equal(store_verify(s, &other.pub, &err), -1);
    test_check_err(&err, ERR_DENIED, "the history is not of this seed", "key");
    assert_int_equal(count_files(dir), 1 + 2 + 2 + 3);
    assert_int_equal(store_verify(s, &key.pub, &err), 0);
    assert_int_equal(count_files(dir), 1 + 2 + 2);
    store_close(s);
}

/* The first change and the second one, with each call of it failing once. */
static void test_errors(void **state)
{
    static const enum fault faults[] = {FAULT_EIO, FAULT_ENOSPC};
    int swept = 0;

    (void) state;
    for (int row = 0; row < 8; row++) {
        const size_t before = (size_t) row & 1;
        bool done = false;

        for (int n = 1; !done; n++) {
            struct faulty f = {.fault = FAULT_NONE};
            struct store_sys sys = faulty_sys(&f);
            const char *dir = fresh_dir();
            struct store *s = open_store(dir, &sys);

            assert_true(n < CALLS_MAX);
            if (before == 1)
                assert_int_equal(advance(s, 0, &err), 0);
            f = (struct faulty){.fault = faults[row / 2 % 2],
                                .at = n,
                                .forever = row >= 4,
                                .unsynced_fd = -1,
                                .renamed_dir = -1};
            int rc = advance(s, before, &err);
            done = f.calls < n;
            if (rc < 0) {
                assert_int_equal(err.code, ERR_SYS);
                check_history(s, before); /* this process stays where it was */
                /* A failure that left no doubt can be repaired by trying again; else no change any more. */
                struct err again;
                f.fault = FAULT_NONE;
                bool broken = advance(s, before, &again) < 0;
                assert_true(!broken || strstr(again.text, "restart to find out") != NULL);
            }
            store_close(s);
            s = open_store(dir, &store_sys_linux);
            assert_true(store_count(s) == before + 1 || (rc < 0 && store_count(s) == before));
            check_history(s, store_count(s));
            store_close(s);
            swept++;
        }
    }
    assert_true(swept > 100);
}

/* In a child: open, change, and say how far it came: the answer goes out only after the change. */
static void child(const char *dir, struct faulty *f, const struct store_sys *sys, size_t before, int answer)
{
    struct err e;
    struct store *s = store_open(dir, sys, &e);

    if (s == NULL || store_verify(s, &key.pub, &e) < 0 || advance(s, before % 2, &e) < 0)
        _exit(1);
    if (write(answer, "y", 1) != 1)
        _exit(2);
    (void) f;
    _exit(0);
}

static void test_killed(void **state)
{
    int killed = 0;

    (void) state;
    for (int row = 0; row < 6; row++) {
        const size_t before = (size_t) row / 2;
        bool done = false;

        for (int n = 1; !done; n++) {
            struct faulty f = {.fault = row % 2 == 0 ? FAULT_KILL : FAULT_POWER, .at = n};
            const struct store_sys sys = faulty_sys(&f);
            const char *dir = fresh_dir();
            struct store *s = open_store(dir, &store_sys_linux);
            int answer[2];
            char byte;
            int status;

            for (size_t k = 0; k < before; k++)
                assert_int_equal(advance(s, k % 2, &err), 0);
            store_close(s);
            assert_int_equal(pipe(answer), 0);
            pid_t pid = fork();
            assert_true(pid >= 0);
            if (pid == 0)
                child(dir, &f, &sys, before, answer[1]);
            (void) close(answer[1]);
            const bool answered = read(answer[0], &byte, 1) == 1;
            (void) close(answer[0]);
            assert_int_equal(waitpid(pid, &status, 0), pid);
            done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            if (!done)
                assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            killed += !done;
            s = open_store(dir, &store_sys_linux);
            if (store_count(s) != before + 1 && (answered || store_count(s) != before))
                fail_msg("row %d, call %d: %zu transitions, %zu before", row, n, store_count(s), before);
            check_history(s, store_count(s));
            /* What a killed one has left is gone, and the store goes on. */
            const size_t count = store_count(s);
            assert_int_equal(count_files(dir), count == 0 ? 0 : (int) (count + 1 + (count == 1 ? 3 : 5)));
            assert_int_equal(advance(s, count % 2, &err), 0);
            check_history(s, count + 1);
            store_close(s);
        }
    }
    print_message("%d kills\n", killed);
    assert_true(killed > 60);
}

static void test_records(void **state)
{
    const char *dir = fresh_dir();
    struct faulty f = {.fault = FAULT_NONE};
    const struct store_sys sys = faulty_sys(&f);
    struct store *s = open_store(dir, &sys);
    static const char *const bad[] = {"", "A", "a/b", "..", ".new", "a b"};
    struct fileio_bytes got = {0};

    (void) state;
    assert_int_equal(store_get_small(s, "volumes-1", &got, &err), 0);
    assert_int_equal(store_put_small(s, "volumes-1", span_str("one"), &err), 0);
    for (int n = 1; n <= 4; n++) {
        f.fault = FAULT_EIO;
        f.at = n;
        f.calls = 0;
        assert_int_equal(store_put_small(s, "volumes-1", span_str("two"), &err), -1);
        f.fault = FAULT_NONE;
        assert_int_equal(store_get_small(s, "volumes-1", &got, &err), 1);
        assert_true(span_eq_str(fileio_span(&got), n < 5 && got.data[0] == 'o' ? "one" : "two"));
        assert_true(n > 3 || got.data[0] == 'o'); /* create, write and sync of the new file */
        fileio_free(&got);
    }
    assert_int_equal(store_put_small(s, "volumes-1", span_str("three"), &err), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(store_put_small(s, bad[i], span_str("x"), &err), -1);
        assert_int_equal(store_get_small(s, bad[i], &got, &err), -1);
        assert_int_equal(err.code, ERR_FORMAT);
    }
    store_close(s);
    s = open_store(dir, &store_sys_linux);
    assert_int_equal(store_get_small(s, "volumes-1", &got, &err), 1);
    assert_true(span_eq_str(fileio_span(&got), "three"));
    fileio_free(&got);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_history),   cmocka_unit_test(test_compare_and_swap),
        cmocka_unit_test(test_full),      cmocka_unit_test(test_damage),
        cmocka_unit_test(test_other_key), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_killed),    cmocka_unit_test(test_records),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
