/* Uses the C ABI as a program would: mount, add a driver, list, save, discard.
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
    uint32_t flags = IMGSVC_DRIVER_RECURSE | (argc > 4 ? IMGSVC_DRIVER_FORCE_UNSIGNED : 0u);
    unsigned long calls = 0, listed = 0;
    uint16_t *image = wide(argv[1]), *drivers = wide(argv[3]), *root = wide("\\");
    const uint16_t *paths[1];
    imgsvc_error *error = NULL;
    imgsvc_session *session = NULL;
    imgsvc_document *document = NULL;
    paths[0] = drivers;

    CALL("info", imgsvc_file_get_info(image, &document, &error));
    print_document("info", document);
    CALL("mount", imgsvc_session_mount(image, (uint32_t)atoi(argv[2]), NULL, NULL, 0, count_calls, &calls,
                                       &session, &error));
    CALL("add", imgsvc_driver_add(session, paths, 1, flags, count_calls, &calls, &document, &error));
    print_document("add", document);
    CALL("list", imgsvc_item_list(session, root, IMGSVC_ITEM_RECURSE, count_bytes, &listed, &error));
    CALL("save", imgsvc_session_save(session, 0, 0, count_calls, &calls, &document, &error));
    print_document("save", document);
    CALL("discard", imgsvc_session_discard(session, &error));
    imgsvc_session_free(session);
    printf("progress %lu, listed %lu\n", calls, listed);

    /* What must be harmless. */
    imgsvc_session_free(NULL);
    imgsvc_error_free(NULL);
    imgsvc_document_free(NULL);
    if (imgsvc_file_get_info(NULL, &document, NULL) != IMGSVC_STATUS_INVALID_ARGUMENT) return 3;
    if (imgsvc_file_get_info(image, NULL, NULL) != IMGSVC_STATUS_INVALID_ARGUMENT) return 3;
    free(image), free(drivers), free(root);
    return 0;
}
