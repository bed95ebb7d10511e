/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel command line, as both builds read it. */
#include "cmdline.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse(struct span text, bool dev, struct cmdline *out)
{
    static const enum cmdline_key known[] = {CMDLINE_LOG, CMDLINE_DEV};
    struct err err = {0};
    const int rc = cmdline_parse(text, known, dev ? 2 : 1, out, &err);

    assert(rc == 0 || (rc == -1 && err.code != ERR_NONE && err.text[0] != '\0'));
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct cmdline untouched = {.log = (enum cmdline_log) 77, .dev = true};
    struct cmdline production = untouched;
    struct cmdline dev = untouched;
    const int production_rc = parse(span_of(data, size), false, &production);
    const int dev_rc = parse(span_of(data, size), true, &dev);

    if (production_rc < 0)
        assert(memcmp(&production, &untouched, sizeof(untouched)) == 0);
    else
        assert(!production.dev && dev_rc == 0 && !dev.dev && dev.log == production.log);
    if (dev_rc < 0)
        assert(memcmp(&dev, &untouched, sizeof(untouched)) == 0);
    else
        assert(dev.dev == (production_rc < 0)); /* only nacre.dev tells the builds apart */
    return 0;
}
