/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measurements_parse over any bytes: a failure leaves the output alone and says why; what is accepted is
 * written back as the same bytes, and its names stay inside a folder. */
#include "measurements.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check(const struct measurements *m, struct span text)
{
    static uint8_t buf[MEASUREMENTS_TEXT_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct err err = {0};

    require(m->snp.present || m->tdx.present);
    require(m->snp.cpu_count <= MEASUREMENTS_CPUS_MAX && m->workload_count <= MEASUREMENTS_WORKLOADS_MAX &&
            m->host_data_count <= MEASUREMENTS_HOST_DATA_MAX);
    for (int i = 0; i < MEASUREMENTS_ROLES; i++)
        require(measurements_name_ok(m->files[i].name) ||
                (i == MEASUREMENTS_TDX_FIRMWARE && !measurements_has(m, MEASUREMENTS_TDX_FIRMWARE)));
    for (size_t i = 0; i < m->workload_count; i++)
        require(measurements_name_ok(m->workloads[i].file.name) &&
                verity_check(&m->workloads[i].verity, &err) == 0);
    require(measurements_write(m, &w, &err) == 0);
    require(span_eq(writer_span(&w), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct measurements m;
    static const struct measurements before = {.workload_count = 12345};
    struct err err = {0};

    m = before;
    if (measurements_parse(span_of(data, size), "m", &m, &err) < 0) {
        require(memcmp(&m, &before, sizeof m) == 0);
        require(err.code != ERR_NONE && err.text[0] != '\0');
        return 0;
    }
    check(&m, span_of(data, size));
    return 0;
}
