/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trust_files.h"

#include "joinlog.h"
#include "pem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_PEM_MAX 16384 /* bytes */

/* The certificate in pem, as DER; out->data has room for pem.len bytes. */
static int take_root(struct span pem, struct fileio_bytes *out, struct err *err)
{
    struct writer w = writer_of(out->data, pem.len);
    struct span cert;

    if (pem_next(&pem, PEM_LABEL_CERTIFICATE, &w, &cert, err) < 0)
        return -1;
    out->len = cert.len;
    return 0;
}

static int load_root(const char *path, struct fileio_bytes *out, struct err *err)
{
    AUTO_BYTES pem = {0};

    if (fileio_read(path, ROOT_PEM_MAX, &pem, err) < 0)
        return -1;
    struct fileio_bytes der = {.data = calloc(1, pem.len + 1), .len = pem.len};
    if (der.data == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "%s", path);
    if (take_root(fileio_span(&pem), &der, err) < 0) {
        fileio_free(&der);
        return err_prefix(err, "%s", path);
    }
    *out = der;
    return 0;
}

int trust_files_load(const struct trust_files *files, int64_t now_s, struct examine_trust *trust,
                     struct err *err)
{
    for (size_t i = 0; i < files->root_count; i++) {
        if (load_root(files->roots[i], &trust->roots[i], err) < 0)
            return -1;
        trust->root_count = i + 1;
    }
    trust->no_collateral = strcmp(files->collateral, TRUST_FILES_NONE) == 0;
    if (trust->no_collateral)
        return 0;
    const struct collateral_roots roots = {.roots = trust->roots, .count = trust->root_count};
    trust->collateral = collateral_open(files->collateral, &roots, now_s, err);
    return trust->collateral == NULL ? -1 : 0;
}

void trust_files_announce(const struct examine_trust *trust, const struct manifest *m, int64_t now_s)
{
    if (trust->collateral != NULL)
        collateral_note_missing(trust->collateral, m, now_s);
    else
        joinlog_note(now_s, "WARNING: --collateral none: nobody asks whether a machine's keys were revoked%s",
                     m->tdx_count > 0 ? ", and TDX evidence is refused" : "");
}
