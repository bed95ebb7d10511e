/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_dir: what `nacre-verify coordinator` leaves behind once everything has passed: the CA certificates to
 * trust and the history to read. */
#ifndef NACRE_OUT_DIR_H
#define NACRE_OUT_DIR_H

#include "history.h"

#define OUT_DIR_ROOT_CA "coordinator-root-ca.pem"
#define OUT_DIR_MESH_CA "mesh-ca.pem"

/* Each file whole or not at all; the CA certificates last, the mesh CA at the very end. */
int out_dir_write(const char *dir, const struct history *h, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
