/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"

#include "seccomp_default.h"

#include <errno.h>
#include <seccomp.h>

#define OPTIMIZE_TREE 2 /* a binary tree over the system call numbers */

static uint32_t action_of(enum seccomp_action action, uint32_t errno_ret)
{
    switch (action) {
    case SECCOMP_ACTION_ALLOW:
        return SCMP_ACT_ALLOW;
    case SECCOMP_ACTION_ERRNO:
        return SCMP_ACT_ERRNO(errno_ret);
    case SECCOMP_ACTION_KILL_THREAD:
        return SCMP_ACT_KILL_THREAD;
    case SECCOMP_ACTION_KILL_PROCESS:
        return SCMP_ACT_KILL_PROCESS;
    case SECCOMP_ACTION_TRAP:
        return SCMP_ACT_TRAP;
    case SECCOMP_ACTION_LOG:
        return SCMP_ACT_LOG;
    }
    return SCMP_ACT_KILL_PROCESS;
}

static struct scmp_arg_cmp compare_of(const struct seccomp_arg *arg)
{
    static const enum scmp_compare ops[] = {
        [SECCOMP_OP_NE] = SCMP_CMP_NE,
        [SECCOMP_OP_LT] = SCMP_CMP_LT,
        [SECCOMP_OP_LE] = SCMP_CMP_LE,
        [SECCOMP_OP_EQ] = SCMP_CMP_EQ,
        [SECCOMP_OP_GE] = SCMP_CMP_GE,
        [SECCOMP_OP_GT] = SCMP_CMP_GT,
        [SECCOMP_OP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
    };
    return (struct scmp_arg_cmp){
        .arg = arg->index, .op = ops[arg->op], .datum_a = arg->value, .datum_b = arg->value_two};
}

/* Foreign architectures and x32 kill the process: libseccomp's check in front of everything else. */
static int filter_new(uint32_t default_action, scmp_filter_ctx *filter, struct err *err)
{
    scmp_filter_ctx made = seccomp_init(default_action);
    if (made == NULL)
        return err_set(err, ERR_LIMIT, 0, "seccomp: no memory for a filter");
    int rc = seccomp_attr_set(made, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = seccomp_attr_set(made, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
    if (rc == 0)
        rc = seccomp_attr_set(made, SCMP_FLTATR_CTL_NNP, 0); /* launch_identity has set it */
    if (rc < 0) {
        seccomp_release(made);
        return err_set(err, ERR_SYS, -rc, "seccomp: filter attributes");
    }
    *filter = made;
    return 0;
}

struct rule {
    const char *name;
    uint32_t action;
    const struct seccomp_arg *args;
    size_t arg_count;
};

/* A rule with the default action says nothing new, and libseccomp refuses it. */
static int rule_add(scmp_filter_ctx filter, uint32_t default_action, const struct rule *rule, struct err *err)
{
    struct scmp_arg_cmp compare[SECCOMP_ARGS_MAX];
    unsigned seen = 0;
    int number = seccomp_syscall_resolve_name(rule->name);
    if (number == __NR_SCMP_ERROR)
        return err_set(err, ERR_DENIED, 0, "seccomp: %s: no such system call", rule->name);
    for (size_t i = 0; i < rule->arg_count; i++) {
        if ((seen & 1U << rule->args[i].index) != 0)
            return err_set(err, ERR_DENIED, 0, "seccomp: %s: argument %u is compared twice in one row",
                           rule->name, rule->args[i].index);
        seen |= 1U << rule->args[i].index;
        compare[i] = compare_of(&rule->args[i]);
    }
    if (rule->action == default_action)
        return 0;
    int rc = seccomp_rule_add_array(filter, rule->action, number, (unsigned) rule->arg_count, compare);
    return rc == 0 ? 0 : err_set(err, ERR_SYS, -rc, "seccomp: %s: rule refused", rule->name);
}

static int default_fill(scmp_filter_ctx filter, const struct seccomp_default_filter *from,
                        uint32_t default_action, struct err *err)
{
    for (size_t i = 0; i < from->allowed_count; i++) {
        struct rule rule = {.name = from->allowed[i], .action = SCMP_ACT_ALLOW};
        if (rule_add(filter, default_action, &rule, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < from->rule_count; i++) {
        const struct seccomp_default_rule *r = &from->rules[i];
        struct rule rule = {r->name, action_of(r->action, r->errno_ret), &r->arg, r->arg_count};
        if (rule_add(filter, default_action, &rule, err) < 0)
            return -1;
    }
    return 0;
}

static int default_make(const struct seccomp_default_filter *from, scmp_filter_ctx *filter, struct err *err)
{
    uint32_t action = action_of(from->action, from->errno_ret);
    scmp_filter_ctx made = NULL;
    if (filter_new(action, &made, err) < 0)
        return -1;
    if (default_fill(made, from, action, err) < 0) {
        seccomp_release(made);
        return -1;
    }
    *filter = made;
    return 0;
}

static int profile_fill(scmp_filter_ctx filter, const struct seccomp_profile *p, uint32_t default_action,
                        struct err *err)
{
    for (size_t i = 0; i < p->row_count; i++) {
        const struct seccomp_row *row = &p->rows[i];
        for (size_t n = 0; n < row->name_count; n++) {
            struct rule rule = {p->names[row->first_name + n], action_of(row->action, row->errno_ret),
                                row->args, row->arg_count};
            if (rule_add(filter, default_action, &rule, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int profile_make(const struct seccomp_profile *p, scmp_filter_ctx *filter, struct err *err)
{
    uint32_t action = action_of(p->default_action, p->default_errno);
    scmp_filter_ctx made = NULL;
    if (filter_new(action, &made, err) < 0)
        return -1;
    if (profile_fill(made, p, action, err) < 0) {
        seccomp_release(made);
        return -1;
    }
    *filter = made;
    return 0;
}

/* filters[0] is the guard, or NULL; filters[1] the main filter. */
static int filters_make(const struct policy_workload *workload, scmp_filter_ctx filters[2], struct err *err)
{
    filters[0] = NULL;
    if (!workload->seccomp.builtin)
        return profile_make(&workload->seccomp, &filters[1], err);
    if (default_make(&seccomp_default_guard, &filters[0], err) < 0)
        return -1;
    if (default_make(&seccomp_default_allow, &filters[1], err) == 0)
        return 0;
    seccomp_release(filters[0]);
    return -1;
}

static void filters_free(scmp_filter_ctx filters[2])
{
    for (size_t i = 0; i < 2; i++)
        if (filters[i] != NULL)
            seccomp_release(filters[i]);
}

/* The guard first: the main filter need not allow another filter. */
int launch_seccomp(const struct policy *policy, struct err *err)
{
    scmp_filter_ctx filters[2] = {NULL};
    int rc = 0;
    if (filters_make(&policy->workload, filters, err) < 0)
        return -1;
    for (size_t i = 0; i < 2 && rc == 0; i++)
        if (filters[i] != NULL)
            rc = seccomp_load(filters[i]);
    filters_free(filters);
    return rc == 0 ? 0 : err_set(err, ERR_SYS, -rc, "seccomp: load");
}

int launch_seccomp_export(const struct policy_workload *workload, const int fds[2], struct err *err)
{
    scmp_filter_ctx filters[2] = {NULL};
    int rc = 0;
    if (filters_make(workload, filters, err) < 0)
        return -1;
    for (size_t i = 0; i < 2 && rc == 0; i++)
        if (filters[i] != NULL)
            rc = seccomp_export_bpf(filters[i], fds[i]);
    filters_free(filters);
    return rc == 0 ? 0 : err_set(err, ERR_SYS, -rc, "seccomp: export");
}
