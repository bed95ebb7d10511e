/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explanation: which settings would give a launch digest that nobody expects, with the code of
 * `nacre-measure explain`, as lines of the table. */
#ifndef NACRE_EXPLANATION_H
#define NACRE_EXPLANATION_H

#include "evidence.h"
#include "explain.h"
#include "table.h"

/* Options of a command: the image's files, as nacre-measure takes them. */
struct explanation_args {
    struct vm_args vm; /* firmware, kernel, initrd, cmdline, vcpus */
    struct opt_files also;
    struct tdx_options tdx; /* memory, qemu, edk2, ACPI tables */
};

#define EXPLANATION_OPTS(a)                                                                                  \
    {"firmware", OPT_TEXT, &(a)->vm.firmware, 0}, {"kernel", OPT_TEXT, &(a)->vm.kernel, 0},                  \
        {"initrd", OPT_TEXT, &(a)->vm.initrd, 0}, {"cmdline", OPT_TEXT, &(a)->vm.cmdline, 0},                \
        {"vcpus", OPT_TEXT, &(a)->vm.vcpus, 0}, {"also", OPT_FILES, &(a)->also, 0},                          \
        {"memory", OPT_TEXT, &(a)->tdx.memory, 0},                                                           \
    {                                                                                                        \
        "acpi-tables", OPT_TEXT, &(a)->tdx.acpi_tables, 0                                                    \
    }

/* Explain the evidence's launch digest by the files of args; without a firmware, say what is needed for it.
 */
int explanation_add(const struct explanation_args *args, const struct evidence *e, struct table *t,
                    struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
