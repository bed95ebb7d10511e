/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve: the attestation socket (docs/formats/attestation-socket.md), served whenever the agent waits for
 * something. The workload chooses the requests: they are bounded in number, rate and time.
 */
#ifndef NACRE_SERVE_H
#define NACRE_SERVE_H

#include "agent.h"
#include "attest_socket.h"

#include <stdbool.h>

#define SERVE_FD 4 /* the listening socket's number, when the policy wants one */

/* Once READY has gone out: from now on serve_wait serves, and sees PID 1's end. */
void serve_start(struct agent *agent) __attribute__((nonnull));

/* As os_wait, on fd (-1: none), and serves meanwhile. -EPIPE: PID 1 has closed the channel or speaks unasked.
 */
int serve_wait(struct agent *agent, int fd, int writable, uint64_t timeout_ms)
    __attribute__((warn_unused_result, nonnull));

/* Take a token at now_ms: false when there is none. Pure. */
bool serve_allow(struct serve_bucket *bucket, uint64_t now_ms) __attribute__((warn_unused_result, nonnull));

/* The reply to a request, from what the agent is and what the limits say. *reply borrows from w, which
 * has ATTEST_SOCKET_EVIDENCE_MAX bytes, and from the agent. */
void serve_answer(struct agent *agent, const struct attest_socket_request *request, struct writer *w,
                  struct attest_socket_reply *reply) __attribute__((nonnull));

#endif
