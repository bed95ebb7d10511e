/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image_input: the files of one built image, worked into what measurements.json says about them. */
#ifndef NACRE_IMAGE_INPUT_H
#define NACRE_IMAGE_INPUT_H

#include "measurements.h"
#include "opts.h"

/* As given; NULL: not given. */
struct image_options {
    bool help;
    bool json;
    bool debug;
    const char *dir;
    const char *firmware;
    struct opt_files workloads; /* NAME.img with its NAME.env */
    struct opt_files initdata;
    const char *edk2; /* both: the values for TDX are wanted */
    const char *qemu;
    const char *tdx_firmware; /* NULL: firmware starts TDX guests too */
    const char *key;
    const char *out;
    struct opt_files locks;
    const char *licences;
    struct opt_files without;
};

/* Fill *m, and where the firmware's application processors start. */
int image_input_load(const struct image_options *o, struct measurements *m, uint32_t *ap_eip, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
