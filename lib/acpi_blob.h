/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acpi_blob: QEMU's etc/acpi/tables as far as one can check it: how many processors does it list? ACPI 6.5,
 * 5.2.6 (header), 5.2.12 (MADT); docs/formats/tdx-measurement.md.
 *
 * Whoever runs QEMU chose these bytes. The guest's firmware measures them whole; this only finds tables that
 * were dumped for another VM.
 */
#ifndef NACRE_ACPI_BLOB_H
#define NACRE_ACPI_BLOB_H

#include "err.h"
#include "span.h"

#define ACPI_BLOB_MAX (4u << 20) /* bytes of one of QEMU's files */

/* Enabled processors in the MADT. ERR_FORMAT: the tables do not hold together; ERR_MISSING: no MADT. */
int acpi_blob_processors(struct span tables, unsigned *count, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
