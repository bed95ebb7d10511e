/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leases.h"

#include "attempts.h"
#include "os.h"

#include <string.h>

static uint64_t pause_after(const struct epoch_answer *a)
{
    uint64_t left_ms = 1000ull * a->left_s;
    uint64_t pause_ms = a->status == EPOCH_HELD ? left_ms : left_ms / 3;
    if (a->status == EPOCH_NO_VOLUMES)
        return UINT64_MAX;
    if (a->status != EPOCH_OK && a->status != EPOCH_HELD)
        return LEASES_PAUSE_MAX_MS;
    if (pause_ms < LEASES_PAUSE_MIN_MS)
        return LEASES_PAUSE_MIN_MS;
    return pause_ms < LEASES_PAUSE_MAX_MS ? pause_ms : LEASES_PAUSE_MAX_MS;
}

uint64_t leases_pause_ms(const struct join_volume *volumes, size_t count)
{
    uint64_t pause_ms = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        uint64_t one = pause_after(&volumes[i].answer);
        pause_ms = one < pause_ms ? one : pause_ms;
    }
    return pause_ms;
}

void leases_take(struct agent *agent, const struct join_result *result)
{
    struct agent_leases *l = &agent->leases;
    uint64_t pause_ms = leases_pause_ms(result->volumes, result->volume_count);
    if (result->mesh_ca.len > sizeof(l->mesh_ca))
        pause_ms = UINT64_MAX; /* not one of ours: they have under 1 KiB */
    else if (result->mesh_ca.len > 0) {
        memcpy(l->mesh_ca, result->mesh_ca.data, result->mesh_ca.len);
        l->mesh_ca_len = result->mesh_ca.len;
    }
    l->held = pause_ms != UINT64_MAX;
    l->pause_ms = pause_ms;
    l->due_ms = l->held ? os_now_ms() + pause_ms : 0;
}

uint64_t leases_wait_ms(const struct agent *agent, uint64_t now_ms)
{
    const struct agent_leases *l = &agent->leases;
    if (!l->held)
        return UINT64_MAX;
    return l->due_ms > now_ms ? l->due_ms - now_ms : 0;
}

/* Several tries before the lease ends, but not too many. */
static uint64_t pause_after_failure(const struct agent_leases *l)
{
    uint64_t pause_ms = l->pause_ms / 3;
    if (pause_ms < LEASES_PAUSE_MIN_MS)
        return LEASES_PAUSE_MIN_MS;
    return pause_ms < LEASES_PAUSE_MS ? pause_ms : LEASES_PAUSE_MS;
}

int leases_renew(struct agent *agent, struct err *err)
{
    struct err why = {0};
    struct join *j = attempts_leases(agent, os_now_ms() + LEASES_ATTEMPT_MS, &why);
    if (j != NULL) {
        leases_take(agent, join_result(j));
        join_free(j);
        return 0;
    }
    if (why.code == ERR_HELPER) {
        *err = why;
        return -1;
    }
    agent->leases.due_ms = os_now_ms() + pause_after_failure(&agent->leases);
    if (why.code == ERR_DENIED)
        agent->leaf.renew_s = 0;
    return 0;
}
