/* plain_driver.c - runs a fuzz target over given inputs, in builds without libFuzzer.
 *
 *   NAME_fuzz PATH...      each PATH is a file, or a folder whose files are taken in name order
 *
 * A target that is handed no input at all fails: a seed folder that went missing should be seen.
 * It does not generate inputs.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *path, const char *what) {
    fprintf(stderr, "%s: %s\n", path, what);
    exit(4);
}

/* Each input gets a block of exactly its size, so that a sanitizer sees a read past its end. */
static void run_file(const char *path, size_t size) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path, strerror(errno));
    uint8_t *data = malloc(size ? size : 1);
    if (!data) die(path, "out of memory");
    if (fread(data, 1, size, file) != size) die(path, "cannot be read to its end");
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static size_t run_path(const char *path);

static size_t run_folder(const char *path) {
    struct dirent **entries;
    int entry_count = scandir(path, &entries, NULL, alphasort);
    if (entry_count < 0) die(path, strerror(errno));
    size_t input_count = 0;
    for (int i = 0; i < entry_count; i++) {
        if (entries[i]->d_name[0] != '.') {
            char child[4096];
            int length = snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
            if (length < 0 || (size_t)length >= sizeof child) die(path, "the path is too long");
            input_count += run_path(child);
        }
        free(entries[i]);
    }
    free(entries);
    return input_count;
}

static size_t run_path(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) die(path, strerror(errno));
    if (S_ISDIR(status.st_mode)) return run_folder(path);
    run_file(path, (size_t)status.st_size);
    return 1;
}

int main(int argc, char **argv) {
    size_t input_count = 0;
    for (int i = 1; i < argc; i++)
        input_count += run_path(argv[i]);
    printf("%zu inputs\n", input_count);
    return input_count ? 0 : 2;
}
