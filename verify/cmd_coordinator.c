/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-verify coordinator: is this the Coordinator, on a genuine machine, with my manifest? */
#include "atls_dial.h"
#include "commands.h"
#include "explanation.h"
#include "hex.h"
#include "history.h"
#include "judge.h"
#include "out_dir.h"
#include "test_root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_S 30
#define TIMEOUT_MAX_S 3600

static const char help[] =
    "usage: nacre-verify coordinator HOST[:PORT] --manifest FILE --measurements JSON [--key PUB.pem] "
    "[option]...\n"
    "\n"
    "Connect to a Coordinator (port 1313) and check its evidence, that it runs the policy which the "
    "manifest\n"
    "calls the Coordinator's, and its whole history; the current manifest must be FILE, byte for byte.\n"
    "If everything passed, write its CA certificates and the history.\n"
    "\n"
    "  --manifest FILE       your manifest: reference values and policies\n"
    "  --measurements JSON [--key PUB.pem [--signature FILE]]\n"
    "                        what the image's builder published, and the key that signed it\n"
    "  --root-ca-key HEX     SHA-256 of the root CA's key, if you know it from before\n"
    "  --out DIR             where to write coordinator-root-ca.pem, mesh-ca.pem and history/ (default: "
    "verify)\n"
    "  --certs FILE...       SEV-SNP: certificates that do not come with the evidence\n"
    "  --collateral DIR      what the vendors sign about platforms (docs/formats/collateral.md)\n"
    "  --crl FILE            SEV-SNP: AMD's revocation list by itself\n"
    "  --any NAME,...        go without an expectation: see nacre-verify evidence --help\n"
    "  --allow-debug         accept a dev image and a machine that the host may debug\n"
    "  --firmware, --kernel, --initrd, --cmdline, --vcpus, --also, --memory, --acpi-tables\n"
    "                        explain an unknown launch digest\n"
    "  --no-tee              for development: do not ask for evidence; the exit status is then 4, never 0\n"
    "  --timeout SECONDS     for everything on the connection (30)\n"
    "  --now TIME            judge as of then\n"
    "  --json                one JSON object instead of text\n";

struct input {
    bool help;
    bool json;
    bool no_tee;
    const char *host;
    const char *out;
    const char *root_ca_key;
    struct opt_number timeout;
    struct opt_files certs;
    struct inputs_args common;
    struct explanation_args explanation;
};

/* What the call's judgement works on. */
struct session {
    const struct input *in;
    struct inputs *inputs;
    struct table *t;
    bool judged; /* the rows about the evidence are in the table */
    int rc;      /* of the judgement: -1 is an error that is no refusal */
};

static int no_evidence(struct session *s, struct span evidence, struct err *err)
{
    struct table_row *row =
        table_add(s->t, s->in->no_tee ? TABLE_NOT_RUN : TABLE_REFUSED, "coordinator: evidence");

    s->judged = true;
    table_expected(row, s->in->no_tee ? "not asked for (--no-tee)" : "evidence in its certificate");
    table_found(row, evidence.len > 0 ? "not looked at" : "none");
    if (!s->in->no_tee)
        return err_set(err, ERR_DENIED, 0, "no evidence");
    table_line(&s->t->warnings,
               "--no-tee: anybody could have answered, and nothing vouches for what is below");
    table_line(&s->t->not_covered, "the Coordinator itself: no evidence was asked for (--no-tee)");
    return 0;
}

static int judge(struct session *s, const struct atls_peer *peer, const uint8_t *report_data, struct err *err)
{
    static const struct judge_args none;
    AUTO_EVIDENCE e = {.form = ""};
    const struct judge j = {.in = s->inputs,
                            .args = &none,
                            .evidence = &e,
                            .report_data = report_data,
                            .report_data_from = "of nonce and key",
                            .coordinator = true};
    struct judge_result result;

    if (evidence_take(peer->evidence, &e, err) < 0 || evidence_add_certs(&s->in->certs, &e, err) < 0 ||
        judge_evidence(&j, s->t, &result, err) < 0)
        return -1;
    if (result.digest_unknown)
        return explanation_add(&s->in->explanation, &e, s->t, err);
    return 0;
}

static int on_verify(void *ctx, const struct atls_peer *peer,
                     const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct err *err)
{
    struct session *s = ctx;

    if (peer->evidence.len == 0 || s->in->no_tee)
        return no_evidence(s, peer->evidence, err);
    s->rc = judge(s, peer, report_data, err);
    s->judged = s->rc == 0;
    if (s->rc == 0 && s->t->refused > 0)
        return err_set(err, ERR_DENIED, 0, "the evidence is refused");
    return s->rc;
}

/* Connect, judge, ask. Returns 1 with the call's answer, 0 when a row was refused before it, -1 with *err. */
static int ask(struct session *s, const struct dial_target *target, struct atls_call **out, struct err *err)
{
    const struct atls_call_config config = {.authority = target->text,
                                            .path = USERAPI_GET_MANIFESTS,
                                            .now_s = s->inputs->now_s,
                                            .verify = on_verify,
                                            .ctx = s};
    AUTO_DIAL d = {.fd = -1};
    AUTO_ATLS_CALL *call = NULL;
    const uint64_t timeout_s = s->in->timeout.given ? s->in->timeout.value : TIMEOUT_S;
    struct table_row *row;

    if (dial_open(target, timeout_s * 1000, &d, err) < 0)
        return -1;
    call = atls_call_new(&config, err);
    if (call == NULL)
        return -1;
    if (atls_dial(&d, call, err) < 0) {
        if (!s->judged || s->t->refused == 0)
            return -1;
        *err = (struct err){0}; /* the row says it */
        return 0;
    }
    row = table_add(s->t, TABLE_PASSED, "connection");
    table_expected(row, "aTLS, TLS 1.3 or 1.2");
    table_found(row, "TLS %s with %s", atls_call_version(call), target->text);
    *out = call;
    call = NULL;
    return 1;
}

static enum command_status check_answer(const struct session *s, struct span message,
                                        const uint8_t *root_ca_key, struct err *err)
{
    const struct history_expect expect = {.in = s->inputs, .root_ca_key = root_ca_key};
    struct history *h = calloc(1, sizeof *h);
    const char *dir = s->in->out ? s->in->out : "verify";
    int rc = h ? history_check(&expect, message, h, s->t, err) : err_set(err, ERR_LIMIT, 0, "no memory");

    if (rc == 0 && s->t->refused == 0)
        rc = out_dir_write(dir, h, err);
    free(h);
    if (rc < 0)
        return COMMAND_BAD_INPUT;
    const enum command_status status = commands_finish(s->t, s->in->json, err);
    return status == COMMAND_DONE && s->in->no_tee ? COMMAND_UNATTESTED : status;
}

static enum command_status verify(struct session *s, const struct dial_target *target,
                                  const uint8_t *root_ca_key, struct err *err)
{
    AUTO_ATLS_CALL *call = NULL;
    struct span message;
    int rc;

    if (inputs_load(s->inputs, s->t, err) < 0)
        return COMMAND_BAD_INPUT;
    rc = ask(s, target, &call, err);
    if (rc == 0)
        return commands_finish(s->t, s->in->json, err);
    if (rc < 0)
        return s->rc < 0 ? commands_judge_status(err) : COMMAND_BAD_INPUT;
    if (atls_call_response(call, &message, err) < 0) {
        (void) err_prefix(err, "%s: GetManifests", target->text);
        return COMMAND_BAD_INPUT;
    }
    return check_answer(s, message, root_ca_key, err);
}

static int check_options(const struct input *in, struct inputs *inputs, struct dial_target *target,
                         uint8_t root_ca_key[SHA256_SIZE], struct err *err)
{
    if (in->host == NULL)
        return err_set(err, ERR_MISSING, 0, "the Coordinator's HOST is needed");
    if (dial_parse(in->host, USERAPI_PORT, target, err) < 0)
        return -1;
    if (in->common.manifest == NULL)
        return err_set(err, ERR_MISSING, 0, "--manifest is needed: the history is compared with it");
    if (in->root_ca_key != NULL && hex_decode(span_str(in->root_ca_key), root_ca_key, SHA256_SIZE, err) < 0)
        return err_prefix(err, "--root-ca-key");
    if (inputs_check(&in->common, inputs, err) < 0)
        return -1;
    if (in->common.measurements == NULL && !in->no_tee && !(inputs->any & INPUTS_ANY_MEASUREMENT))
        return err_set(err, ERR_MISSING, 0, "--measurements is needed, or --any measurement");
    return 0;
}

static enum command_status check_and_verify(const struct input *in, struct err *err)
{
    struct inputs *inputs = calloc(1, sizeof *inputs);
    struct table *t = calloc(1, sizeof *t);
    struct session s = {.in = in, .inputs = inputs, .t = t};
    struct dial_target target;
    uint8_t root_ca_key[SHA256_SIZE];
    enum command_status status = COMMAND_BAD_INPUT;

    if (inputs == NULL || t == NULL)
        (void) err_set(err, ERR_LIMIT, 0, "no memory");
    else if (check_options(in, inputs, &target, root_ca_key, err) < 0)
        status = COMMAND_USAGE;
    else
        status = verify(&s, &target, in->root_ca_key ? root_ca_key : NULL, err);
    inputs_free(inputs);
    free(t);
    return status;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {.help = false};
    const struct opt opts[] = {
        {"help",        OPT_FLAG,    &in.help,        0            },
        {"json",        OPT_FLAG,    &in.json,        0            },
        {"no-tee",      OPT_FLAG,    &in.no_tee,      0            },
        {"host",        OPT_OPERAND, &in.host,        0            },
        {"out",         OPT_TEXT,    &in.out,         0            },
        {"root-ca-key", OPT_TEXT,    &in.root_ca_key, 0            },
        {"timeout",     OPT_DECIMAL, &in.timeout,     TIMEOUT_MAX_S},
        {"certs",       OPT_FILES,   &in.certs,       0            },
        INPUTS_OPTS(&in.common),
        EXPLANATION_OPTS(&in.explanation),
        INPUTS_OPT_TEST_ROOT(&in.common),
    };
    const size_t count = sizeof opts / sizeof opts[0] - (test_root_known() ? 0 : 1);

    if (opts_read(argc, argv, opts, count, err) < 0)
        return COMMAND_USAGE;
    return in.help ? commands_help(help, test_root_help, err) : check_and_verify(&in, err);
}

const struct command command_coordinator = {"coordinator", "a Coordinator: evidence, manifest, history", help,
                                            run};
