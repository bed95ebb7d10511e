/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key "workload" of policy.json. */
#include "policy_parts.h"
#include "policy_tables.h"
#include "utf8.h"

#include <signal.h>
#include <string.h>

/* --- argv, env --- */

static int string_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    char **place = out;
    struct span text;

    if (json_string(at, POLICY_STRING_MAX, &text, err) < 0)
        return -1;
    *place = arena_string(strings, text, err);
    if (*place)
        return 0;
    (void) json_prefix(at, err);
    return -1;
}

static int workload_argv(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_ARGV_MAX, sizeof(char *), string_item};
    struct policy_workload *w = out;
    struct json first;

    if (json_list(at, &list, strings, w->argv, &w->argc, err) < 0)
        return -1;
    if (!json_first(at, &first))
        return json_fail(at, err, ERR_MISSING, "no program: the list is empty");
    if (policy_path_check(&first, w->argv[0], err) < 0)
        return -1;
    if (strcmp(w->argv[0], "/") == 0)
        return json_fail(&first, err, ERR_FORMAT, "expected the path of a program");
    return 0;
}

/* Bytes of the key in KEY=VALUE; 0 if text is not of that form. */
static size_t env_key_len(const char *text)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    const size_t len = strspn(text, more);

    return strspn(text, first) > 0 && text[len] == '=' ? len : 0;
}

static int env_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    char **place = out;

    if (string_item(at, strings, place, err) < 0)
        return -1;
    if (env_key_len(*place) == 0)
        return json_fail(at, err, ERR_FORMAT, "expected KEY=VALUE");
    return 0;
}

static int workload_env(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_ENV_MAX, sizeof(char *), env_item};
    struct policy_workload *w = out;

    if (json_list(at, &list, strings, w->env, &w->env_count, err) < 0)
        return -1;
    for (size_t i = 0; i < w->env_count; i++) {
        const size_t len = env_key_len(w->env[i]) + 1;

        for (size_t j = 0; j < i; j++)
            if (strncmp(w->env[i], w->env[j], len) == 0)
                return json_fail(at, err, ERR_DENIED, "%.*s is set twice", (int) (len < 65 ? len - 1 : 64),
                                 w->env[i]);
    }
    return 0;
}

/* --- who it runs as --- */

static int workload_uid(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_workload *w = out;

    (void) strings;
    return json_u32(at, 0, POLICY_ID_MAX, &w->uid, err);
}

static int workload_gid(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_workload *w = out;

    (void) strings;
    return json_u32(at, 0, POLICY_ID_MAX, &w->gid, err);
}

static int group_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint32_t *group = out;

    (void) strings;
    return json_u32(at, 0, POLICY_ID_MAX, group, err);
}

static int workload_groups(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_GROUPS_MAX, sizeof(uint32_t), group_item};
    struct policy_workload *w = out;

    if (json_list(at, &list, strings, w->groups, &w->group_count, err) < 0)
        return -1;
    for (size_t i = 0; i < w->group_count; i++)
        for (size_t j = 0; j < i; j++)
            if (w->groups[i] == w->groups[j])
                return json_fail(at, err, ERR_DENIED, "group %u is named twice", w->groups[i]);
    return 0;
}

static int capability_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint64_t *set = out;
    char shown[UTF8_SHOWN_MAX];
    struct span name;
    unsigned number;

    (void) strings;
    if (json_string(at, SIZE_MAX, &name, err) < 0)
        return -1;
    utf8_show(name, shown);
    if (!policy_capability_number(name, &number))
        return json_fail(at, err, ERR_FORMAT, "unknown capability \"%s\"", shown);
    if (*set & UINT64_C(1) << number)
        return json_fail(at, err, ERR_DENIED, "%s is named twice", shown);
    *set |= UINT64_C(1) << number;
    return 0;
}

static int workload_capabilities(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_CAPABILITY_LAST + 1, 0, capability_item};
    struct policy_workload *w = out;
    size_t count;

    return json_list(at, &list, strings, &w->capabilities, &count, err);
}

/* --- limits --- */

static int rlimit_name(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_rlimit *r = out;
    char shown[UTF8_SHOWN_MAX];

    if (json_keep(at, POLICY_STRING_MAX, strings, &r->name, err) < 0)
        return -1;
    utf8_show(span_str(r->name), shown);
    if (!policy_rlimit_resource(span_str(r->name), &r->resource))
        return json_fail(at, err, ERR_FORMAT, "unknown limit \"%s\"", shown);
    return 0;
}

static int rlimit_soft(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_rlimit *r = out;

    (void) strings;
    return json_u64(at, 0, JSON_INT_MAX, &r->soft, err);
}

static int rlimit_hard(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_rlimit *r = out;

    (void) strings;
    return json_u64(at, 0, JSON_INT_MAX, &r->hard, err);
}

static const struct json_field rlimit_fields[] = {
    {"name", true, rlimit_name},
    {"soft", true, rlimit_soft},
    {"hard", true, rlimit_hard},
};

static int rlimit_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_rlimit *r = out;

    if (json_fields(at, rlimit_fields, POLICY_COUNT(rlimit_fields), strings, r, err) < 0)
        return -1;
    if (r->soft > r->hard)
        return json_fail(at, err, ERR_DENIED, "soft is above hard");
    return 0;
}

static int workload_rlimits(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_RLIMITS_MAX, sizeof(struct policy_rlimit), rlimit_item};
    struct policy_workload *w = out;

    if (json_list(at, &list, strings, w->rlimits, &w->rlimit_count, err) < 0)
        return -1;
    for (size_t i = 0; i < w->rlimit_count; i++)
        for (size_t j = 0; j < i; j++)
            if (w->rlimits[i].resource == w->rlimits[j].resource)
                return json_fail(at, err, ERR_DENIED, "%s is named twice", w->rlimits[i].name);
    return 0;
}

static int workload_seccomp(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_workload *w = out;

    return seccomp_profile_parse(at, strings, &w->seccomp, err);
}

/* --- what it sees --- */

static int workload_cwd(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_workload *w = out;

    return policy_path_item(at, strings, &w->cwd, err);
}

static int workload_hostname(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_workload *w = out;

    if (policy_name(at, POLICY_HOSTNAME_MAX, "abcdefghijklmnopqrstuvwxyz0123456789-", strings, &w->hostname,
                    err) < 0)
        return -1;
    if (w->hostname[0] == '-' || w->hostname[strlen(w->hostname) - 1] == '-')
        return json_fail(at, err, ERR_FORMAT, "a host name that starts or ends with '-'");
    return 0;
}

static int tmpfs_path(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_tmpfs *t = out;

    return policy_path_item(at, strings, &t->path, err);
}

static int tmpfs_size(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_tmpfs *t = out;

    (void) strings;
    return json_u64(at, POLICY_TMPFS_BYTES_MIN, JSON_INT_MAX, &t->size_bytes, err);
}

static const struct json_field tmpfs_fields[] = {
    {"path",       true, tmpfs_path},
    {"size_bytes", true, tmpfs_size},
};

static int tmpfs_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, tmpfs_fields, POLICY_COUNT(tmpfs_fields), strings, out, err);
}

static int workload_tmpfs(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_TMPFS_MAX, sizeof(struct policy_tmpfs), tmpfs_item};
    struct policy_workload *w = out;

    return json_list(at, &list, strings, w->tmpfs, &w->tmpfs_count, err);
}

/* A list of paths, none of them twice and none the root. */
static int workload_paths(const struct json *at, struct arena *strings, const char **paths, size_t *count,
                          struct err *err)
{
    static const struct json_list list = {POLICY_PATHS_MAX, sizeof(char *), policy_path_item};

    if (json_list(at, &list, strings, paths, count, err) < 0)
        return -1;
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(paths[i], "/") == 0)
            return json_fail(at, err, ERR_DENIED, "the root cannot be in this list");
        for (size_t j = 0; j < i; j++)
            if (strcmp(paths[i], paths[j]) == 0)
                return json_fail(at, err, ERR_DENIED, "%s is named twice", paths[i]);
    }
    return 0;
}

static int workload_masked(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_workload *w = out;

    return workload_paths(at, strings, w->masked_paths, &w->masked_count, err);
}

static int workload_readonly(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_workload *w = out;

    return workload_paths(at, strings, w->readonly_paths, &w->readonly_count, err);
}

static int workload_console(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const char *const known[] = {"none", "host"}; /* in the order of enum policy_console */
    struct policy_workload *w = out;
    size_t which;

    (void) strings;
    if (json_choice(at, known, POLICY_COUNT(known), &which, err) < 0)
        return -1;
    w->console = (enum policy_console) which;
    return 0;
}

static int workload_attestation(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const char *const known[] = {"none", "nonce", "report-data"}; /* as enum policy_attestation */
    struct policy_workload *w = out;
    size_t which;

    (void) strings;
    if (json_choice(at, known, POLICY_COUNT(known), &which, err) < 0)
        return -1;
    w->attestation = (enum policy_attestation) which;
    return 0;
}

static int workload_reload(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const char *const known[] = {"SIGHUP", "SIGUSR1", "SIGUSR2"};
    static const int numbers[POLICY_COUNT(known)] = {SIGHUP, SIGUSR1, SIGUSR2};
    struct policy_workload *w = out;
    size_t which;

    (void) strings;
    if (json_choice(at, known, POLICY_COUNT(known), &which, err) < 0)
        return -1;
    w->reload_signal = numbers[which];
    return 0;
}

static const struct json_field workload_fields[] = {
    {"argv",           true,  workload_argv        },
    {"env",            true,  workload_env         },
    {"cwd",            true,  workload_cwd         },
    {"hostname",       true,  workload_hostname    },
    {"uid",            true,  workload_uid         },
    {"gid",            true,  workload_gid         },
    {"groups",         true,  workload_groups      },
    {"capabilities",   true,  workload_capabilities},
    {"rlimits",        true,  workload_rlimits     },
    {"seccomp",        true,  workload_seccomp     },
    {"tmpfs",          true,  workload_tmpfs       },
    {"masked_paths",   true,  workload_masked      },
    {"readonly_paths", true,  workload_readonly    },
    {"console",        true,  workload_console     },
    {"attestation",    false, workload_attestation },
    {"reload_signal",  false, workload_reload      },
};

int policy_workload_parse(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy *policy = out;

    return json_fields(at, workload_fields, POLICY_COUNT(workload_fields), strings, &policy->workload, err);
}
