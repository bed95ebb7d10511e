/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain: which nearby settings give the digest that a report has: the code behind `nacre-measure explain`.
 */
#ifndef NACRE_EXPLAIN_H
#define NACRE_EXPLAIN_H

#include "command.h"
#include "vm.h"
#include "snp_explain.h"
#include "snp_report.h"
#include "tdx_input.h"

#include <stdio.h>

#define EXPLAIN_NOTES_MAX 6
#define EXPLAIN_NOTE_SIZE 256

struct explain_input {
    bool help;
    bool json;
    const char *report; /* file */
    struct vm_args args;
    struct tdx_options tdx; /* TDX only: memory, qemu, edk2, ACPI tables */
    struct opt_files also;
    const char *host_data; /* hex */
    const char *initdata;  /* file */
};

/* What beside the digest is worth saying, in order. */
struct explain_notes {
    char text[EXPLAIN_NOTES_MAX][EXPLAIN_NOTE_SIZE];
    size_t count;
    bool mismatch; /* one of them says that something differs */
};

void explain_note(struct explain_notes *notes, bool mismatch, const char *format, ...)
    __attribute__((nonnull, format(printf, 3, 4)));
void explain_print_notes(const struct explain_notes *notes, FILE *to) __attribute__((nonnull));
void explain_write_notes(const struct explain_notes *notes, struct json_write *j) __attribute__((nonnull));

/* The host data that the options expect, 32 bytes; *given: an option says so. */
int explain_host_data(const struct explain_input *in, uint8_t host_data[SNP_HOST_DATA_SIZE], bool *given,
                      struct err *err) __attribute__((warn_unused_result, nonnull));

/* Nearby settings of an SNP launch, from the options and the files that they name. footers has room for the
 * firmware files: the given one and every OPTS_FILES_MAX. */
int explain_choices(const struct explain_input *in, const struct vm *launch, struct ovmf *footers,
                    struct snp_explain *e, struct err *err) __attribute__((warn_unused_result, nonnull));
/* The signature of the CPU that a report names, beside the known ones. */
void explain_host_cpu(const struct snp_report *report, struct snp_explain *e) __attribute__((nonnull));

/* Explain a report or a quote (whose file in->report is, for messages): as text or JSON to `to`, which the
 * caller flushes. COMMAND_DONE: the given settings match. Its signature is not looked at. */
enum command_status explain_report(struct explain_input *in, struct span bytes, FILE *to, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The two kinds. */
enum command_status explain_snp(const struct explain_input *in, struct span bytes, FILE *to, struct err *err)
    __attribute__((warn_unused_result, nonnull));
enum command_status explain_tdx(struct explain_input *in, struct span quote, FILE *to, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
