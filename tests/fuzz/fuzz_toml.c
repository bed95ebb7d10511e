/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TOML text, and the document that initdata makes of it. */
#include "initdata.h"
#include "toml.h"
#include "utf8.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const struct toml *doc, size_t i)
{
    const struct toml_entry *e = &doc->entries[i];

    assert(e->key[0] != '\0' && strlen(e->key) <= TOML_KEY_MAX && utf8_valid(span_str(e->key)));
    assert(utf8_valid(e->value) && strlen((const char *) e->value.data) == e->value.len);
    for (size_t j = 0; j < i; j++)
        assert(strcmp(e->key, doc->entries[j].key) != 0 || strcmp(e->table, doc->entries[j].table) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct toml doc = {.count = 77};
    struct initdata d = {0};
    struct err err = {0};

    if (toml_parse(span_of(data, size), 4096, &doc, &err) < 0) {
        assert(err.code != ERR_NONE && doc.count == 77);
        return 0;
    }
    assert(doc.count <= TOML_ENTRIES_MAX && doc.table_count <= TOML_TABLES_MAX);
    assert(doc.strings.len <= size + 1);
    for (size_t i = 0; i < doc.count; i++)
        check_entry(&doc, i);
    toml_free(&doc);
    if (initdata_document_parse(span_of(data, size), &d, &err) == 0)
        assert(d.count == 1 && strcmp(d.files[0].name, "policy.json") == 0);
    initdata_free(&d);
    return 0;
}
