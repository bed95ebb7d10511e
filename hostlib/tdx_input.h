/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_input: the options that describe a TDX guest, and the files that they name. */
#ifndef NACRE_TDX_INPUT_H
#define NACRE_TDX_INPUT_H

#include "files.h"
#include "opts.h"
#include "tdx_predict.h"

#define TDX_VCPUS_MAX 4096

/* As given; NULL: not given. */
struct tdx_options {
    const char *firmware;
    const char *kernel;
    const char *initrd;
    const char *cmdline;
    const char *memory;
    struct opt_number vcpus;
    const char *qemu;
    const char *edk2;
    const char *acpi_tables;
    const char *rtmr3;
    /* Made from memory, qemu and edk2 by tdx_options_check. */
    uint64_t memory_bytes;
    unsigned qemu_version;
    unsigned edk2_first;
    unsigned edk2_last;
};

/* The files, and the config that borrows them. Does not move: config points into it. */
struct tdx_input {
    struct files_map firmware;
    struct files_map kernel;
    struct tdvf tdvf;
    struct pe_image pe;
    struct bzimage bzimage;
    uint8_t rtmr3[SHA384_SIZE];
    struct tdx_config config;
};

/* Which options go together, and the numbers in them. Errors name the option. */
int tdx_options_check(struct tdx_options *o, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Load what the options name. Call tdx_input_free after success and failure. */
int tdx_input_load(const struct tdx_options *o, struct tdx_input *in, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void tdx_input_free(struct tdx_input *in) __attribute__((nonnull));

#endif
