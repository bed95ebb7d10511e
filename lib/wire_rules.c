/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which message PID 1 takes from which helper, and when: the protocol as a table. */
#include "wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ANY 0 /* as a type: no condition */

struct wire_rule {
    enum wire_job job;
    enum wire_type type;
    uint32_t max;     /* how many */
    unsigned needs;   /* type that must have come before, or ANY */
    unsigned forbids; /* type that must not have come before, or ANY */
    bool ends;        /* nothing may follow */
};

/* init-launch has no DONE: its success is execve, which closes the socket. */
static const struct wire_rule rules[] = {
    {WIRE_JOB_AGENT,   WIRE_REPORT_REQUEST, WIRE_REPORTS_MAX, ANY,                 WIRE_CERTIFICATES, false},
    {WIRE_JOB_AGENT,   WIRE_CERTIFICATES,   1,                WIRE_REPORT_REQUEST, ANY,               false},
    {WIRE_JOB_AGENT,   WIRE_DONE,           1,                WIRE_CERTIFICATES,   ANY,               true },
    {WIRE_JOB_AGENT,   WIRE_FAILED,         1,                ANY,                 ANY,               true },
    {WIRE_JOB_VOLUMES, WIRE_DONE,           1,                ANY,                 ANY,               true },
    {WIRE_JOB_VOLUMES, WIRE_FAILED,         1,                ANY,                 ANY,               true },
    {WIRE_JOB_IMAGE,   WIRE_DONE,           1,                ANY,                 ANY,               true },
    {WIRE_JOB_IMAGE,   WIRE_FAILED,         1,                ANY,                 ANY,               true },
    {WIRE_JOB_LAUNCH,  WIRE_FAILED,         1,                ANY,                 ANY,               true },
};

static const struct wire_rule *wire_rule_find(enum wire_job job, enum wire_type type)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].job == job && rules[i].type == type)
            return &rules[i];
    return NULL;
}

static int wire_refuse(const struct wire_progress *p, enum wire_type type, const char *why, struct err *err)
{
    return err_set(err, ERR_HELPER, 0, "job %s: message %s %s", wire_job_name(p->job), wire_type_name(type),
                   why);
}

int wire_accept(struct wire_progress *p, enum wire_type type, struct err *err)
{
    const struct wire_rule *rule = wire_rule_find(p->job, type);

    if (!rule)
        return wire_refuse(p, type, "is not for this job to send", err);
    if (p->ended)
        return wire_refuse(p, type, "came after the end", err);
    if (p->seen[type] >= rule->max)
        return wire_refuse(p, type, "came too often", err);
    if (rule->needs != ANY && p->seen[rule->needs] == 0)
        return wire_refuse(p, type, "came too early", err);
    if (rule->forbids != ANY && p->seen[rule->forbids] > 0)
        return wire_refuse(p, type, "came too late", err);
    p->seen[type]++;
    p->ended = rule->ends;
    return 0;
}

int wire_accept_eof(const struct wire_progress *p, struct err *err)
{
    if (p->seen[WIRE_FAILED] > 0)
        return err_set(err, ERR_HELPER, 0, "job %s failed", wire_job_name(p->job));
    if (p->job != WIRE_JOB_LAUNCH && p->seen[WIRE_DONE] == 0)
        return err_set(err, ERR_HELPER, 0, "job %s ended without a word", wire_job_name(p->job));
    return 0;
}
