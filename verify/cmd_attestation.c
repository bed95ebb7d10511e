/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-verify attestation: a saved answer of a Coordinator's HTTP attestation API. */
#include "attest_json_read.h"
#include "commands.h"
#include "explanation.h"
#include "hex.h"
#include "history.h"
#include "judge.h"
#include "out_dir.h"
#include "test_root.h"
#include "transition.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: nacre-verify attestation FILE --nonce HEX --manifest FILE --measurements JSON [--key PUB.pem]\n"
    "                                [option]...\n"
    "\n"
    "Check what a Coordinator answered to POST /attest (port 1314): as nacre-verify coordinator does, but "
    "from a\n"
    "file. The evidence vouches for the whole history and for both CA certificates.\n"
    "\n"
    "  --nonce HEX           the 32 bytes that you sent\n"
    "  all others            as for nacre-verify coordinator; --no-tee and --timeout have no meaning here\n";

struct input {
    bool help;
    bool json;
    const char *path;
    const char *nonce;
    const char *out;
    const char *root_ca_key;
    struct opt_files certs;
    struct inputs_args common;
    struct explanation_args explanation;
};

/* All that is large. */
struct work {
    struct inputs *inputs;
    struct table table;
    struct history history;
    struct fileio_bytes file;
    uint8_t *room;
    struct span evidence;
    uint8_t nonce[TRANSITION_NONCE_SIZE];
    uint8_t root_ca_key[SHA256_SIZE];
    uint8_t report_data[TRANSITION_REPORT_DATA_SIZE];
};

static void free_work(struct work *w)
{
    if (w == NULL)
        return;
    inputs_free(w->inputs);
    fileio_free(&w->file);
    free(w->room);
    free(w);
}

/* Take the answer apart, and work out what its evidence must hold. */
static int read_answer(const struct input *in, struct work *w, struct err *err)
{
    struct attest_json_read answer = {
        .manifests = {.items = w->history.manifests, .max = HISTORY_ITEMS_MAX},
        .policies = {.items = w->history.policies,  .max = HISTORY_ITEMS_MAX},
    };
    uint8_t digest[SHA256_SIZE];

    if (inputs_read(in->path, ATTEST_JSON_READ_MAX, &w->file, err) < 0)
        return -1;
    w->room = malloc(w->file.len + 1);
    if (w->room == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    struct writer room = writer_of(w->room, w->file.len + 1);
    if (attest_json_read(fileio_span(&w->file), &room, &answer, err) < 0)
        return err_prefix(err, "%s", in->path);
    w->evidence = answer.evidence;
    w->history.response = (struct userapi_get_response){.manifests = answer.manifests,
                                                        .policies = answer.policies,
                                                        .root_ca = answer.root_ca,
                                                        .mesh_ca = answer.mesh_ca};
    if (history_digest(&w->history, digest, err) < 0)
        return err_prefix(err, "%s", in->path);
    const struct transition_attest a = {.nonce = span_of(w->nonce, sizeof w->nonce),
                                        .digest = digest,
                                        .root_pem = answer.root_ca,
                                        .mesh_pem = answer.mesh_ca};
    return transition_report_data(&a, w->report_data, err);
}

static int judge(const struct input *in, struct work *w, struct err *err)
{
    static const struct judge_args none;
    AUTO_EVIDENCE e = {.form = ""};
    const struct judge j = {.in = w->inputs,
                            .args = &none,
                            .evidence = &e,
                            .report_data = w->report_data,
                            .report_data_from = "of nonce, history and CAs",
                            .coordinator = true};
    struct judge_result result;

    if (evidence_take(w->evidence, &e, err) < 0 || evidence_add_certs(&in->certs, &e, err) < 0 ||
        judge_evidence(&j, &w->table, &result, err) < 0)
        return -1;
    return result.digest_unknown ? explanation_add(&in->explanation, &e, &w->table, err) : 0;
}

static enum command_status verify(const struct input *in, struct work *w, struct err *err)
{
    const struct history_expect expect = {.in = w->inputs,
                                          .root_ca_key = in->root_ca_key ? w->root_ca_key : NULL};

    if (inputs_load(w->inputs, &w->table, err) < 0 || read_answer(in, w, err) < 0)
        return COMMAND_BAD_INPUT;
    if (judge(in, w, err) < 0)
        return commands_judge_status(err);
    if (history_check_attested(&expect, &w->history, &w->table, err) < 0)
        return COMMAND_BAD_INPUT;
    if (w->table.refused == 0 && out_dir_write(in->out ? in->out : "verify", &w->history, err) < 0)
        return COMMAND_BAD_INPUT;
    return commands_finish(&w->table, in->json, err);
}

static int check_options(const struct input *in, struct work *w, struct err *err)
{
    if (in->path == NULL)
        return err_set(err, ERR_MISSING, 0, "a file with the Coordinator's answer is needed");
    if (in->nonce == NULL)
        return err_set(err, ERR_MISSING, 0, "--nonce is needed: the answer is fresh because of it");
    if (hex_decode(span_str(in->nonce), w->nonce, sizeof w->nonce, err) < 0)
        return err_prefix(err, "--nonce");
    if (in->common.manifest == NULL)
        return err_set(err, ERR_MISSING, 0, "--manifest is needed: the history is compared with it");
    if (in->root_ca_key != NULL &&
        hex_decode(span_str(in->root_ca_key), w->root_ca_key, sizeof w->root_ca_key, err) < 0)
        return err_prefix(err, "--root-ca-key");
    if (inputs_check(&in->common, w->inputs, err) < 0)
        return -1;
    if (in->common.measurements == NULL && !(w->inputs->any & INPUTS_ANY_MEASUREMENT))
        return err_set(err, ERR_MISSING, 0, "--measurements is needed, or --any measurement");
    return 0;
}

static enum command_status check_and_verify(const struct input *in, struct err *err)
{
    struct work *w = calloc(1, sizeof *w);
    enum command_status status = COMMAND_BAD_INPUT;

    if (w != NULL)
        w->inputs = calloc(1, sizeof *w->inputs);
    if (w == NULL || w->inputs == NULL)
        (void) err_set(err, ERR_LIMIT, 0, "no memory");
    else if (check_options(in, w, err) < 0)
        status = COMMAND_USAGE;
    else
        status = verify(in, w, err);
    free_work(w);
    return status;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {.help = false};
    const struct opt opts[] = {
        {"help",        OPT_FLAG,    &in.help,        0},
        {"json",        OPT_FLAG,    &in.json,        0},
        {"file",        OPT_OPERAND, &in.path,        0},
        {"nonce",       OPT_TEXT,    &in.nonce,       0},
        {"out",         OPT_TEXT,    &in.out,         0},
        {"root-ca-key", OPT_TEXT,    &in.root_ca_key, 0},
        {"certs",       OPT_FILES,   &in.certs,       0},
        INPUTS_OPTS(&in.common),
        EXPLANATION_OPTS(&in.explanation),  INPUTS_OPT_TEST_ROOT(&in.common),
    };
    const size_t count = sizeof opts / sizeof opts[0] - (test_root_known() ? 0 : 1);

    if (opts_read(argc, argv, opts, count, err) < 0)
        return COMMAND_USAGE;
    return in.help ? commands_help(help, test_root_help, err) : check_and_verify(&in, err);
}

const struct command command_attestation = {"attestation", "a saved answer of a Coordinator's /attest", help,
                                            run};
