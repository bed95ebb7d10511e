/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-verify evidence: a saved report, quote, reply or certificate. */
#include "atls.h"
#include "commands.h"
#include "explanation.h"
#include "hex.h"
#include "judge.h"
#include "test_root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: nacre-verify evidence FILE [option]...\n"
    "\n"
    "Is this evidence genuine, and does it say what you expect? FILE is an SEV-SNP report, a TDX quote, a "
    "saved\n"
    "reply of the attestation socket, a certificate with evidence (PEM, DER), or its evidence alone.\n"
    "\n"
    "Every expectation must be given; what you go without is named by --any and listed as not covered.\n"
    "\n"
    "  --certs FILE...       SEV-SNP: certificates that did not come with the report: VCEK or VLEK, ASK or "
    "ASVK\n"
    "                        (certificate table, PEM, DER)\n"
    "  --collateral DIR      what the vendors sign about platforms (docs/formats/collateral.md): for TDX "
    "always,\n"
    "                        for SEV-SNP the revocation list\n"
    "  --crl FILE            SEV-SNP: AMD's revocation list for the product by itself (DER or PEM)\n"
    "  --report-data HEX     the 64 bytes that the report must hold; or:\n"
    "  --nonce HEX           the 32 bytes that you sent; the report must answer to them\n"
    "  --spki FILE           the key that the evidence must speak for (PEM, DER, or a certificate)\n"
    "  --measurements JSON [--key PUB.pem [--signature FILE]]\n"
    "                        what the image's builder published, and the key that signed it\n"
    "  --manifest FILE       the Coordinator's manifest: reference values and policies\n"
    "  --measurement HEX..., --host-data HEX..., --initdata FILE, --chip-id HEX..., --id-key HEX...,\n"
    "  --csp-id TEXT, --min-tcb bootloader=N,tee=N,snp=N,microcode=N[,fmc=N], --vmpl N (0), --product NAME\n"
    "                        single expectations\n"
    "  --rtmr0 HEX .. --rtmr3 HEX, --mr-seam HEX, --xfam HEX, --min-evaluation N, --accept STATUS...,\n"
    "  --advisory ID...      the same for TDX, where --measurement is MRTD and --chip-id a PIID\n"
    "  --any NAME,...        go without: report-data, measurement, host-data, chip-id, csp-id, id-key, tcb,\n"
    "                        platform-info, revocation, firmware, rtmr0, mr-seam, xfam, advisories\n"
    "  --allow-debug         accept a dev image and a machine that the host may debug\n"
    "  --firmware, --kernel, --initrd, --cmdline, --vcpus, --also, --memory, --acpi-tables\n"
    "                        explain an unknown launch digest, as nacre-measure explain does\n"
    "  --now TIME            judge as of then (YYYY-MM-DD[THH:MM:SSZ], or seconds since 1970)\n"
    "  --json                one JSON object instead of text\n";

struct input {
    bool help;
    bool json;
    const char *path;
    struct opt_files certs;
    const char *report_data;
    const char *nonce;
    const char *spki;
    struct inputs_args common;
    struct judge_args judge;
    struct explanation_args explanation;
};

/* The key of --spki against the one in the evidence, when both are there; *key is the one to use. */
static int check_key(const struct input *in, const struct evidence *e, struct writer *given, struct span *key,
                     struct table *t, struct err *err)
{
    *key = e->spki;
    if (in->spki == NULL)
        return 0;
    if (evidence_spki_load(in->spki, given, err) < 0)
        return -1;
    if (e->spki.len == 0) {
        *key = writer_span(given);
        return 0;
    }
    const bool same = span_eq(e->spki, writer_span(given));
    struct table_row *row = table_add(t, same ? TABLE_PASSED : TABLE_REFUSED, "key");
    table_expected(row, "the key in %s", in->spki);
    table_found(row, same ? "the same" : "another");
    return 0;
}

static int answer_to_nonce(const struct input *in, const struct evidence *e, struct span key,
                           uint8_t out[JUDGE_REPORT_DATA_SIZE], struct err *err)
{
    uint8_t nonce[ATLS_NONCE_SIZE];

    if (hex_decode(span_str(in->nonce), nonce, sizeof nonce, err) < 0)
        return err_prefix(err, "--nonce");
    switch (e->binding) {
    case EVIDENCE_NONCE:
        return attest_socket_report_data(nonce, key, e->head, out, err);
    case EVIDENCE_DATA:
        return err_set(err, ERR_MISSING, 0, "--nonce: the reply answers to report data: give --report-data");
    case EVIDENCE_BARE:
    case EVIDENCE_CERTIFICATE:
        break;
    }
    if (key.len == 0)
        return err_set(err, ERR_MISSING, 0, "--nonce needs --spki: %s does not tell its key", e->form);
    return atls_report_data(key, nonce, out, err);
}

/* Where the report data are to come from: sets j->report_data, which is NULL when any will do. */
static int want_report_data(const struct input *in, struct judge *j, uint8_t out[JUDGE_REPORT_DATA_SIZE],
                            struct table *t, struct err *err)
{
    uint8_t room[EVIDENCE_SPKI_MAX];
    struct writer given = writer_of(room, sizeof room);
    struct span key;

    if (check_key(in, j->evidence, &given, &key, t, err) < 0)
        return -1;
    j->report_data = out;
    if (in->report_data != NULL) {
        j->report_data_from = "given";
        if (hex_decode(span_str(in->report_data), out, JUDGE_REPORT_DATA_SIZE, err) < 0)
            return err_prefix(err, "--report-data");
        return 0;
    }
    if (in->nonce != NULL) {
        j->report_data_from = "of nonce and key";
        return answer_to_nonce(in, j->evidence, key, out, err);
    }
    j->report_data = NULL;
    if (inputs_any(j->in, INPUTS_ANY_REPORT_DATA, t))
        return 0;
    return judge_missing("report data", "--report-data, --nonce or --any report-data", err);
}

static void say_form(const struct evidence *e, struct table *t)
{
    struct table_row *row = table_add(t, TABLE_PASSED, "evidence");

    table_expected(row, "a known form");
    table_found(row, "%s", e->form);
    table_line(&t->not_covered, "what the machine has done since: evidence tells how it was started");
    if (e->binding == EVIDENCE_NONCE)
        table_line(&t->not_covered, "what stands in the guest's event log, whose head the report data bind");
}

static enum command_status verify(const struct input *in, struct inputs *inputs, struct table *t,
                                  struct err *err)
{
    AUTO_EVIDENCE e = {.form = ""};
    uint8_t report_data[JUDGE_REPORT_DATA_SIZE];
    struct judge j = {.in = inputs, .args = &in->judge, .evidence = &e};
    struct judge_result result;

    if (inputs_load(inputs, t, err) < 0 || evidence_load(in->path, &in->certs, &e, err) < 0)
        return COMMAND_BAD_INPUT;
    say_form(&e, t);
    if (want_report_data(in, &j, report_data, t, err) < 0 || judge_evidence(&j, t, &result, err) < 0)
        return commands_judge_status(err);
    if (result.digest_unknown && explanation_add(&in->explanation, &e, t, err) < 0)
        return COMMAND_BAD_INPUT;
    return commands_finish(t, in->json, err);
}

static int check_options(const struct input *in, struct inputs *inputs, struct err *err)
{
    if (in->path == NULL)
        return err_set(err, ERR_MISSING, 0, "a file with evidence is needed");
    if (in->report_data != NULL && in->nonce != NULL)
        return err_set(err, ERR_FORMAT, 0, "--report-data and --nonce exclude each other");
    return inputs_check(&in->common, inputs, err);
}

static enum command_status check_and_verify(const struct input *in, struct err *err)
{
    struct inputs *inputs = calloc(1, sizeof *inputs);
    struct table *t = calloc(1, sizeof *t);
    enum command_status status = COMMAND_BAD_INPUT;

    if (inputs == NULL || t == NULL)
        (void) err_set(err, ERR_LIMIT, 0, "no memory");
    else if (check_options(in, inputs, err) < 0)
        status = COMMAND_USAGE;
    else
        status = verify(in, inputs, t, err);
    inputs_free(inputs);
    free(t);
    return status;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {.help = false};
    const struct opt opts[] = {
        {"help",           OPT_FLAG,    &in.help,                 0         },
        {"json",           OPT_FLAG,    &in.json,                 0         },
        {"file",           OPT_OPERAND, &in.path,                 0         },
        {"certs",          OPT_FILES,   &in.certs,                0         },
        {"report-data",    OPT_TEXT,    &in.report_data,          0         },
        {"nonce",          OPT_TEXT,    &in.nonce,                0         },
        {"spki",           OPT_TEXT,    &in.spki,                 0         },
        INPUTS_OPTS(&in.common),
        {"product",        OPT_TEXT,    &in.judge.product,        0         },
        {"measurement",    OPT_FILES,   &in.judge.measurement,    0         },
        {"host-data",      OPT_FILES,   &in.judge.host_data,      0         },
        {"initdata",       OPT_TEXT,    &in.judge.initdata,       0         },
        {"chip-id",        OPT_FILES,   &in.judge.chip_id,        0         },
        {"id-key",         OPT_FILES,   &in.judge.id_key,         0         },
        {"csp-id",         OPT_TEXT,    &in.judge.csp_id,         0         },
        {"min-tcb",        OPT_TEXT,    &in.judge.min_tcb,        0         },
        {"vmpl",           OPT_DECIMAL, &in.judge.vmpl,           3         },
        {"rtmr0",          OPT_TEXT,    &in.judge.rtmr[0],        0         },
        {"rtmr1",          OPT_TEXT,    &in.judge.rtmr[1],        0         },
        {"rtmr2",          OPT_TEXT,    &in.judge.rtmr[2],        0         },
        {"rtmr3",          OPT_TEXT,    &in.judge.rtmr[3],        0         },
        {"mr-seam",        OPT_TEXT,    &in.judge.mr_seam,        0         },
        {"xfam",           OPT_TEXT,    &in.judge.xfam,           0         },
        {"accept",         OPT_FILES,   &in.judge.accept,         0         },
        {"advisory",       OPT_FILES,   &in.judge.advisory,       0         },
        {"min-evaluation", OPT_DECIMAL, &in.judge.min_evaluation, UINT32_MAX},
        EXPLANATION_OPTS(&in.explanation),
        INPUTS_OPT_TEST_ROOT(&in.common),
    };
    const size_t count = sizeof opts / sizeof opts[0] - (test_root_known() ? 0 : 1);

    if (opts_read(argc, argv, opts, count, err) < 0)
        return COMMAND_USAGE;
    return in.help ? commands_help(help, test_root_help, err) : check_and_verify(&in, err);
}

const struct command command_evidence = {"evidence", "a saved report, quote, reply or certificate", help,
                                         run};
