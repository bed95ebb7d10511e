/* SPDX-License-Identifier: GPL-2.0-or-later */
/* halt: the only end of the boot. Wipes the secrets, unmounts, says why on the console and in the reason
 * record (docs/formats/reason.md), powers off.
 *
 * The host reads both: stage, code and text hold no secret.
 */
#ifndef NACRE_HALT_H
#define NACRE_HALT_H

#include "boot.h"
#include "span.h"

#define HALT_PORT "nacre.reason" /* name of the virtio-serial port for the record */
#define HALT_RECORD_MAX                                                                                      \
    1024 /* bytes of the record: every byte of the text may need six, and the rest fits                      \
          */

/* Ends the VM. Returns only when it could not be powered off (and in tests). */
void halt(struct boot *boot, const struct boot_end *end) __attribute__((nonnull));

/* The record: one line of JSON. out->bad when it does not fit. Pure. */
void halt_record(const struct boot_end *end, struct writer *out) __attribute__((nonnull));

#endif
