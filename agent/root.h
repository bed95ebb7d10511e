/* SPDX-License-Identifier: GPL-2.0-or-later */
/* root: what a Coordinator's SNP evidence chains to, beside AMD's own roots. The Makefile takes
 * root_production.c or, for the dev image, root_dev.c.
 */
#ifndef NACRE_ROOT_H
#define NACRE_ROOT_H

#include "span.h"

/* The test root, DER; empty in production. With it, AMD's roots are not believed. */
struct span root_of_tests(void);

#endif
