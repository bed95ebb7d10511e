/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter: the agent's seccomp program, row by row through bpf_sim, then for real in children. */
#include "bpf_sim.h"
#include "filter.h"
#include "os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define STREAM (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define X32 0x40000000

static struct sock_filter code[FILTER_MAX];
static unsigned short count;

static int setup(void **state)
{
    struct err err;
    (void) state;
    return filter_build(code, &count, &err);
}

static uint32_t answer(const struct seccomp_data *data)
{
    return bpf_sim_run(code, count, data);
}

struct row {
    const char *what;
    int number;
    uint64_t args[4];
    bool allowed;
};

static const struct row rows[] = {
    {"recv",                   SYS_recvfrom,         {3},                                                            true },
    {"send",                   SYS_sendto,           {3, 0, 0, MSG_NOSIGNAL},                                        true },
    {"send, SIGPIPE possible", SYS_sendto,           {3, 0, 0, 0},                                                   false},
    {"tcp socket",             SYS_socket,           {AF_INET, STREAM, 0},                                           true },
    {"vsock socket",           SYS_socket,           {AF_VSOCK, STREAM, 0},                                          true },
    {"unix socket",            SYS_socket,           {AF_UNIX, STREAM, 0},                                           false},
    {"netlink socket",         SYS_socket,           {AF_NETLINK, STREAM, 0},                                        false},
    {"packet socket",          SYS_socket,           {AF_PACKET, STREAM, 0},                                         false},
    {"alg socket",             SYS_socket,           {AF_ALG, STREAM, 0},                                            false},
    {"udp socket",             SYS_socket,           {AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0},        false},
    {"raw socket",             SYS_socket,           {AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0},          false},
    {"socket kept on exec",    SYS_socket,           {AF_INET, SOCK_STREAM, 0},                                      false},
    {"mptcp socket",           SYS_socket,           {AF_INET, STREAM, 262},                                         false},
    {"connect",                SYS_connect,          {4},                                                            true },
    {"SO_ERROR",               SYS_getsockopt,       {4, SOL_SOCKET, SO_ERROR},                                      true },
    {"SO_PEERCRED",            SYS_getsockopt,       {4, SOL_SOCKET, SO_PEERCRED},                                   false},
    {"accept",                 SYS_accept4,          {4, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK},                        true },
    {"accept, kept on exec",   SYS_accept4,          {4, 0, 0, SOCK_NONBLOCK},                                       false},
    {"accept on the channel",  SYS_accept4,          {3, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK},                        false},
    {"accept, the old call",   SYS_accept,           {4},                                                            false},
    {"bind",                   SYS_bind,             {4},                                                            false},
    {"listen",                 SYS_listen,           {4},                                                            false},
    {"setsockopt",             SYS_setsockopt,       {4},                                                            false},
    {"mmap data",              SYS_mmap,             {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS}, true },
    {"mmap code",              SYS_mmap,             {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS},  false},
    {"mmap a file",            SYS_mmap,             {0, 4096, PROT_READ, MAP_PRIVATE},                              false},
    {"mprotect data",          SYS_mprotect,         {0, 4096, PROT_READ | PROT_WRITE},                              true },
    {"mprotect code",          SYS_mprotect,         {0, 4096, PROT_READ | PROT_EXEC},                               false},
    {"pkey_mprotect",          SYS_pkey_mprotect,    {0, 4096, PROT_READ},                                           false},
    {"brk",                    SYS_brk,              {0},                                                            true },
    {"poll",                   SYS_poll,             {0},                                                            true },
    {"getrandom",              SYS_getrandom,        {0},                                                            true },
    {"exit_group",             SYS_exit_group,       {0},                                                            true },
    {"open",                   SYS_open,             {0},                                                            false},
    {"openat",                 SYS_openat,           {0},                                                            false},
    {"openat2",                SYS_openat2,          {0},                                                            false},
    {"read",                   SYS_read,             {0},                                                            false},
    {"write",                  SYS_write,            {1},                                                            false},
    {"recvmsg",                SYS_recvmsg,          {3},                                                            false},
    {"sendmsg",                SYS_sendmsg,          {3},                                                            false},
    {"execve",                 SYS_execve,           {0},                                                            false},
    {"execveat",               SYS_execveat,         {0},                                                            false},
    {"clone",                  SYS_clone,            {0},                                                            false},
    {"clone3",                 SYS_clone3,           {0},                                                            false},
    {"fork",                   SYS_fork,             {0},                                                            false},
    {"ptrace",                 SYS_ptrace,           {0},                                                            false},
    {"process_vm_readv",       SYS_process_vm_readv, {0},                                                            false},
    {"kill",                   SYS_kill,             {1},                                                            false},
    {"prctl",                  SYS_prctl,            {0},                                                            false},
    {"seccomp",                SYS_seccomp,          {0},                                                            false},
    {"ioctl",                  SYS_ioctl,            {0},                                                            false},
    {"io_uring_setup",         SYS_io_uring_setup,   {0},                                                            false},
    {"bpf",                    SYS_bpf,              {0},                                                            false},
    {"unshare",                SYS_unshare,          {0},                                                            false},
    {"setns",                  SYS_setns,            {0},                                                            false},
    {"mount",                  SYS_mount,            {0},                                                            false},
    {"a number of the future", 9999,                 {0},                                                            false},
    {"x32 read",               X32 + SYS_read,       {0},                                                            false},
    {"x32 brk",                X32 + SYS_brk,        {0},                                                            false},
    {"number -1",              -1,                   {0},                                                            false},
};

static void test_rows(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seccomp_data data = {.nr = rows[i].number, .arch = AUDIT_ARCH_X86_64};
        for (size_t a = 0; a < 4; a++)
            data.args[a] = rows[i].args[a];
        uint32_t expected = rows[i].allowed ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;
        if (answer(&data) != expected)
            fail_msg("%s: not %s", rows[i].what, rows[i].allowed ? "allowed" : "killed");
        data.arch = AUDIT_ARCH_I386;
        assert_int_equal(answer(&data), SECCOMP_RET_KILL_PROCESS);
    }
}

/* Only numbers that rows of the table above allow are allowed, whatever the arguments are. */
static void test_every_number(void **state)
{
    unsigned allowed = 0;
    (void) state;
    for (int number = 0; number < 1024; number++) {
        struct seccomp_data data = {.nr = number, .arch = AUDIT_ARCH_X86_64};
        allowed += answer(&data) == SECCOMP_RET_ALLOW;
    }
    assert_int_equal(allowed, 15); /* those without a condition on arguments, mprotect included */
}

/* How a child ends that sets the filter and makes one call. */
static int end_of(const struct row *row)
{
    struct sock_fprog program = {.len = count, .filter = code};
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (os_no_new_privileges() < 0 || os_filter(&program) < 0)
            _exit(99);
        (void) syscall(row->number, row->args[0], row->args[1], row->args[2], row->args[3], 0, 0);
        syscall(SYS_exit_group, 7);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

static void test_live(void **state)
{
    static const struct row calls[] = {
        {"openat",  SYS_openat,        {(uint64_t) -1},                                   false},
        {"socket",  SYS_socket,        {AF_UNIX, STREAM, 0},                              false},
        {"socket",  SYS_socket,        {AF_INET, STREAM, 0},                              true },
        {"getpid",  SYS_getpid,        {0},                                               false},
        {"getppid", X32 + SYS_getppid, {0},                                               false},
        {"close",   SYS_close,         {(uint64_t) -1},                                   true },
        {"mmap",    SYS_mmap,          {0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS}, false},
    };
    (void) state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        int status = end_of(&calls[i]);
        if (calls[i].allowed)
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
        else
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_number),
        cmocka_unit_test(test_live),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
