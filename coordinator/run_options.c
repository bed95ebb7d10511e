/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_options.h"

#include "commands.h"
#include "epoch.h"
#include "mesh_ca.h"
#include "test_root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int usage(struct err *err, const char *what, const char *arg)
{
    commands_usage(err, "%s%s", what, arg);
    return -1;
}

/* An option that may be given several times: where the next value goes. NULL when there were too many. */
static const char **next_of(const char **values, size_t max, size_t *count)
{
    return *count < max ? &values[(*count)++] : NULL;
}

/* Numbers of seconds, as text. */
struct lives {
    const char *certificate;
    const char *lease;
};

/* An option that takes a value: where the value goes. NULL if arg is none, or was given before. */
static const char **value_of(struct run_options *o, struct lives *lives, const char *arg)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        {"--state",            &o->state          },
        {"--manifest",         &o->manifest       },
        {"--ca-out",           &o->ca_out         },
        {"--evidence-socket",  &o->evidence_socket},
        {"--collateral",       &o->collateral     },
        {"--certificate-life", &lives->certificate},
        {"--lease-life",       &lives->lease      },
    };

    for (int door = 0; door < LIMITS_DOORS; door++) {
        if (strcmp(arg, listeners_option((enum limits_door) door)) == 0)
            return o->listen.door[door] == NULL ? &o->listen.door[door] : NULL;
    }
    if (test_root_known() && strncmp(arg, "--", 2) == 0 && strcmp(arg + 2, test_root_option) == 0)
        return next_of(o->roots, EXAMINE_ROOTS_MAX, &o->root_count);
    if (strcmp(arg, "--policy") == 0)
        return next_of(o->policies, RUN_OPTIONS_POLICIES_MAX, &o->policy_count);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(arg, options[i].name) == 0)
            return *options[i].value == NULL ? options[i].value : NULL;
    }
    return NULL;
}

/* An option without a value: where it is noted. NULL if arg is none. */
static bool *flag_of(struct run_options *o, const char *arg)
{
    if (strcmp(arg, "--no-tee") == 0)
        return &o->no_tee;
    return strcmp(arg, "--accept-sni-nonce") == 0 ? &o->accept_sni_nonce : NULL;
}

/* A number of seconds from min to max; no text is 0. */
static int parse_life(const char *option, const char *text, const int64_t range[2], int64_t *life_s,
                      struct err *err)
{
    char *end = NULL;

    if (text == NULL)
        return 0;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < range[0] || value > range[1]) {
        commands_usage(err, "%s %s: expected %lld to %lld seconds", option, text, (long long) range[0],
                       (long long) range[1]);
        return -1;
    }
    *life_s = value;
    return 0;
}

/* Is any door open? One that was not named has Contrast's port. */
static bool has_door(const struct run_options *o)
{
    for (int door = 0; door < LIMITS_DOORS; door++) {
        if (o->listen.door[door] == NULL || strcmp(o->listen.door[door], "none") != 0)
            return true;
    }
    return false;
}

static int check(struct run_options *o, const struct lives *lives, struct err *err)
{
    static const int64_t certificate[2] = {RUN_OPTIONS_LIFE_MIN_S, MESH_CA_YEAR_S};
    static const int64_t lease[2] = {EPOCH_TTL_MIN_S, EPOCH_TTL_MAX_S};

    if (o->state == NULL)
        return usage(err, "--state is needed", "");
    if (o->no_tee == (o->evidence_socket != NULL))
        return usage(err, "exactly one of --no-tee and --evidence-socket is needed", "");
    if (o->collateral == NULL)
        return usage(err, "--collateral is needed: a folder, or none to go without revocation lists and TDX",
                     "");
    if (!has_door(o))
        return usage(err, "every listener is none: nobody could be served", "");
    if (o->policy_count > 0 && o->manifest == NULL)
        return usage(err, "--policy belongs to --manifest", "");
    if (parse_life("--certificate-life", lives->certificate, certificate, &o->certificate_life_s, err) < 0)
        return -1;
    return parse_life("--lease-life", lives->lease, lease, &o->lease_life_s, err);
}

int run_options_parse(int argc, char **argv, struct run_options *out, struct err *err)
{
    struct run_options o = {0};
    struct lives lives = {0};

    for (int i = 1; i < argc; i++) {
        bool *flag = flag_of(&o, argv[i]);
        if (flag != NULL) {
            *flag = true;
            continue;
        }
        const char **value = i + 1 < argc ? value_of(&o, &lives, argv[i]) : NULL;
        if (value == NULL)
            return usage(err, "unexpected, double or incomplete argument ", argv[i]);
        *value = argv[++i];
    }
    if (check(&o, &lives, err) < 0)
        return -1;
    *out = o;
    return 0;
}
