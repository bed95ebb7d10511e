/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epochs: counters that outlive their process: killed at every system call, with its file changed by others,
 * with a disk that does not write. */
#include "epochs.h"

#include "parser_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define T0 1000000ull /* milliseconds */
#define STOPS_MAX 2000

static char dir[64]; /* in memory, where there is such a folder: the tests sync hundreds of times */
static char file[96];
static struct mesh_secret_seed seed;
static struct store *store;
static struct epochs *epochs;
static struct epoch_answer answer;
static struct err err;

static int setup(void **state)
{
    (void) state;
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void) snprintf(dir, sizeof(dir), "%s/nacre-epochs-XXXXXX", base);
    assert_non_null(mkdtemp(dir));
    (void) snprintf(file, sizeof(file), "%s/records/%s", dir, EPOCHS_RECORD_NAME);
    seed = (struct mesh_secret_seed){.seed.len = MESH_SECRET_SEED_SIZE, .salt.len = MESH_SECRET_SALT_SIZE};
    memset(seed.seed.bytes, 5, MESH_SECRET_SEED_SIZE);
    epochs = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    char command[96];
    epochs_free(epochs);
    store_close(store);
    store = NULL;
    (void) snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

static void reopen(uint64_t now_ms)
{
    epochs_free(epochs);
    store_close(store);
    store = store_open(dir, &store_sys_linux, &err);
    epochs = store == NULL ? NULL : epochs_open(store, &seed, now_ms, &err);
    if (epochs == NULL)
        fail_msg("%s", err.text);
}

/* One call; its status. */
static enum epoch_status ask(const char *id, const char *volume, uint8_t holder, enum epoch_op op,
                             uint64_t now_ms)
{
    struct epoch_call c = {.op = op, .volume = span_str(volume), .holder = {holder}};
    if (op == EPOCH_ACQUIRE || op == EPOCH_RENEW)
        c.ttl_s = 60;
    if (op == EPOCH_ADVANCE)
        c.expected = answer.epoch;
    if (epochs_call(epochs, span_str(id), &c, now_ms, &answer, &err) < 0)
        fail_msg("%s", err.text);
    return answer.status;
}

static void test_volumes(void **state)
{
    (void) state;
    reopen(T0);
    assert_int_equal(ask("", "data", 1, EPOCH_ACQUIRE, T0), EPOCH_NO_VOLUMES);
    assert_int_equal(ask("web", "data", 1, EPOCH_RENEW, T0), EPOCH_NOT_HOLDER);
    assert_int_equal(epochs_stats(epochs, T0).counters, 0); /* a counter comes with a lease only */
    assert_int_equal(ask("web", "data", 1, EPOCH_ACQUIRE, T0), EPOCH_OK);
    assert_int_equal(ask("web", "data", 1, EPOCH_ADVANCE, T0), EPOCH_OK);
    assert_true(answer.epoch == 1);
    assert_int_equal(ask("web", "data", 2, EPOCH_ACQUIRE, T0), EPOCH_HELD);
    /* The same name of another workload, another name of the same: their own counters. */
    assert_int_equal(ask("web2", "data", 2, EPOCH_ACQUIRE, T0), EPOCH_OK);
    assert_true(answer.epoch == 0);
    assert_int_equal(ask("web", "data2", 2, EPOCH_ACQUIRE, T0), EPOCH_OK);
    assert_int_equal(epochs_stats(epochs, T0).counters, 3);
    assert_int_equal(epochs_stats(epochs, T0).calls[EPOCH_ACQUIRE], 5);
    assert_int_equal(epochs_stats(epochs, T0).answers[EPOCH_HELD], 1);
    assert_int_equal(epochs_stats(epochs, T0).sequence, 4); /* three counters and one advance */
    assert_int_equal(ask("web", "data", 1, EPOCH_RENEW, T0), EPOCH_OK);
    assert_int_equal(epochs_stats(epochs, T0).sequence, 4); /* more time is not written */
    assert_int_equal(ask("web", "data", 1, EPOCH_RELEASE, T0), EPOCH_OK);
    assert_int_equal(epochs_stats(epochs, T0).sequence, 5);
    assert_int_equal(epochs_stats(epochs, T0).leases, 2);
    assert_int_equal(epochs_stats(epochs, T0 + 60000).leases, 0);
}

static void test_restart(void **state)
{
    (void) state;
    reopen(T0);
    (void) ask("web", "data", 1, EPOCH_ACQUIRE, T0);
    (void) ask("web", "data", 1, EPOCH_ADVANCE, T0);
    (void) ask("web", "free", 1, EPOCH_ACQUIRE, T0);
    (void) ask("web", "free", 1, EPOCH_RELEASE, T0);
    reopen(7000); /* another clock: it counts from the boot */
    assert_int_equal(ask("web", "data", 2, EPOCH_ACQUIRE, 7000), EPOCH_HELD);
    assert_true(answer.left_s == 60 && answer.epoch == 1);
    assert_int_equal(ask("web", "data", 2, EPOCH_ACQUIRE, 7000 + 59999), EPOCH_HELD);
    assert_int_equal(ask("web", "free", 2, EPOCH_ACQUIRE, 7000), EPOCH_OK);
    assert_int_equal(ask("web", "data", 1, EPOCH_RENEW, 8000), EPOCH_OK);
    reopen(9000);
    assert_int_equal(ask("web", "data", 2, EPOCH_ACQUIRE, 9000 + 60000), EPOCH_OK);
    assert_true(answer.epoch == 1);
}

static void test_limit(void **state)
{
    char name[16];
    (void) state;
    reopen(T0);
    for (int i = 0; i <= EPOCH_COUNTERS_PER_ID_MAX; i++) {
        (void) snprintf(name, sizeof(name), "v%d", i);
        assert_int_equal(ask("web", name, 1, EPOCH_ACQUIRE, T0),
                         i < EPOCH_COUNTERS_PER_ID_MAX ? EPOCH_OK : EPOCH_FULL);
    }
    assert_int_equal(ask("web", "v3", 1, EPOCH_ADVANCE, T0), EPOCH_OK); /* those that are there go on */
    assert_int_equal(ask("web2", "v", 1, EPOCH_ACQUIRE, T0), EPOCH_OK);
}

/* --- a disk that does not write ---------------------------------------------------------------------- */

static enum { DISK_GOOD, DISK_FULL, DISK_LATE } disk;

static int disk_write(void *ctx, int fd, struct span bytes)
{
    return disk == DISK_FULL ? -ENOSPC : store_sys_linux.write(ctx, fd, bytes);
}

/* The rename is done, and then the folder cannot be synced. */
static int disk_sync(void *ctx, int fd)
{
    struct stat st;
    if (disk == DISK_LATE && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return -EIO;
    return store_sys_linux.sync(ctx, fd);
}

static void try_and_fail(enum epoch_op op, const char *volume, uint64_t expected)
{
    struct epoch_call c = {.op = op, .volume = span_str(volume), .holder = {1}, .expected = expected};
    if (op == EPOCH_ACQUIRE)
        c.ttl_s = 60;
    answer.epoch = 77;
    assert_int_equal(epochs_call(epochs, span_str("web"), &c, T0, &answer, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
    assert_true(answer.epoch == 77);
}

/* A write that fails is no answer, and changes nothing that anybody was told. */
static void test_disk(void **state)
{
    struct store_sys sys = store_sys_linux;
    (void) state;
    sys.write = disk_write;
    sys.sync = disk_sync;
    store = store_open(dir, &sys, &err);
    assert_non_null(store);
    epochs = epochs_open(store, &seed, T0, &err);
    assert_non_null(epochs);
    (void) ask("web", "data", 1, EPOCH_ACQUIRE, T0);
    disk = DISK_FULL;
    try_and_fail(EPOCH_ADVANCE, "data", 0);
    try_and_fail(EPOCH_ACQUIRE, "new", 0);
    assert_int_equal(epochs_stats(epochs, T0).write_errors, 2);
    assert_int_equal(epochs_stats(epochs, T0).counters, 1);
    assert_int_equal(ask("web", "data", 1, EPOCH_RENEW, T0), EPOCH_OK); /* needs no disk */
    assert_true(answer.epoch == 0);
    disk = DISK_GOOD;
    assert_int_equal(ask("web", "data", 1, EPOCH_ADVANCE, T0), EPOCH_OK);
    assert_true(answer.epoch == 1);
    disk = DISK_LATE; /* not answered, but on disk: the next process has it, this one goes on without */
    try_and_fail(EPOCH_ADVANCE, "data", 1);
    disk = DISK_GOOD;
    assert_int_equal(ask("web", "data", 1, EPOCH_RENEW, T0), EPOCH_OK);
    assert_true(answer.epoch == 1);
    uint64_t sequence = epochs_stats(epochs, T0).sequence;
    reopen(T0);
    assert_int_equal(ask("web", "data", 1, EPOCH_ACQUIRE, T0), EPOCH_OK);
    assert_true(answer.epoch == 2 && epochs_stats(epochs, T0).sequence == sequence);
}

/* --- a file that others changed ------------------------------------------------------------------------ */

static void check_refused(enum err_code code, const char *text)
{
    epochs_free(epochs);
    epochs = epochs_open(store, &seed, T0, &err);
    if (epochs != NULL || err.code != code || strstr(err.text, text) == NULL)
        fail_msg("expected %s: %s", text, epochs != NULL ? "opened" : err.text);
}

static void test_changed_file(void **state)
{
    size_t len;
    (void) state;
    reopen(T0);
    (void) ask("web", "data", 1, EPOCH_ACQUIRE, T0);
    char *bytes = test_slurp(file, &len);
    bytes[30] ^= 1;
    FILE *f = fopen(file, "wb");
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    (void) fclose(f);
    check_refused(ERR_FORMAT, "damaged: the checksum does not match");
    bytes[30] ^= 1;
    f = fopen(file, "wb");
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    (void) fclose(f);
    free(bytes);
    reopen(T0);
    seed.seed.bytes[0] ^= 1;
    check_refused(ERR_DENIED, "the MAC is not of this Coordinator's seed");
    seed.seed.bytes[0] ^= 1;
    assert_int_equal(truncate(file, 20), 0);
    check_refused(ERR_FORMAT, "epochs: 20 bytes");
}

/* What the page says about rollback: an older file is taken, only the sequence tells. */
static void test_rollback_is_not_seen(void **state)
{
    size_t len;
    (void) state;
    reopen(T0);
    (void) ask("web", "data", 1, EPOCH_ACQUIRE, T0);
    char *bytes = test_slurp(file, &len);
    (void) ask("web", "data", 1, EPOCH_ADVANCE, T0);
    assert_int_equal(epochs_stats(epochs, T0).sequence, 2);
    FILE *f = fopen(file, "wb");
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    (void) fclose(f);
    free(bytes);
    reopen(T0);
    assert_int_equal(epochs_stats(epochs, T0).sequence, 1);
    assert_int_equal(ask("web", "data", 1, EPOCH_ACQUIRE, T0), EPOCH_OK);
    assert_true(answer.epoch == 0);
}

/* --- killed at every system call ----------------------------------------------------------------------- */

/* What the child has answered, in memory that outlives it. */
struct answered {
    uint64_t epoch;
    bool acquired;
    bool other;
};

static void child(struct answered *a)
{
    (void) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    (void) raise(SIGSTOP);
    reopen(T0);
    (void) ask("web", "data", 1, EPOCH_ACQUIRE, T0);
    a->acquired = true;
    for (int i = 0; i < 3; i++) {
        if (ask("web", "data", 1, EPOCH_ADVANCE, T0) != EPOCH_OK)
            _exit(1);
        a->epoch = answer.epoch;
    }
    (void) ask("api", "data", 1, EPOCH_ACQUIRE, T0);
    a->other = true;
    _exit(0);
}

/* Run the child and kill it at the stop with this number. True when it came to its end before. */
static bool run_until(unsigned stop, struct answered *a)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(a);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    for (unsigned n = 0; WIFSTOPPED(status); n++) {
        if (n == stop) {
            assert_int_equal(kill(pid, SIGKILL), 0);
            assert_int_equal(waitpid(pid, &status, 0), pid);
            return false;
        }
        assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return true;
}

static void remove_all(void)
{
    char command[96];
    epochs_free(epochs);
    epochs = NULL;
    store_close(store);
    store = NULL;
    (void) snprintf(command, sizeof(command), "rm -rf %s/*", dir);
    assert_int_equal(system(command), 0);
}

static void test_killed(void **state)
{
    struct answered *a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned stop = 0;
    unsigned between = 0;
    (void) state;
    assert_true(a != MAP_FAILED);
    for (bool done = false; !done; stop++) {
        assert_true(stop < STOPS_MAX);
        *a = (struct answered){0};
        done = run_until(stop, a);
        reopen(T0); /* always whole */
        enum epoch_status other = ask("web", "data", 2, EPOCH_ACQUIRE, T0);
        if (a->acquired)
            assert_int_equal(other, EPOCH_HELD);
        assert_true(answer.epoch == a->epoch || answer.epoch == a->epoch + 1);
        between += answer.epoch != a->epoch;
        enum epoch_status api = ask("api", "data", 2, EPOCH_ACQUIRE, T0);
        assert_true(api == EPOCH_HELD || (api == EPOCH_OK && !a->other));
        /* And it goes on from there. */
        if (other == EPOCH_HELD) {
            assert_int_equal(ask("web", "data", 1, EPOCH_ACQUIRE, T0), EPOCH_OK);
            assert_int_equal(ask("web", "data", 1, EPOCH_ADVANCE, T0), EPOCH_OK);
        }
        remove_all();
    }
    print_message("killed at each of %u stops; %u of them after the disk and before the answer\n", stop,
                  between);
    assert_true(stop > 60 && between > 6);
    (void) munmap(a, sizeof(*a));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_volumes), ROW(test_restart),      ROW(test_limit),
        ROW(test_disk),    ROW(test_changed_file), ROW(test_rollback_is_not_seen),
        ROW(test_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
