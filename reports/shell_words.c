/* shell_words.c - see shell_words.h. */
#include "shell_words.h"

#include "vk/err.h"

#include <stdbool.h>
#include <string.h>

struct line {
    char *text;
    size_t size, n;
};

static void put(struct line *line, const char *bytes) {
    size_t n = strlen(bytes);
    VK_ASSERT(line->n + n < line->size); /* INV-SHELL-WORDS-1: it is whole */
    memcpy(line->text + line->n, bytes, n + 1);
    line->n += n;
}

static void put_word(struct line *line, const char *before, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=+./,:@%";
    bool is_plain = word[0] && word[strspn(word, plain)] == '\0';
    if (line->n > 0) put(line, " ");
    if (!is_plain) put(line, "'");
    put(line, before);
    for (; *word; word++) {
        const char byte[2] = {*word, '\0'};
        put(line, *word == '\'' ? "'\\''" : byte);
    }
    if (!is_plain) put(line, "'");
}

void report_shell_word(char *line, size_t size, const char *word) {
    struct line to = {line, size, strlen(line)};
    put_word(&to, "", word);
}

void report_shell_path(char *line, size_t size, const char *path) {
    struct line to = {line, size, strlen(line)};
    bool is_like_option = path[0] == '-' && path[1] != '\0';
    put_word(&to, is_like_option ? "./" : "", path);
}
