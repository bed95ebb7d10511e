/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_lab: the surroundings of a running agent for tests, as processes: PID 1 at the other end of WIRE_FD,
 * which answers report requests and writes down what it is told, and a Coordinator on a TCP port. The test
 * process is the agent.
 */
#ifndef NACRE_AGENT_LAB_H
#define NACRE_AGENT_LAB_H

#include "mesh_server.h"
#include "policy.h"
#include "wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define AGENT_LAB_NOTES_MAX 16

/* What PID 1 got. */
struct agent_lab_note {
    enum wire_type type;
    uint8_t report_data[WIRE_REPORT_DATA_SIZE]; /* REPORT_REQUEST */
    uint8_t key[16];                            /* CERTIFICATES: bytes from the middle of the key's PEM */
    bool has_secret;
};

struct agent_lab {
    struct mesh_server server;
    struct policy policy; /* set to the Coordinator's address and pin */
    /* set before the start */
    bool no_reports;       /* PID 1 has none */
    size_t renewals_max;   /* PID 1 closes after so many CERTIFICATES; 0: never */
    unsigned other_secret; /* the Coordinator gives another workload secret from this join on; 0: never */
    unsigned joins_max;    /* it closes its port after so many connections; 0: never */
    /* inner */
    int listener;
    int notes;
    int spare_wire, spare_listen;
    pid_t pid1, coordinator;
};

void agent_lab_open(struct agent_lab *lab, int64_t now_s);
void agent_lab_start_pid1(struct agent_lab *lab);
void agent_lab_start_coordinator(struct agent_lab *lab);
/* What PID 1 has written down so far. Returns how many. */
size_t agent_lab_notes(struct agent_lab *lab, struct agent_lab_note notes[AGENT_LAB_NOTES_MAX]);
void agent_lab_close(struct agent_lab *lab);

#endif
