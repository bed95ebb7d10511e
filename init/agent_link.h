/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_link: PID 1's side of the agent, from the join to the VM's end: it answers report requests and lays
 * out what the Coordinator gave, at the join and at each renewal (docs/boot.md, The agent).
 *
 * The agent reads the network and the workload's requests, and may have been taken over by either. What it
 * sends is gated (lib/wire.h); the workload secret cannot change after the join.
 */
#ifndef NACRE_AGENT_LINK_H
#define NACRE_AGENT_LINK_H

#include "boot.h"
#include "hash.h"
#include "helper.h"
#include "report.h"

#define AGENT_LINK_BACKLOG 8 /* connections of the workload that wait for the agent */

/* What it needs and where what it brings goes; all of it outlives the agent. */
struct agent_link_config {
    const struct policy *policy;
    struct span policy_text;   /* policy.json */
    const uint8_t *event_head; /* SHA384_SIZE bytes */
    struct log *log;
    struct secret *secret;
    struct boot_epochs *epochs;
};

struct agent_link {
    struct agent_link_config config;
    struct helper helper;
    struct helper_talk talk;
    uint8_t secret_digest[SHA512_SIZE]; /* of the join's workload secret, or of no bytes */
    struct report report;               /* the last one, until the reply is out */
    bool joined;                        /* certificates have been laid out */
    bool renewed;                       /* and again, in this turn */
};

/* Start the agent and serve it until READY. The policy names a Coordinator or has an attestation socket, or
 * both. On success the caller calls agent_link_free. -1 with *err set: nothing is left. */
int agent_link_start(const struct agent_link_config *config, struct agent_link **link, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Its socket, for sys_wait_event. */
int agent_link_fd(const struct agent_link *link) __attribute__((nonnull));
/* It is readable. Returns 0, or 1 when a renewal has been laid out, or -1 with *err set: the VM must end. */
int agent_link_turn(struct agent_link *link, struct err *err) __attribute__((warn_unused_result, nonnull));
/* A child was reaped: if it was the agent, returns true with *err saying why it has ended. */
bool agent_link_is_dead(struct agent_link *link, const struct sys_end *end, struct err *err)
    __attribute__((nonnull));
/* Kill the agent, if it runs; accepts NULL. */
void agent_link_stop(struct agent_link *link);
void agent_link_free(struct agent_link *link); /* the same, and frees */

#endif
