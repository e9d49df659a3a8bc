/* Uses the C ABI as a program would: mount, add a driver, list, edit the registry, save, discard.
 * usage: service IMAGE INDEX DRIVERS [--force-unsigned]
 * Prints one line per result; exits with the first failing call's status.
 * tests/abi.rs compiles it with -Wall -Wextra -Werror, as C and as C++, under ASAN and UBSAN. */
#include "imgsvc.h"
#include "imgsvc.h" /* including it twice must be harmless */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ASCII to UTF-16; the caller frees it. */
static uint16_t *wide(const char *text) {
    size_t length = strlen(text);
    uint16_t *units = (uint16_t *)calloc(length + 1, sizeof *units);
    for (size_t i = 0; units != NULL && i < length; i++) units[i] = (unsigned char)text[i];
    return units;
}

static void print_wide(const char *label, const uint16_t *units) {
    fputs(label, stderr);
    for (; units != NULL && *units != 0; units++) fputc(*units < 128 ? (int)*units : '?', stderr);
    fputc('\n', stderr);
}

static void check(const char *what, imgsvc_status status, imgsvc_error *error) {
    if (status == IMGSVC_STATUS_OK) return;
    fprintf(stderr, "%s: status %d, hresult %#x\n", what, status, (unsigned)imgsvc_error_hresult(error));
    print_wide("  id      ", imgsvc_error_id(error));
    print_wide("  message ", imgsvc_error_message(error));
    print_wide("  subject ", imgsvc_error_subject(error));
    print_wide("  remedy  ", imgsvc_error_remedy(error));
    if (imgsvc_error_status(error) != status) abort();
    imgsvc_error_free(error);
    exit(status);
}

/* The order of a call's arguments is not defined, so the status is taken first. */
#define CALL(what, call)                  \
    do {                                  \
        imgsvc_status status = (call);    \
        check((what), status, error);     \
    } while (0)

static void print_document(const char *label, imgsvc_document *document) {
    printf("%s %.*s\n", label, (int)imgsvc_document_length(document),
           (const char *)imgsvc_document_data(document));
    imgsvc_document_free(document);
}

static int32_t count_calls(void *context, const imgsvc_progress *now) {
    if (now->total != 0 && now->done > now->total) abort();
    ++*(unsigned long *)context;
    return 0;
}

static int32_t count_bytes(void *context, const uint8_t *json, size_t length) {
    if (length == 0 || json[0] != '[') abort();
    *(unsigned long *)context += (unsigned long)length;
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: service IMAGE INDEX DRIVERS [--force-unsigned]\n"), 2;
    if (imgsvc_abi_version() != IMGSVC_ABI_VERSION) return fprintf(stderr, "wrong library\n"), 2;
    uint16_t *how = wide(argc > 4 ? "{\"recurse\": true, \"forceUnsigned\": true}" : "{\"recurse\": true}");
    unsigned long calls = 0, listed = 0, keys = 0, values = 0;
    uint16_t *image = wide(argv[1]), *drivers = wide(argv[3]), *root = wide("\\");
    uint16_t *key = wide("HKLM\\SOFTWARE\\Contoso\\Service"), *none = wide("HKLM\\SOFTWARE\\Nobody");
    uint16_t *name = wide("Level"), *parents = wide("{\"parents\": true}");
    uint16_t *device = wide("{\"hardwareIds\": [\"*\"], \"recurse\": true}");
    uint16_t *value = wide("{\"kind\": \"DWord\", \"form\": \"number\", \"value\": 5}");
    const uint16_t *paths[1];
    imgsvc_error *error = NULL;
    imgsvc_session *session = NULL;
    imgsvc_document *document = NULL;
    paths[0] = drivers;

    CALL("info", imgsvc_file_get_info(image, &document, &error));
    print_document("info", document);
    CALL("mount", imgsvc_session_mount(image, (uint32_t)atoi(argv[2]), NULL, NULL, 0, count_calls, &calls,
                                       &session, &error));
    CALL("add", imgsvc_driver_add(session, paths, 1, how, count_calls, &calls, &document, &error));
    print_document("add", document);
    CALL("drivers", imgsvc_driver_list(session, NULL, count_calls, &calls, &document, &error));
    print_document("drivers", document);
    CALL("match", imgsvc_driver_match(session, NULL, 0, device, count_calls, &calls, &document, &error));
    print_document("match", document);
    CALL("match files", imgsvc_driver_match(NULL, paths, 1, device, NULL, NULL, &document, &error));
    print_document("match files", document);
    CALL("compare saved", imgsvc_driver_compare(NULL, session, NULL, NULL, NULL, &document, &error));
    print_document("compare saved", document);
    CALL("compare itself", imgsvc_driver_compare(session, session, NULL, NULL, NULL, &document, &error));
    print_document("compare itself", document);
    if (imgsvc_driver_match(NULL, NULL, 0, device, NULL, NULL, &document, NULL) != IMGSVC_STATUS_INVALID_ARGUMENT)
        return 3;
    if (imgsvc_driver_compare(NULL, NULL, NULL, NULL, NULL, &document, NULL) != IMGSVC_STATUS_INVALID_ARGUMENT)
        return 3;
    CALL("list", imgsvc_item_list(session, root, IMGSVC_ITEM_RECURSE, count_bytes, &listed, &error));
    CALL("set value", imgsvc_registry_set_value(session, NULL, key, name, value, parents, count_calls, &calls,
                                                &document, &error));
    print_document("set value", document);
    CALL("list keys", imgsvc_registry_list_keys(session, NULL, NULL, NULL, count_bytes, &keys, &document, &error));
    print_document("list keys", document);
    CALL("list values", imgsvc_registry_list_values(session, NULL, key, NULL, count_bytes, &values, &document,
                                                    &error));
    print_document("list values", document);
    CALL("compare", imgsvc_registry_compare_session(session, NULL, count_calls, count_bytes, &values, &document,
                                                    &error));
    print_document("compare", document);
    if (imgsvc_registry_delete_key(session, NULL, none, NULL, NULL, NULL, &document, &error) !=
        IMGSVC_STATUS_REGISTRY_NOT_FOUND)
        return 3;
    imgsvc_error_free(error);
    error = NULL;
    if (imgsvc_registry_delete_key(session, image, key, NULL, NULL, NULL, &document, NULL) !=
        IMGSVC_STATUS_INVALID_ARGUMENT)
        return 3;
    if (imgsvc_registry_delete_key(NULL, NULL, key, NULL, NULL, NULL, &document, NULL) !=
        IMGSVC_STATUS_INVALID_ARGUMENT)
        return 3;
    CALL("save", imgsvc_session_save(session, 0, 0, count_calls, &calls, &document, &error));
    print_document("save", document);
    CALL("discard", imgsvc_session_discard(session, &error));
    imgsvc_session_free(session);
    printf("progress %lu, listed %lu, keys %lu, values %lu\n", calls, listed, keys, values);

    /* What must be harmless. */
    imgsvc_session_free(NULL);
    imgsvc_error_free(NULL);
    imgsvc_document_free(NULL);
    if (imgsvc_file_get_info(NULL, &document, NULL) != IMGSVC_STATUS_INVALID_ARGUMENT) return 3;
    if (imgsvc_file_get_info(image, NULL, NULL) != IMGSVC_STATUS_INVALID_ARGUMENT) return 3;
    free(image), free(drivers), free(how), free(root), free(key), free(none), free(name), free(parents), free(value), free(device);
    return 0;
}
