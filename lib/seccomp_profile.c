/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seccomp_profile.h"

#include "json_fields.h"
#include "utf8.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A row and the profile it belongs to: what the parsers of a row's keys fill. */
struct seccomp_target {
    struct seccomp_profile *profile;
    struct seccomp_row *row;
    bool has_errno;
};

static const char *const action_names[] = {
    "SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD",
    "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",  "SCMP_ACT_LOG",
};
static const enum seccomp_action actions[COUNT(action_names)] = {
    SECCOMP_ACTION_ALLOW,        SECCOMP_ACTION_ERRNO, SECCOMP_ACTION_KILL_THREAD, SECCOMP_ACTION_KILL_THREAD,
    SECCOMP_ACTION_KILL_PROCESS, SECCOMP_ACTION_TRAP,  SECCOMP_ACTION_LOG,
};

/* In the order of enum seccomp_op. */
static const char *const op_names[] = {
    "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",        "SCMP_CMP_EQ",
    "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
};

static const char *const arch_names[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};

static int seccomp_action(const struct json *at, enum seccomp_action *action, struct err *err)
{
    size_t which;

    if (json_choice(at, action_names, COUNT(action_names), &which, err) < 0)
        return -1;
    *action = actions[which];
    return 0;
}

/* An errno stands with the action ERRNO alone; without one it is EPERM. */
static int seccomp_errno(const struct json *at, enum seccomp_action action, bool given, uint32_t *errno_ret,
                         struct err *err)
{
    if (given && action != SECCOMP_ACTION_ERRNO)
        return json_fail(at, err, ERR_DENIED, "an errno, but the action is not SCMP_ACT_ERRNO");
    if (!given)
        *errno_ret = action == SECCOMP_ACTION_ERRNO ? SECCOMP_ERRNO_DEFAULT : 0;
    return 0;
}

/* --- args --- */

static int arg_index(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_arg *arg = out;

    (void) strings;
    return json_u32(at, 0, SECCOMP_ARG_INDEX_MAX, &arg->index, err);
}

static int arg_value(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_arg *arg = out;

    (void) strings;
    return json_u64(at, 0, JSON_INT_MAX, &arg->value, err);
}

static int arg_value_two(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_arg *arg = out;

    (void) strings;
    return json_u64(at, 0, JSON_INT_MAX, &arg->value_two, err);
}

static int arg_op(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_arg *arg = out;
    size_t which;

    (void) strings;
    if (json_choice(at, op_names, COUNT(op_names), &which, err) < 0)
        return -1;
    arg->op = (enum seccomp_op) which;
    return 0;
}

static const struct json_field arg_fields[] = {
    {"index",    true,  arg_index    },
    {"value",    true,  arg_value    },
    {"valueTwo", false, arg_value_two},
    {"op",       true,  arg_op       },
};

static int arg_parse(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_arg *arg = out;

    if (json_fields(at, arg_fields, COUNT(arg_fields), strings, arg, err) < 0)
        return -1;
    if (arg->value_two != 0 && arg->op != SECCOMP_OP_MASKED_EQ)
        return json_fail(at, err, ERR_DENIED, "valueTwo, but the op is not SCMP_CMP_MASKED_EQ");
    return 0;
}

/* --- rows --- */

static int name_parse(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_profile *p = out;
    const char *name;

    if (p->name_count == SECCOMP_NAMES_MAX)
        return json_fail(at, err, ERR_LIMIT, "more than %d names in all rows", SECCOMP_NAMES_MAX);
    if (json_keep(at, SECCOMP_NAME_MAX, strings, &name, err) < 0)
        return -1;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
        return json_fail(at, err, ERR_FORMAT, "expected the name of a system call");
    p->names[p->name_count++] = name;
    return 0;
}

static int row_names(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {SECCOMP_NAMES_MAX, 0, name_parse};
    struct seccomp_target *t = out;

    t->row->first_name = t->profile->name_count;
    if (json_list(at, &list, strings, t->profile, &t->row->name_count, err) < 0)
        return -1;
    if (t->row->name_count == 0)
        return json_fail(at, err, ERR_FORMAT, "a row without names");
    return 0;
}

static int row_action(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_target *t = out;

    (void) strings;
    return seccomp_action(at, &t->row->action, err);
}

static int row_errno(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_target *t = out;

    (void) strings;
    t->has_errno = true;
    return json_u32(at, 1, SECCOMP_ERRNO_MAX, &t->row->errno_ret, err);
}

static int row_args(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {SECCOMP_ARGS_MAX, sizeof(struct seccomp_arg), arg_parse};
    struct seccomp_target *t = out;

    return json_list(at, &list, strings, t->row->args, &t->row->arg_count, err);
}

static const struct json_field row_fields[] = {
    {"names",    true,  row_names },
    {"action",   true,  row_action},
    {"errnoRet", false, row_errno },
    {"args",     false, row_args  },
};

static int row_parse(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_profile *p = out;
    struct seccomp_row *row = &p->rows[p->row_count];
    struct seccomp_target target = {.profile = p, .row = row};

    if (json_fields(at, row_fields, COUNT(row_fields), strings, &target, err) < 0 ||
        seccomp_errno(at, row->action, target.has_errno, &row->errno_ret, err) < 0)
        return -1;
    p->row_count++;
    return 0;
}

/* --- the profile --- */

static int oci_default_action(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_target *t = out;

    (void) strings;
    return seccomp_action(at, &t->profile->default_action, err);
}

static int oci_default_errno(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_target *t = out;

    (void) strings;
    t->has_errno = true;
    return json_u32(at, 1, SECCOMP_ERRNO_MAX, &t->profile->default_errno, err);
}

static int arch_parse(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_profile *p = out;
    bool *const flags[] = {&p->arch_x86_64, &p->arch_x86, &p->arch_x32};
    size_t which;

    (void) strings;
    if (json_choice(at, arch_names, COUNT(arch_names), &which, err) < 0)
        return -1;
    if (*flags[which])
        return json_fail(at, err, ERR_DENIED, "this architecture is named twice");
    *flags[which] = true;
    return 0;
}

static int oci_architectures(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {COUNT(arch_names), 0, arch_parse};
    struct seccomp_target *t = out;
    size_t count;

    if (json_list(at, &list, strings, t->profile, &count, err) < 0)
        return -1;
    if (count > 0 && !t->profile->arch_x86_64)
        return json_fail(at, err, ERR_DENIED, "SCMP_ARCH_X86_64 is not among them");
    return 0;
}

static int oci_syscalls(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {SECCOMP_ROWS_MAX, 0, row_parse};
    struct seccomp_target *t = out;
    size_t count;

    return json_list(at, &list, strings, t->profile, &count, err);
}

static const struct json_field oci_fields[] = {
    {"defaultAction",   true,  oci_default_action},
    {"defaultErrnoRet", false, oci_default_errno },
    {"architectures",   false, oci_architectures },
    {"syscalls",        true,  oci_syscalls      },
};

static int profile_oci(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_profile *p = out;
    struct seccomp_target target = {.profile = p};

    p->builtin = false;
    if (json_fields(at, oci_fields, COUNT(oci_fields), strings, &target, err) < 0 ||
        seccomp_errno(at, p->default_action, target.has_errno, &p->default_errno, err) < 0)
        return -1;
    p->arch_x86_64 = true;
    return 0;
}

static int profile_builtin(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct seccomp_profile *p = out;
    char shown[UTF8_SHOWN_MAX];
    struct span name;

    (void) strings;
    if (json_string(at, SIZE_MAX, &name, err) < 0)
        return -1;
    if (!span_eq_str(name, "default")) {
        utf8_show(name, shown);
        return json_fail(at, err, ERR_FORMAT, "unknown seccomp profile \"%s\", known: default", shown);
    }
    p->builtin = true;
    return 0;
}

static const struct json_field profile_fields[] = {
    {"profile", false, profile_builtin},
    {"oci",     false, profile_oci    },
};

int seccomp_profile_parse(const struct json *at, struct arena *strings, struct seccomp_profile *profile,
                          struct err *err)
{
    size_t keys;

    memset(profile, 0, sizeof(*profile));
    if (json_object(at, JSON_MEMBERS_MAX, &keys, err) < 0)
        return -1;
    if (json_fields(at, profile_fields, COUNT(profile_fields), strings, profile, err) < 0)
        return -1;
    if (keys != 1)
        return json_fail(at, err, ERR_FORMAT, "expected exactly one of \"profile\" and \"oci\"");
    return 0;
}
