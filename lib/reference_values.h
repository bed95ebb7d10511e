/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reference_values: the part ReferenceValues of a Contrast manifest for one image (docs/formats/manifest.md).
 *
 * What the image alone decides is filled in. What its operator must decide is left empty on purpose, so that
 * a Coordinator refuses the values until somebody has: MinimumTCB, and the chips of a Milan.
 */
#ifndef NACRE_REFERENCE_VALUES_H
#define NACRE_REFERENCE_VALUES_H

#include "measurements.h"

#define REFERENCE_VALUES_MAX 16384 /* bytes of the text */

/* Entries for Milan, Genoa and Turin, each under its own CPU model and under EPYC-v4, as far as m has them.
 * ap_eip is where the firmware's application processors start (ovmf.h). */
int reference_values_write(const struct measurements *m, uint32_t ap_eip, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
