/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For production: the option is not there. */
#include "test_root.h"

const char test_root_option[] = "";
const char test_root_usage[] = "";
const char test_root_help[] = "";
const char test_root_warning[] = "";

bool test_root_known(void)
{
    return false;
}

int test_root_load(const char *path, struct fileio_bytes *der, struct err *err)
{
    (void) der;
    return err_set(err, ERR_DENIED, 0, "%s: this build believes no test root", path);
}
