/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inflate.h"

#define ZLIB_CONST /* zlib's input is const then */

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define INFLATE_GZIP_WINDOW (15 + 16) /* zlib's way to say: a gzip header, window of 32 KiB */

static int inflate_fail(int rc, const z_stream *z, size_t max, struct err *err)
{
    if (rc == Z_BUF_ERROR || rc == Z_OK)
        return z->avail_out == 0 ? err_set(err, ERR_LIMIT, 0, "gzip: more than %zu bytes come out", max)
                                 : err_set(err, ERR_FORMAT, 0, "gzip: the stream is cut");
    if (rc == Z_MEM_ERROR)
        return err_set(err, ERR_LIMIT, 0, "gzip: no memory");
    return err_set(err, ERR_FORMAT, 0, "gzip: %s", z->msg ? z->msg : "broken stream");
}

/* One call gets all input and all room, so anything but the end of the stream is a fault. out has max + 1
 * bytes: the one more tells "exactly max" from "too many". */
static int inflate_run(struct span gzip, uint8_t *out, size_t max, size_t *len, struct err *err)
{
    z_stream z = {
        .next_in = gzip.data,
        .avail_in = (uInt) gzip.len,
        .next_out = out,
        .avail_out = (uInt) (max + 1),
    };
    int rc = inflateInit2(&z, INFLATE_GZIP_WINDOW);

    if (rc != Z_OK)
        return err_set(err, ERR_LIMIT, 0, "gzip: no memory");
    rc = inflate(&z, Z_FINISH);
    (void) inflateEnd(&z); /* frees; z's counters and message stay readable */
    if (rc != Z_STREAM_END)
        return inflate_fail(rc, &z, max, err);
    if (z.avail_out == 0)
        return err_set(err, ERR_LIMIT, 0, "gzip: more than %zu bytes come out", max);
    if (z.avail_in != 0)
        return err_set(err, ERR_FORMAT, 0, "gzip: %u bytes after the end", z.avail_in);
    *len = max + 1 - z.avail_out;
    return 0;
}

int inflate_gzip(struct span gzip, size_t max, uint8_t **out, size_t *len, struct err *err)
{
    uint8_t *buf;

    if (max >= UINT_MAX || gzip.len > UINT_MAX)
        return err_set(err, ERR_LIMIT, 0, "gzip: %zu bytes in, %zu out are more than can be handled",
                       gzip.len, max);
    buf = malloc(max + 1);
    if (!buf)
        return err_set(err, ERR_LIMIT, 0, "gzip: no memory for %zu bytes", max);
    if (inflate_run(gzip, buf, max, len, err) < 0) {
        free(buf);
        return -1;
    }
    *out = buf;
    return 0;
}
