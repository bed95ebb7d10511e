/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filters of init-launch: their programs in the simulator, for every system call number and for the rows
 * of tests/filters/default.rows; and each refused row for real, in a process that has the filter. */
#include "parser_test.h"

#include "bpf_sim.h"
#include "launch.h"
#include "seccomp_default.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS "tests/filters/default.rows"
#define ROWS_MAX 256
#define X32 0x40000000U
#define NUMBERS 1024 /* system call numbers to try: more than there are */
#define ERRNO(e) (SECCOMP_RET_ERRNO | (uint32_t) (e))

struct program {
    struct sock_filter code[8192];
    size_t length;
};

struct row {
    char name[40];
    unsigned long args[6];
    uint32_t answer;
};

static struct policy policy; /* large: not on the stack */
static struct program guard;
static struct program allow;
static struct row rows[ROWS_MAX];
static size_t row_count;

static void program_read(int fd, struct program *p)
{
    ssize_t n = pread(fd, p->code, sizeof p->code, 0);
    assert_true(n >= 0 && (size_t) n < sizeof p->code && (size_t) n % sizeof p->code[0] == 0);
    p->length = (size_t) n / sizeof p->code[0];
    close(fd);
}

static int export_to(struct program *first, struct program *second, struct err *err)
{
    int fds[2] = {memfd_create("guard", 0), memfd_create("allow", 0)};
    int rc = launch_seccomp_export(&policy.workload, fds, err);
    program_read(fds[0], first);
    program_read(fds[1], second);
    return rc;
}

static uint32_t ask(uint32_t arch, uint32_t number, const unsigned long args[6])
{
    struct seccomp_data data = {.nr = (int) number, .arch = arch};
    for (size_t i = 0; i < 6; i++)
        data.args[i] = args[i];
    uint32_t answer = bpf_sim_run(allow.code, allow.length, &data);
    return guard.length == 0 ? answer
                             : bpf_sim_stricter(bpf_sim_run(guard.code, guard.length, &data), answer);
}

static uint32_t answer_of(const char *word)
{
    if (strcmp(word, "allow") == 0)
        return SECCOMP_RET_ALLOW;
    if (strcmp(word, "ENOSYS") == 0)
        return ERRNO(ENOSYS);
    assert_string_equal(word, "EPERM");
    return ERRNO(EPERM);
}

/* "name arg... answer" */
static void row_read(char *line, struct row *row)
{
    char *save = NULL;
    char *word = strtok_r(line, " \n", &save);
    assert_non_null(word);
    (void) snprintf(row->name, sizeof row->name, "%s", word);
    word = strtok_r(NULL, " \n", &save);
    assert_non_null(word);
    for (size_t i = 0;; i++) {
        char *next = strtok_r(NULL, " \n", &save);
        if (next == NULL)
            break;
        assert_true(i < COUNT(row->args));
        row->args[i] = strtoul(word, NULL, 0);
        word = next;
    }
    row->answer = answer_of(word);
}

static int setup(void **state)
{
    struct err err = {0};
    char line[160];
    FILE *f = fopen(ROWS, "r");
    (void) state;
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        assert_true(row_count < ROWS_MAX);
        if (line[0] != '#' && line[0] != '\n')
            row_read(line, &rows[row_count++]);
    }
    fclose(f);
    policy.workload.seccomp.builtin = true;
    if (export_to(&guard, &allow, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static void test_rows(void **state)
{
    (void) state;
    assert_true(row_count > 100);
    for (size_t i = 0; i < row_count; i++) {
        int number = seccomp_syscall_resolve_name(rows[i].name);
        if (number < 0)
            fail_msg("%s: no such system call", rows[i].name);
        uint32_t answer = ask(AUDIT_ARCH_X86_64, (uint32_t) number, rows[i].args);
        if (answer != rows[i].answer)
            fail_msg("%s 0x%lx 0x%lx 0x%lx: expected 0x%x, found 0x%x", rows[i].name, rows[i].args[0],
                     rows[i].args[1], rows[i].args[2], rows[i].answer, answer);
    }
}

static bool allowed(int number)
{
    for (size_t i = 0; i < seccomp_default_allow.allowed_count; i++)
        if (seccomp_syscall_resolve_name(seccomp_default_allow.allowed[i]) == number)
            return true;
    return false;
}

static bool has_rule(int number)
{
    for (size_t i = 0; i < seccomp_default_allow.rule_count; i++)
        if (seccomp_syscall_resolve_name(seccomp_default_allow.rules[i].name) == number)
            return true;
    return false;
}

/* Every number: in the list, by a rule, or refused; and on no other architecture. */
static void test_numbers(void **state)
{
    static const unsigned long zeros[6];
    static const unsigned long ones[6] = {~0UL, ~0UL, ~0UL, ~0UL, ~0UL, ~0UL};
    (void) state;
    for (uint32_t n = 0; n < NUMBERS; n++) {
        uint32_t expected = allowed((int) n) ? SECCOMP_RET_ALLOW : ERRNO(EPERM);
        assert_int_equal(ask(AUDIT_ARCH_I386, n, zeros), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(ask(AUDIT_ARCH_AARCH64, n, zeros), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(ask(AUDIT_ARCH_X86_64, n | X32, zeros), SECCOMP_RET_KILL_PROCESS);
        if (has_rule((int) n))
            continue;
        if (ask(AUDIT_ARCH_X86_64, n, zeros) != expected || ask(AUDIT_ARCH_X86_64, n, ones) != expected)
            fail_msg("system call %u: expected 0x%x, found 0x%x", n, expected,
                     ask(AUDIT_ARCH_X86_64, n, zeros));
    }
    /* -1, what a tracer writes to skip a call, is no x32 call */
    assert_int_equal(ask(AUDIT_ARCH_X86_64, UINT32_MAX, zeros), ERRNO(EPERM));
}

/* A name in both lists would make one of them a lie; a name twice is a slip. */
static void test_table(void **state)
{
    (void) state;
    for (size_t i = 0; i < seccomp_default_allow.allowed_count; i++) {
        int number = seccomp_syscall_resolve_name(seccomp_default_allow.allowed[i]);
        if (number < 0 || has_rule(number))
            fail_msg("%s: unknown, or has a rule too", seccomp_default_allow.allowed[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(seccomp_default_allow.allowed[i], seccomp_default_allow.allowed[j]);
    }
}

/* Exit status: 0 if every refused row was refused so, else 1; 2: the filter could not be set. */
static int live_child(void)
{
    struct err err;
    int status = 0;
    int numbers[ROWS_MAX];
    for (size_t i = 0; i < row_count; i++)
        numbers[i] = seccomp_syscall_resolve_name(rows[i].name);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || launch_seccomp(&policy, &err) < 0)
        return 2;
    for (size_t i = 0; i < row_count; i++) {
        const unsigned long *a = rows[i].args;
        if (rows[i].answer == SECCOMP_RET_ALLOW)
            continue;
        errno = 0;
        long rc = syscall(numbers[i], a[0], a[1], a[2], a[3], a[4], a[5]);
        if (rc != -1 || errno != (int) (rows[i].answer & SECCOMP_RET_DATA)) {
            (void) dprintf(2, "%s: returned %ld, errno %d\n", rows[i].name, rc, errno);
            status = 1;
        }
    }
    return status;
}

static int run(int (*child)(void))
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(child());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_live(void **state)
{
    (void) state;
    assert_int_equal(run(live_child), 0);
}

static int x32_child(void)
{
    struct err err;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || launch_seccomp(&policy, &err) < 0)
        return 2;
    (void) syscall((long) (X32 | SYS_getpid));
    return 0;
}

static void test_live_x32(void **state)
{
    (void) state;
    int status = run(x32_child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

/* --- OCI profiles */

static void profile_set(const char *name, enum seccomp_action action, size_t arg_count)
{
    struct seccomp_profile *p = &policy.workload.seccomp;
    *p = (struct seccomp_profile){
        .default_action = SECCOMP_ACTION_ERRNO, .default_errno = EACCES, .row_count = 1, .name_count = 1};
    p->names[0] = name;
    p->rows[0] = (struct seccomp_row){.name_count = 1, .action = action, .arg_count = arg_count};
}

static void test_oci_actions(void **state)
{
    static const unsigned long zeros[6];
    static const struct {
        enum seccomp_action action;
        uint32_t errno_ret, answer;
    } cases[] = {
        {SECCOMP_ACTION_ALLOW,        0,      SECCOMP_RET_ALLOW       },
        {SECCOMP_ACTION_ERRNO,        EBUSY,  ERRNO(EBUSY)            },
        {SECCOMP_ACTION_ERRNO,        EACCES, ERRNO(EACCES)           },
        {SECCOMP_ACTION_KILL_THREAD,  0,      SECCOMP_RET_KILL_THREAD },
        {SECCOMP_ACTION_KILL_PROCESS, 0,      SECCOMP_RET_KILL_PROCESS},
        {SECCOMP_ACTION_TRAP,         0,      SECCOMP_RET_TRAP        },
        {SECCOMP_ACTION_LOG,          0,      SECCOMP_RET_LOG         },
    };
    struct err err = {0};
    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        profile_set("getpid", cases[i].action, 0);
        policy.workload.seccomp.rows[0].errno_ret = cases[i].errno_ret;
        assert_int_equal(export_to(&guard, &allow, &err), 0);
        assert_int_equal(guard.length, 0);
        assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_getpid, zeros), cases[i].answer);
        assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_read, zeros), ERRNO(EACCES));
        assert_int_equal(ask(AUDIT_ARCH_I386, SYS_getpid, zeros), SECCOMP_RET_KILL_PROCESS);
    }
}

/* Each comparison with 64-bit values, at and around the border. */
static void test_oci_compare(void **state)
{
    static const uint64_t border = UINT64_C(0x100000010);
    static const struct {
        enum seccomp_op op;
        bool below, at, above;
    } cases[] = {
        {SECCOMP_OP_NE, true,  false, true },
        {SECCOMP_OP_LT, true,  false, false},
        {SECCOMP_OP_LE, true,  true,  false},
        {SECCOMP_OP_EQ, false, true,  false},
        {SECCOMP_OP_GE, false, true,  true },
        {SECCOMP_OP_GT, false, false, true },
    };
    struct err err = {0};
    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool expected[3] = {cases[i].below, cases[i].at, cases[i].above};
        profile_set("kill", SECCOMP_ACTION_ALLOW, 1);
        policy.workload.seccomp.rows[0].args[0] =
            (struct seccomp_arg){.index = 2, .op = cases[i].op, .value = border};
        assert_int_equal(export_to(&guard, &allow, &err), 0);
        for (size_t j = 0; j < 3; j++) {
            unsigned long args[6] = {0, 0, border - 1 + j};
            assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_kill, args),
                             expected[j] ? SECCOMP_RET_ALLOW : ERRNO(EACCES));
        }
    }
}

static void test_oci_masked(void **state)
{
    struct err err = {0};
    unsigned long in[6] = {0x12f0};
    unsigned long out[6] = {0x13f0};
    (void) state;
    profile_set("kill", SECCOMP_ACTION_ALLOW, 1);
    policy.workload.seccomp.rows[0].args[0] =
        (struct seccomp_arg){.op = SECCOMP_OP_MASKED_EQ, .value = 0xff00, .value_two = 0x1200};
    assert_int_equal(export_to(&guard, &allow, &err), 0);
    assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_kill, in), SECCOMP_RET_ALLOW);
    assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_kill, out), ERRNO(EACCES));
}

static void test_oci_refused(void **state)
{
    struct err err = {0};
    (void) state;
    profile_set("getpidd", SECCOMP_ACTION_ALLOW, 0);
    assert_int_equal(export_to(&guard, &allow, &err), -1);
    test_check_err(&err, ERR_DENIED, "seccomp: getpidd: no such system call", "unknown name");
    profile_set("kill", SECCOMP_ACTION_ALLOW, 2);
    assert_int_equal(export_to(&guard, &allow, &err), -1);
    test_check_err(&err, ERR_DENIED, "seccomp: kill: argument 0 is compared twice", "twice");
    /* even where the action is the default's, and the rule would say nothing */
    profile_set("getpidd", SECCOMP_ACTION_ERRNO, 0);
    policy.workload.seccomp.rows[0].errno_ret = EACCES;
    assert_int_equal(export_to(&guard, &allow, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_table),       cmocka_unit_test(test_live),
        cmocka_unit_test(test_live_x32),    cmocka_unit_test(test_oci_actions),
        cmocka_unit_test(test_oci_compare), cmocka_unit_test(test_oci_masked),
        cmocka_unit_test(test_oci_refused),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
