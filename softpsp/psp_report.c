/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp_report.h"

#include "hash.h"

#include <string.h>

#define REPORT_VERSION 3
#define FIRMWARE_VERSION ((struct snp_version){.build = 40, .minor = 55, .major = 1})

/* CPU family and model, in the report from version 3 on. */
static void set_cpu(struct snp_report *r, enum snp_product product)
{
    r->cpu_family = 0x19;
    r->cpu_model = product == SNP_PRODUCT_MILAN ? 0x01 : 0x11;
    r->cpu_stepping = 1;
}

static void fill(const struct psp_vm *vm, uint32_t vmpl, const uint8_t *report_data, struct snp_report *r)
{
    const struct psp_options *o = vm->options;
    struct snp_tcb tcb = snp_tcb_join(&vm->state->leaf.tcb, o->product);

    *r = (struct snp_report){
        .version = REPORT_VERSION,
        .policy = o->guest_policy,
        .vmpl = o->vmpl >= 0 ? (uint32_t) o->vmpl : vmpl,
        .signature_algo = SNP_SIG_ECDSA_P384_SHA384,
        .current_tcb = tcb,
        .reported_tcb = tcb,
        .committed_tcb = tcb,
        .launch_tcb = tcb,
        .platform_info = SNP_PLATFORM_ECC_EN | SNP_PLATFORM_ALIAS_CHECK_COMPLETE,
        .signer = SNP_SIGNER_VCEK,
        .current_version = FIRMWARE_VERSION,
        .committed_version = FIRMWARE_VERSION,
    };
    set_cpu(r, o->product);
    memcpy(r->report_data, report_data, sizeof r->report_data);
    memcpy(r->measurement, vm->measurement, sizeof r->measurement);
    memcpy(r->host_data, o->host_data, sizeof r->host_data);
    memcpy(r->report_id, vm->report_id, sizeof r->report_id);
    memset(r->report_id_ma, 0xff, sizeof r->report_id_ma); /* no migration agent */
    memcpy(r->chip_id, vm->state->leaf.hwid.data, sizeof r->chip_id);
}

/* r and s as the report stores them: little endian. */
static int sign(const struct psp_vm *vm, struct snp_report *r, uint8_t out[SNP_REPORT_SIZE], struct err *err)
{
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig sig;

    snp_report_write(r, out);
    if (hash_bytes(HASH_SHA384, span_of(out, SNP_REPORT_SIGNED_SIZE), digest, err) < 0 ||
        ecc_sign(&vm->state->vcek, span_of(digest, sizeof digest), &sig, err) < 0)
        return -1;
    for (size_t i = 0; i < SNP_SIG_FIELD; i++) {
        r->sig_r[i] = sig.r[SNP_SIG_FIELD - 1 - i];
        r->sig_s[i] = sig.s[SNP_SIG_FIELD - 1 - i];
    }
    if (vm->options->corrupt_signature)
        r->sig_s[0] ^= 1;
    snp_report_write(r, out);
    return 0;
}

int psp_report_make(struct psp_vm *vm, uint32_t vmpl, const uint8_t report_data[SNP_REPORT_DATA_SIZE],
                    uint8_t out[SNP_REPORT_SIZE], struct err *err)
{
    unsigned from = vm->options->replay_from;
    bool replay = from != 0 && vm->requests + 1 >= from;
    struct snp_report r;

    fill(vm, vmpl, replay ? vm->last_report_data : report_data, &r);
    if (sign(vm, &r, out, err) < 0)
        return -1;
    memcpy(vm->last_report_data, report_data, sizeof vm->last_report_data);
    vm->requests++;
    return 0;
}
