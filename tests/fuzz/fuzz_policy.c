/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.json: whatever is accepted keeps what policy.h promises. */
#include "policy.h"
#include "utf8.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
    assert(path[0] == '/' && strlen(path) <= POLICY_PATH_MAX && !strstr(path, "//"));
    assert(!strstr(path, "/../") && !strstr(path, "/./"));
    assert(strlen(path) == 1 || path[strlen(path) - 1] != '/');
}

static void check_workload(const struct policy_workload *w)
{
    assert(w->argc >= 1 && w->argc <= POLICY_ARGV_MAX && !w->argv[w->argc] && !w->env[w->env_count]);
    check_path(w->argv[0]);
    check_path(w->cwd);
    for (size_t i = 0; i < w->argc; i++)
        assert(utf8_valid(span_str(w->argv[i])));
    for (size_t i = 0; i < w->env_count; i++)
        assert(strchr(w->env[i], '='));
    for (size_t i = 0; i < w->tmpfs_count; i++)
        check_path(w->tmpfs[i].path);
    assert(w->hostname[0] != '\0' && strlen(w->hostname) <= POLICY_HOSTNAME_MAX);
    assert(w->capabilities >> (POLICY_CAPABILITY_LAST + 1) == 0);
    for (size_t i = 0; i < w->rlimit_count; i++)
        assert(w->rlimits[i].soft <= w->rlimits[i].hard);
}

static void check_seccomp(const struct seccomp_profile *s)
{
    size_t names = 0;

    assert(!s->builtin || (s->row_count == 0 && s->name_count == 0));
    for (size_t i = 0; i < s->row_count; i++) {
        assert(s->rows[i].first_name == names && s->rows[i].name_count > 0);
        assert((s->rows[i].errno_ret != 0) == (s->rows[i].action == SECCOMP_ACTION_ERRNO));
        names += s->rows[i].name_count;
    }
    assert(names == s->name_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy *p = NULL;
    struct err err = {0};

    if (policy_parse(span_of(data, size), &p, &err) < 0) {
        assert(!p && err.code != ERR_NONE && utf8_valid(span_str(err.text)));
        return 0;
    }
    assert(p->strings.len <= size && p->platforms != 0);
    assert(verity_check(&p->image.verity, &err) == 0);
    check_workload(&p->workload);
    check_seccomp(&p->workload.seccomp);
    for (size_t i = 0; i < p->volume_count; i++)
        check_path(p->volumes[i].mount);
    assert(p->has_coordinator == (p->coordinator.has_root_ca_key || p->coordinator.reference_count > 0));
    assert(p->has_coordinator || (p->volume_count == 0 && p->workload.reload_signal == 0));
    policy_free(p);
    return 0;
}
