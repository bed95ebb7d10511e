/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image_workload: a workload's disk, data with its hash tree behind it, and the .env file beside it that
 * tells the geometry (scripts/build-workload). What the file says is not believed: the tree is made again. */
#ifndef NACRE_IMAGE_WORKLOAD_H
#define NACRE_IMAGE_WORKLOAD_H

#include "err.h"
#include "verity.h"

/* Read the geometry of the image at path (NAME.img, NAME.env) and check that the data has that root hash and
 * that the disk is long enough for its tree. */
int image_workload_verity(const char *path, struct verity_geometry *verity, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
