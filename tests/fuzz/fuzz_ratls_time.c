/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of signed times: what decodes encodes to the same bytes, and none of them is good under a key that
 * the fuzzer does not have (or it has broken ECDSA). */
#include "ratls_time.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t scalar[ECC_FIELD_MAX] = {1, 2, 3};
    struct ratls_time t = {.time_s = 77};
    uint8_t again[RATLS_TIME_SIZE];
    struct ecc_pair key;
    struct err err = {0};

    if (ratls_time_decode(span_of(data, size), &t, &err) < 0) {
        assert(t.time_s == 77 && err.code == ERR_FORMAT);
        return 0;
    }
    ratls_time_encode(&t, again);
    assert(span_eq(span_of(again, sizeof(again)), span_of(data, size)));
    if (data[0] % 16 == 0) { /* it is slow */
        assert(ecc_from_scalar(ECC_CURVE_P384, span_of(scalar, sizeof(scalar)), &key, &err) == 0);
        assert(ratls_time_check(&t, &key.pub, &err) < 0 && err.code == ERR_DENIED);
    }
    return 0;
}
