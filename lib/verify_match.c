/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_match.h"

#include "hex.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 16 /* of a digest in a message: enough to find it in a list */

void verify_match_text(struct span value, char out[VERIFY_MATCH_TEXT_SIZE])
{
    struct span head = value.len > SHOWN_BYTES ? span_sub(value, 0, SHOWN_BYTES) : value;
    char text[2 * SHOWN_BYTES + 1] = "";
    struct err ignored;

    if (hex_encode(head, text, sizeof text, &ignored) < 0)
        text[0] = '\0'; /* cannot happen: the buffer fits */
    (void) snprintf(out, VERIFY_MATCH_TEXT_SIZE, "%s%s", text, value.len > SHOWN_BYTES ? "..." : "");
}

bool verify_match_list_is_sound(const struct verify_list *list)
{
    return list->any || (list->count <= VERIFY_MATCH_LIST_MAX && (list->count == 0 || list->entries));
}

int verify_match_list(const struct verify_list *list, struct span found, struct err *err)
{
    char found_text[VERIFY_MATCH_TEXT_SIZE], first_text[VERIFY_MATCH_TEXT_SIZE];

    if (list->any)
        return 0;
    verify_match_text(found, found_text);
    if (list->count == 0)
        return err_set(err, ERR_DENIED, 0, "expected one of an empty list, found %s", found_text);
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(list->entries + i * found.len, found.data, found.len) == 0)
            return 0;
    }
    verify_match_text(span_of(list->entries, found.len), first_text);
    if (list->count == 1)
        return err_set(err, ERR_DENIED, 0, "expected %s, found %s", first_text, found_text);
    return err_set(err, ERR_DENIED, 0, "expected one of %zu values (the first is %s), found %s", list->count,
                   first_text, found_text);
}

static const char *bit_name(const struct verify_bit_name *names, uint64_t bits)
{
    for (; names->name; names++) {
        if (names->bit & bits)
            return names->name;
    }
    return "reserved";
}

int verify_match_bits(const struct verify_bits *bits, uint64_t found, const struct verify_bit_name *names,
                      struct err *err)
{
    uint64_t excess = found & ~bits->allowed;
    uint64_t lacking = bits->required & ~found;

    if (!bits->set)
        return err_set(err, ERR_MISSING, 0, "the expected bits are not given");
    if (excess != 0)
        return err_set(err, ERR_DENIED, 0, "%s is not allowed: expected bits of 0x%llx only, found 0x%llx",
                       bit_name(names, excess), (unsigned long long) bits->allowed,
                       (unsigned long long) found);
    if (lacking != 0)
        return err_set(err, ERR_DENIED, 0, "%s is required: expected all bits of 0x%llx, found 0x%llx",
                       bit_name(names, lacking), (unsigned long long) bits->required,
                       (unsigned long long) found);
    return 0;
}
