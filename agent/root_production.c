/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "root.h"

struct span root_of_tests(void)
{
    return span_of(NULL, 0);
}
