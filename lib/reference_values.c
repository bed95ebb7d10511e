/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reference_values.h"

#include "json_write.h"

#include <string.h>

struct flag {
    const char *key;
    bool value;
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void put_flags(struct json_write *j, const struct flag *flags, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_write_bool(j, flags[i].key, flags[i].value);
}

/* Any ABI version; SMT is the host's choice; nothing else is let in, debug least of all. */
static void put_guest_policy(struct json_write *j)
{
    static const struct flag flags[] = {
        {"CXLAllowed",           false},
        {"CipherTextHidingDRAM", false},
        {"Debug",                false},
        {"MemAES256XTS",         false},
        {"MigrateMA",            false},
        {"PageSwapDisable",      false},
        {"RAPLDis",              false},
        {"SMT",                  true },
        {"SingleSocket",         false},
    };

    json_write_object(j, "GuestPolicy");
    json_write_u64(j, "ABIMajor", 0);
    json_write_u64(j, "ABIMinor", 0);
    put_flags(j, flags, COUNT(flags));
    json_write_close(j);
}

static void put_platform_info(struct json_write *j)
{
    static const struct flag flags[] = {
        {"AliasCheckComplete",          true },
        {"CiphertextHidingDRAMEnabled", false},
        {"ECCEnabled",                  true },
        {"RAPLDisabled",                false},
        {"SMTEnabled",                  true },
        {"TIOEnabled",                  false},
        {"TSMEEnabled",                 false},
    };

    json_write_object(j, "PlatformInfo");
    put_flags(j, flags, COUNT(flags));
    json_write_close(j);
}

static void put_be32(struct json_write *j, const char *key, uint32_t value)
{
    uint8_t bytes[4];
    struct writer w = writer_of(bytes, sizeof bytes);

    writer_be32(&w, value);
    json_write_hex(j, key, writer_span(&w));
}

struct entry {
    const char *platform;
    const char *product;
    uint32_t ap_eip;
};

static void put_entry(struct json_write *j, const struct entry *e, const struct measurements_cpu *cpu)
{
    json_write_object(j, NULL);
    put_be32(j, "APEIP", e->ap_eip);
    json_write_array(j, "AllowedChipIDs");
    json_write_close(j);
    put_guest_policy(j);
    json_write_u64(j, "MinimumMitigationVector", 0);
    json_write_object(j, "MinimumTCB"); /* empty: the operator's to fill */
    json_write_close(j);
    json_write_str(j, "Platform", e->platform);
    put_platform_info(j);
    json_write_str(j, "ProductName", e->product);
    json_write_hex(j, "TrustedMeasurement", span_of(cpu->digests[0], SHA384_SIZE));
    put_be32(j, "VCPUSig", cpu->sig);
    json_write_close(j);
}

static void put_model(struct json_write *j, const struct measurements *m, const struct entry *e,
                      const char *model)
{
    for (size_t i = 0; i < m->snp.cpu_count; i++) {
        if (strcmp(m->snp.cpus[i].model, model) == 0)
            put_entry(j, e, &m->snp.cpus[i]);
    }
}

int reference_values_write(const struct measurements *m, uint32_t ap_eip, struct writer *w, struct err *err)
{
    static const struct {
        const char *product;
        const char *model;
    } products[] = {
        {"Milan", "EPYC-Milan"},
        {"Genoa", "EPYC-Genoa"},
        {"Turin", "EPYC-Turin"},
    };
    struct json_write j = json_write_to(w);

    if (!m->snp.present)
        return err_set(err, ERR_MISSING, 0, "reference values: the image has no SEV-SNP launch digests");
    json_write_object(&j, NULL);
    json_write_array(&j, "snp");
    for (size_t i = 0; i < COUNT(products); i++) {
        const struct entry e = {
            .platform = m->debug ? "Metal-QEMU-SNP, dev image with a debug console" : "Metal-QEMU-SNP",
            .product = products[i].product,
            .ap_eip = ap_eip,
        };

        put_model(&j, m, &e, products[i].model);
        put_model(&j, m, &e, "EPYC-v4");
    }
    json_write_close(&j);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "reference values do not fit %zu bytes", w->cap);
    return 0;
}
