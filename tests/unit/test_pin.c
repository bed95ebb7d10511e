/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pin: the Coordinator's own evidence against the policy's reference values. Reports are softpsp's, under a
 * test root. The pin on the root CA and the form of the answer: test_join. */
#include "pin.h"

#include "atls.h"

#include "psp_report.h"
#include "snp_evidence.h"
#include "snp_test.h"

#define NOW CLOCK_2026

struct lab {
    struct psp_options options;
    struct psp_state state;
    struct psp_vm vm;
    struct ecc_pair tls_key;
    uint8_t spki[ECC_SPKI_MAX];
    uint8_t nonce[ATLS_NONCE_SIZE];
    uint8_t report_data[ATLS_REPORT_DATA_SIZE]; /* what the agent expects */
    uint8_t evidence[ATLS_EVIDENCE_MAX];
    struct policy_coordinator coordinator;
    struct span key; /* spki */
    struct pin_evidence pin;
};

static struct lab lab;
static struct err err;

static void quiet(const char *line)
{
    (void) line;
}

static int setup(void **state)
{
    (void) state;
    memset(&lab, 0, sizeof(lab));
    if (psp_state_open("tests/vectors/psp", SNP_PRODUCT_GENOA, quiet, &lab.state, &err) < 0)
        fail_msg("%s", err.text);
    lab.options = (struct psp_options){.product = SNP_PRODUCT_GENOA, .guest_policy = 0x30000, .vmpl = -1};
    memset(lab.options.host_data, 0x11, sizeof(lab.options.host_data));
    lab.vm = (struct psp_vm){.options = &lab.options, .state = &lab.state};
    memset(lab.vm.measurement, 0x22, sizeof(lab.vm.measurement));
    memset(lab.nonce, 0x33, sizeof(lab.nonce));
    struct writer w = writer_of(lab.spki, sizeof(lab.spki));
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &lab.tls_key, &err), 0);
    ecc_public_to_spki(&lab.tls_key.pub, &w);
    lab.key = writer_span(&w);
    assert_int_equal(atls_report_data(lab.key, lab.nonce, lab.report_data, &err), 0);

    struct policy_reference *r = &lab.coordinator.references[0];
    lab.coordinator.reference_count = 1;
    memset(r->measurement, 0x22, sizeof(r->measurement));
    r->has_host_data = true;
    memset(r->host_data, 0x11, sizeof(r->host_data));
    lab.pin = (struct pin_evidence){
        .coordinator = &lab.coordinator,
        .report_data = span_of(lab.report_data, sizeof(lab.report_data)),
        .now_s = NOW,
        .test_root = lab.state.chain.ark,
    };
    return 0;
}

/* The evidence as the Coordinator shows it, for this nonce. */
static void show(const uint8_t *nonce)
{
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    uint8_t report[SNP_REPORT_SIZE];
    struct writer w = writer_of(lab.evidence, sizeof(lab.evidence));
    assert_int_equal(atls_report_data(lab.key, nonce, report_data, &err), 0);
    assert_int_equal(psp_report_make(&lab.vm, 0, report_data, report, &err), 0);
    assert_int_equal(
        snp_evidence_encode(span_of(report, sizeof(report)), &lab.state.chain, SNP_PRODUCT_GENOA, &w, &err),
        0);
    lab.pin.evidence = writer_span(&w);
}

static void accepted(void)
{
    show(lab.nonce);
    if (pin_check_evidence(&lab.pin, &err) < 0)
        fail_msg("%s", err.text);
}

static void refused(const char *text)
{
    assert_int_equal(pin_check_evidence(&lab.pin, &err), -1);
    if (err.code != ERR_DENIED || strstr(err.text, text) == NULL)
        fail_msg("expected \"%s\", found %s \"%s\"", text, err_code_name(err.code), err.text);
}

static void test_good(void **state)
{
    (void) state;
    accepted();
    lab.coordinator.references[0].has_host_data = false;
    memset(lab.options.host_data, 0x99, sizeof(lab.options.host_data));
    accepted();
}

static void test_second_reference(void **state)
{
    (void) state;
    lab.coordinator.references[1] = lab.coordinator.references[0];
    lab.coordinator.references[0].measurement[0] ^= 1;
    lab.coordinator.reference_count = 2;
    accepted();
}

static void test_no_pin(void **state)
{
    (void) state;
    lab.coordinator.reference_count = 0; /* then evidence is not looked at */
    lab.pin.evidence = span_str("whatever");
    assert_int_equal(pin_check_evidence(&lab.pin, &err), 0);
}

static void test_stale_nonce(void **state)
{
    uint8_t other[ATLS_NONCE_SIZE] = {0};
    (void) state;
    show(other);
    refused("evidence: report data: ");
}

static void test_other_key(void **state)
{
    (void) state;
    show(lab.nonce);
    lab.spki[lab.key.len - 1] ^= 1;
    assert_int_equal(atls_report_data(lab.key, lab.nonce, lab.report_data, &err), 0);
    refused("evidence: report data: ");
}

static void test_measurement(void **state)
{
    (void) state;
    lab.vm.measurement[47] ^= 1;
    show(lab.nonce);
    refused("evidence: measurement: ");
}

static void test_host_data(void **state)
{
    (void) state;
    lab.options.host_data[31] ^= 1;
    show(lab.nonce);
    refused("evidence: host data: ");
}

static void test_debug(void **state)
{
    (void) state;
    lab.options.guest_policy |= SNP_POLICY_DEBUG;
    show(lab.nonce);
    refused("evidence: guest policy: ");
}

static void test_migration(void **state)
{
    (void) state;
    lab.options.guest_policy |= SNP_POLICY_MIGRATE_MA;
    show(lab.nonce);
    refused("evidence: guest policy: ");
}

static void test_vmpl(void **state)
{
    (void) state;
    lab.options.vmpl = 1;
    show(lab.nonce);
    refused("evidence: vmpl: ");
}

static void test_tcb(void **state)
{
    (void) state;
    lab.coordinator.references[0].minimum_tcb.microcode = 255;
    show(lab.nonce);
    refused("evidence: reported tcb: ");
}

static void test_chip(void **state)
{
    struct policy_reference *r = &lab.coordinator.references[0];
    (void) state;
    r->chip_count = 1;
    show(lab.nonce);
    refused("evidence: chip id: ");
    memcpy(r->chip_ids[0], lab.state.leaf.hwid.data, SNP_CHIP_ID_SIZE);
    accepted();
}

static void test_signature(void **state)
{
    (void) state;
    lab.options.corrupt_signature = true;
    show(lab.nonce);
    refused("evidence: signature: ");
}

/* softpsp's root is trusted by tests only. */
static void test_root(void **state)
{
    (void) state;
    lab.pin.test_root = span_of(NULL, 0);
    show(lab.nonce);
    refused("evidence: ");
}

static void test_no_evidence(void **state)
{
    (void) state;
    lab.pin.evidence = span_of(NULL, 0);
    refused("evidence: it shows none, and the policy has reference values");
    lab.pin.evidence = span_str("\x0a\x00");
    refused("evidence: ");
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        ROW(test_good),        ROW(test_second_reference),
        ROW(test_no_pin),      ROW(test_stale_nonce),
        ROW(test_other_key),   ROW(test_measurement),
        ROW(test_host_data),   ROW(test_debug),
        ROW(test_migration),   ROW(test_vmpl),
        ROW(test_tcb),         ROW(test_chip),
        ROW(test_signature),   ROW(test_root),
        ROW(test_no_evidence),
    };
#undef ROW
    return cmocka_run_group_tests(tests, NULL, NULL);
}
