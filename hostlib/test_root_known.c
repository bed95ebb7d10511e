/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For development and tests: test roots by an explicit option. */
#include "test_root.h"

#include "pem.h"

#include <errno.h>
#include <stdlib.h>

const char test_root_option[] = "test-root";
const char test_root_usage[] = " [--test-root PEM]...";
const char test_root_help[] =
    "  --test-root PEM    believe reports under this root: no hardware vouches for them (not in production "
    "builds)\n";
const char test_root_warning[] = "reports under a test root are believed: no hardware vouches for them";

bool test_root_known(void)
{
    return true;
}

/* out->data has room for pem.len bytes. */
static int take_root(struct span pem, struct fileio_bytes *out, struct err *err)
{
    struct writer w = writer_of(out->data, pem.len);
    struct span cert;

    if (pem_next(&pem, PEM_LABEL_CERTIFICATE, &w, &cert, err) < 0)
        return -1;
    out->len = cert.len;
    return 0;
}

int test_root_load(const char *path, struct fileio_bytes *der, struct err *err)
{
    AUTO_BYTES pem = {0};

    if (fileio_read(path, TEST_ROOT_PEM_MAX, &pem, err) < 0)
        return -1;
    struct fileio_bytes made = {.data = calloc(1, pem.len + 1), .len = pem.len};
    if (made.data == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "%s", path);
    if (take_root(fileio_span(&pem), &made, err) < 0) {
        fileio_free(&made);
        return err_prefix(err, "%s", path);
    }
    *der = made;
    return 0;
}
