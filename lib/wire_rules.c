/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which message PID 1 takes from which helper, and when: the protocol as a table. */
#include "wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In state `from`, a helper with this job may send this; at most `max` times (after READY: in a period). */
struct wire_rule {
    enum wire_job job;
    enum wire_type type;
    enum wire_state from;
    enum wire_state to;
    uint32_t max;
};

/* init-launch has no DONE: its success is execve, which closes the socket. FAILED may come in every state but
 * the last two. A VM without a Coordinator has an agent that is READY at once. */
static const struct wire_rule rules[] = {
    {WIRE_JOB_AGENT,   WIRE_REPORT_REQUEST, WIRE_AT_START,   WIRE_AT_ASKED,   WIRE_REPORTS_MAX },
    {WIRE_JOB_AGENT,   WIRE_REPORT_REQUEST, WIRE_AT_ASKED,   WIRE_AT_ASKED,   WIRE_REPORTS_MAX },
    {WIRE_JOB_AGENT,   WIRE_CERTIFICATES,   WIRE_AT_ASKED,   WIRE_AT_HANDED,  1                },
    {WIRE_JOB_AGENT,   WIRE_READY,          WIRE_AT_START,   WIRE_AT_SERVING, 1                },
    {WIRE_JOB_AGENT,   WIRE_READY,          WIRE_AT_HANDED,  WIRE_AT_SERVING, 1                },
    {WIRE_JOB_AGENT,   WIRE_REPORT_REQUEST, WIRE_AT_SERVING, WIRE_AT_SERVING, WIRE_REPORTS_MAX },
    {WIRE_JOB_AGENT,   WIRE_CERTIFICATES,   WIRE_AT_SERVING, WIRE_AT_SERVING, WIRE_RENEWALS_MAX},
    {WIRE_JOB_VOLUMES, WIRE_DONE,           WIRE_AT_START,   WIRE_AT_DONE,    1                },
    {WIRE_JOB_IMAGE,   WIRE_DONE,           WIRE_AT_START,   WIRE_AT_DONE,    1                },
};

static bool wire_is_over(const struct wire_progress *p)
{
    return p->state == WIRE_AT_DONE || p->state == WIRE_AT_FAILED;
}

/* The rule for this message now; without one, *known says whether the job has such a message at all. */
static const struct wire_rule *wire_rule_find(const struct wire_progress *p, enum wire_type type, bool *known)
{
    *known = false;
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (rules[i].job != p->job || rules[i].type != type)
            continue;
        *known = true;
        if (rules[i].from == p->state)
            return &rules[i];
    }
    return NULL;
}

static int wire_refuse(const struct wire_progress *p, enum wire_type type, const char *why, struct err *err)
{
    return err_set(err, ERR_HELPER, 0, "job %s: message %s %s", wire_job_name(p->job), wire_type_name(type),
                   why);
}

int wire_accept(struct wire_progress *p, enum wire_type type, struct err *err)
{
    static const struct wire_rule failed = {.to = WIRE_AT_FAILED, .max = 1};
    bool is_failed = type == WIRE_FAILED && p->job >= WIRE_JOB_AGENT && p->job <= WIRE_JOB_LAUNCH;
    bool known;
    const struct wire_rule *rule = wire_rule_find(p, type, &known);

    if (!known && !is_failed)
        return wire_refuse(p, type, "is not for this job to send", err);
    if (wire_is_over(p))
        return wire_refuse(p, type, "came after the end", err);
    if (is_failed)
        rule = &failed;
    if (rule == NULL)
        return wire_refuse(p, type, "came out of turn", err);
    if (p->seen[type] >= rule->max)
        return wire_refuse(p, type, "came too often", err);
    p->seen[type]++;
    p->state = rule->to;
    if (type == WIRE_READY)
        wire_new_period(p);
    return 0;
}

void wire_new_period(struct wire_progress *p)
{
    if (p->state != WIRE_AT_SERVING)
        return;
    p->seen[WIRE_REPORT_REQUEST] = 0;
    p->seen[WIRE_CERTIFICATES] = 0;
}

int wire_accept_eof(const struct wire_progress *p, struct err *err)
{
    if (p->state == WIRE_AT_FAILED)
        return err_set(err, ERR_HELPER, 0, "job %s failed", wire_job_name(p->job));
    if (p->job != WIRE_JOB_LAUNCH && p->state != WIRE_AT_DONE)
        return err_set(err, ERR_HELPER, 0, "job %s ended without a word", wire_job_name(p->job));
    return 0;
}
