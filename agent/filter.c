/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include "serve.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define ARGS_MAX 3 /* conditions of one row */
#define X32_BIT 0x40000000u

/* The low half of argument `arg`, masked, must be `value`. All arguments that are looked at are ints, or
 * flags below bit 32. A mask of 0 is no condition. */
struct condition {
    unsigned arg;
    uint32_t mask;
    uint32_t value;
};

struct row {
    uint32_t number;
    struct condition conditions[ARGS_MAX];
};

#define ALL 0xffffffffu
#define STREAM (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

/* What the agent, musl and wolfSSL do after the sandbox is closed. */
static const struct row rows[] = {
  /* the sockets to PID 1, the Coordinator and the workload */
    {SYS_recvfrom,        {{0}}                                                       },
    {SYS_sendto,          {{3, MSG_NOSIGNAL, MSG_NOSIGNAL}}                           },
    {SYS_poll,            {{0}}                                                       },
    {SYS_accept4,         {{0, ALL, SERVE_FD}, {3, ALL, SOCK_CLOEXEC | SOCK_NONBLOCK}}},
    {SYS_close,           {{0}}                                                       },
    {SYS_connect,         {{0}}                                                       },
    {SYS_socket,          {{0, ALL, AF_INET}, {1, ALL, STREAM}, {2, ALL, 0}}          },
    {SYS_socket,          {{0, ALL, AF_VSOCK}, {1, ALL, STREAM}, {2, ALL, 0}}         },
    {SYS_getsockopt,      {{1, ALL, SOL_SOCKET}, {2, ALL, SO_ERROR}}                  },
 /* memory, none of it executable */
    {SYS_brk,             {{0}}                                                       },
    {SYS_mmap,            {{2, PROT_EXEC, 0}, {3, MAP_ANONYMOUS, MAP_ANONYMOUS}}      },
    {SYS_mprotect,        {{2, PROT_EXEC, 0}}                                         },
    {SYS_munmap,          {{0}}                                                       },
    {SYS_mremap,          {{0}}                                                       },
    {SYS_madvise,         {{0}}                                                       },
 /* time and random numbers */
    {SYS_clock_gettime,   {{0}}                                                       },
    {SYS_getrandom,       {{0}}                                                       },
    {SYS_restart_syscall, {{0}}                                                       },
 /* locks of wolfSSL, should one ever be contended */
    {SYS_futex,           {{0}}                                                       },
 /* the end */
    {SYS_exit_group,      {{0}}                                                       },
    {SYS_exit,            {{0}}                                                       },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

struct program {
    struct sock_filter *code;
    unsigned count;
    bool full;
};

static void put(struct program *p, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
    if (p->count == FILTER_MAX) {
        p->full = true;
        return;
    }
    p->code[p->count++] = (struct sock_filter){.code = code, .jt = if_true, .jf = if_false, .k = k};
}

static void put_load(struct program *p, size_t offset)
{
    put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t) offset, 0, 0);
}

static void put_return(struct program *p, uint32_t action)
{
    put(p, BPF_RET | BPF_K, action, 0, 0);
}

static unsigned condition_count(const struct row *row)
{
    unsigned n = 0;
    while (n < ARGS_MAX && row->conditions[n].mask != 0)
        n++;
    return n;
}

/* number equal, every condition true: allow; else on to the next row. Each condition is three instructions.
 */
static void put_row(struct program *p, const struct row *row)
{
    unsigned n = condition_count(row);
    unsigned left = 3 * n + 1; /* instructions of this row after the one at hand, the last one excluded */
    put_load(p, offsetof(struct seccomp_data, nr));
    put(p, BPF_JMP | BPF_JEQ | BPF_K, row->number, 0, (uint8_t) left);
    for (unsigned i = 0; i < n; i++) {
        const struct condition *c = &row->conditions[i];
        left -= 3;
        put_load(p, offsetof(struct seccomp_data, args) + 8 * c->arg); /* little endian: the low half */
        put(p, BPF_ALU | BPF_AND | BPF_K, c->mask, 0, 0);
        put(p, BPF_JMP | BPF_JEQ | BPF_K, c->value, 0, (uint8_t) left);
    }
    put_return(p, SECCOMP_RET_ALLOW);
}

int filter_build(struct sock_filter *out, unsigned short *count, struct err *err)
{
    struct program p = {.code = out};
    put_load(&p, offsetof(struct seccomp_data, arch));
    put(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    put_return(&p, SECCOMP_RET_KILL_PROCESS);
    put_load(&p, offsetof(struct seccomp_data, nr));
    put(&p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    put_return(&p, SECCOMP_RET_KILL_PROCESS);
    for (size_t i = 0; i < ROW_COUNT; i++)
        put_row(&p, &rows[i]);
    put_return(&p, SECCOMP_RET_KILL_PROCESS);
    if (p.full)
        return err_set(err, ERR_LIMIT, 0, "filter: more than %d instructions", FILTER_MAX);
    *count = (unsigned short) p.count;
    return 0;
}
