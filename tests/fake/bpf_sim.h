/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpf_sim: runs a seccomp filter program the way the kernel would, on data that a test makes up. */
#ifndef NACRE_BPF_SIM_H
#define NACRE_BPF_SIM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* The program's answer (SECCOMP_RET_...) for *data; SECCOMP_RET_KILL_PROCESS when it is no program that the
 * kernel would take (an unknown instruction, a jump or a load outside, no return). */
uint32_t bpf_sim_run(const struct sock_filter *program, size_t length, const struct seccomp_data *data);

/* Of two filters' answers the one that the kernel follows. */
uint32_t bpf_sim_stricter(uint32_t a, uint32_t b);

#endif
