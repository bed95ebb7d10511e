/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent: joins the Coordinator for PID 1. It has no privilege, no file system and no other process to see; it
 * has one socket to PID 1 and, one at a time, one to the Coordinator. What flows through its steps stands
 * here.
 */
#ifndef NACRE_AGENT_H
#define NACRE_AGENT_H

#include "err.h"
#include "join.h"
#include "policy.h"
#include "ratls.h"

#include <stdint.h>

#define AGENT_LEASE_S 900 /* seconds that a lease on a volume lasts unless it is renewed */

struct agent {
    uint64_t start_ms;     /* CLOCK_MONOTONIC; set by main */
    struct policy *policy; /* owned; set by channel_start, read by attempts_run */
    uint64_t time_floor_s; /* no certificate date is checked with an earlier time; set by channel_start, and
                              by each join from the Coordinator's signed time */
    uint8_t event_head[RATLS_HEAD_SIZE]; /* of PID 1's event log; set by channel_start */
    uint8_t holder[EPOCH_HOLDER_SIZE];   /* names this boot in leases; set by attempts_run */
    struct join *join; /* owned: the attempt that worked; set by attempts_run, read by channel_hand_over */
};

#endif
