/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bpf_sim.h"

#include <string.h>

#define BROKEN SECCOMP_RET_KILL_PROCESS

static int jump_taken(const struct sock_filter *i, uint32_t a)
{
    switch (BPF_OP(i->code)) {
    case BPF_JEQ:
        return a == i->k;
    case BPF_JGT:
        return a > i->k;
    case BPF_JGE:
        return a >= i->k;
    case BPF_JSET:
        return (a & i->k) != 0;
    default:
        return -1;
    }
}

uint32_t bpf_sim_run(const struct sock_filter *program, size_t length, const struct seccomp_data *data)
{
    uint32_t a = 0;
    for (size_t pc = 0; pc < length; pc++) {
        const struct sock_filter *i = &program[pc];
        if (i->code == (BPF_LD | BPF_W | BPF_ABS)) {
            if (i->k % 4 != 0 || i->k + sizeof a > sizeof *data)
                return BROKEN;
            memcpy(&a, (const char *) data + i->k, sizeof a);
        } else if (i->code == (BPF_ALU | BPF_AND | BPF_K)) {
            a &= i->k;
        } else if (i->code == (BPF_JMP | BPF_JA)) {
            pc += i->k;
        } else if (BPF_CLASS(i->code) == BPF_JMP && BPF_SRC(i->code) == BPF_K && jump_taken(i, a) >= 0) {
            pc += jump_taken(i, a) != 0 ? i->jt : i->jf;
        } else if (i->code == (BPF_RET | BPF_K)) {
            return i->k;
        } else {
            return BROKEN;
        }
    }
    return BROKEN;
}

/* The kernel compares the actions as signed numbers: killing is negative. */
uint32_t bpf_sim_stricter(uint32_t a, uint32_t b)
{
    return (int32_t) (a & SECCOMP_RET_ACTION_FULL) <= (int32_t) (b & SECCOMP_RET_ACTION_FULL) ? a : b;
}
