/* text_mutator.c - how libFuzzer changes an input of these targets: by lines and words, and by
 * bytes.
 *
 * Nearly all that a change of single bytes makes of a recording is refused by the JSON reader.
 * Most of the changes here leave the text well-formed and say something else: a line missing,
 * twice or elsewhere, one name in the place of another, a number off by one, a value of another
 * type. Some changes are libFuzzer's own (bytes, and the target's dictionary), on one line or on
 * all.
 *
 * Linked to the targets whose inputs are text, in libFuzzer builds only, by text_hooks.c or plan_mutator.c. What it does
 * depends on the seed alone.
 */
#include "text_mutator.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

struct text {
    uint8_t *p;
    size_t n, max;
    uint64_t random; /* state */
};

struct piece {
    size_t at, n;
};

static const char *const values[] = {
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    "\"\"",
    "{}",
    "[]",
    "[[]]",
    "\"ko20\"",
    "\"v1\"",
    "\"o-50\"",
    "\"o+1\"",
    "\"p-60\"",
    "4294967296",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "0.5",
};

uint64_t fuzz_draw(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t draw(struct text *text) { return fuzz_draw(&text->random); }

static size_t below(struct text *text, size_t bound) {
    return bound ? (size_t)(draw(text) % bound) : 0;
}

/* ---- pieces of a text */

/* The line around a byte, with its newline. */
static struct piece line_around(const struct text *text, size_t at) {
    size_t begin = at, end = at;
    while (begin > 0 && text->p[begin - 1] != '\n')
        begin--;
    while (end < text->n && text->p[end] != '\n')
        end++;
    if (end < text->n) end++;
    return (struct piece){begin, end - begin};
}

static struct piece any_line(struct text *text) { return line_around(text, below(text, text->n)); }

static bool in_word(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '-' || c == '_' || c == '.';
}

/* A name or number, somewhere in the text; empty if there is none near. */
static struct piece any_word(struct text *text) {
    size_t begin = below(text, text->n);
    while (begin < text->n && !in_word(text->p[begin]))
        begin++;
    while (begin > 0 && begin < text->n && in_word(text->p[begin - 1]))
        begin--;
    size_t end = begin;
    while (end < text->n && in_word(text->p[end]))
        end++;
    return (struct piece){begin, end - begin};
}

/* What stands between a colon or comma and the next one: a value, if it is a simple one. */
static struct piece any_value(struct text *text) {
    size_t begin = below(text, text->n);
    while (begin < text->n && text->p[begin] != ':' && text->p[begin] != ',' &&
           text->p[begin] != '[')
        begin++;
    if (begin < text->n) begin++;
    size_t end = begin;
    bool in_string = false;
    for (; end < text->n; end++) {
        if (text->p[end] == '"') in_string = !in_string;
        if (text->p[end] == '\n' || (!in_string && strchr(",]}", text->p[end]))) break;
    }
    return (struct piece){begin, end - begin};
}

/* What stands between two quotes of a line, the first of which opens a string; empty if there is none near. */
static struct piece any_string(struct text *text) {
    struct piece line = any_line(text), string = {line.at, 0};
    size_t seen = 0, begin = line.at;
    bool in_string = false;
    for (size_t i = line.at; i < line.at + line.n; i++) {
        if (text->p[i] == '\\') i++;
        if (i >= line.at + line.n || text->p[i] != '"') continue;
        if (in_string && below(text, ++seen) == 0) string = (struct piece){begin, i - begin};
        in_string = !in_string;
        begin = i + 1;
    }
    return string;
}

/* Puts `with` in the place of a piece, as much as there is room for. */
static void replace(struct text *text, struct piece piece, const uint8_t *with, size_t n) {
    size_t rest = text->n - piece.at - piece.n;
    size_t room = text->max - piece.at - rest;
    if (n > room) n = room;
    memmove(text->p + piece.at + n, text->p + piece.at + piece.n, rest);
    if (n) memcpy(text->p + piece.at, with, n);
    text->n = piece.at + n + rest;
}

/* The same with another piece of the text itself. */
static void replace_by_piece(struct text *text, struct piece piece, struct piece with) {
    uint8_t *copy = malloc(with.n + 1);
    if (!copy) return;
    memcpy(copy, text->p + with.at, with.n);
    replace(text, piece, copy, with.n);
    free(copy);
}

/* ---- changes */

static void delete_lines(struct text *text) {
    struct piece piece = any_line(text);
    for (size_t more = below(text, 2) ? 0 : below(text, 12); more > 0; more--) {
        if (piece.at + piece.n == text->n) break;
        piece.n += line_around(text, piece.at + piece.n).n;
    }
    replace(text, piece, NULL, 0);
}

static void copy_line(struct text *text) {
    struct piece line = any_line(text), place = any_line(text);
    if (below(text, 3)) place.n = 0; /* else in the place of the other */
    replace_by_piece(text, place, line);
}

static void swap_neighbours(struct text *text) {
    struct piece first = any_line(text);
    size_t middle = first.at + first.n;
    if (middle == text->n) return;
    struct piece second = line_around(text, middle);
    uint8_t *copy = malloc(first.n);
    if (!copy) return;
    memcpy(copy, text->p + first.at, first.n);
    memmove(text->p + first.at, text->p + middle, second.n);
    memcpy(text->p + first.at + second.n, copy, first.n);
    free(copy);
}

static void copy_word(struct text *text) {
    struct piece word = any_word(text), place = any_word(text);
    if (place.n) replace_by_piece(text, place, word);
}

/* One string has nothing in it, or what another one has. */
static void set_string(struct text *text) {
    struct piece string = any_string(text);
    if (below(text, 3))
        replace_by_piece(text, string, any_string(text));
    else
        replace(text, string, NULL, 0);
}

static void copy_value(struct text *text) {
    struct piece value = any_value(text);
    replace_by_piece(text, any_value(text), value);
}

static void set_value(struct text *text) {
    const char *value = values[below(text, sizeof values / sizeof *values)];
    replace(text, any_value(text), (const uint8_t *)value, strlen(value));
}

/* The digits at the end of a word count one up or down. */
static void step_number(struct text *text) {
    struct piece word = any_word(text);
    size_t digits = 0;
    while (digits < word.n && digits < 18 && text->p[word.at + word.n - 1 - digits] >= '0' &&
           text->p[word.at + word.n - 1 - digits] <= '9')
        digits++;
    if (digits == 0) return;
    const struct piece place = {word.at + word.n - digits, digits};
    uint64_t number = 0;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (uint64_t)(text->p[place.at + i] - '0');
    number = below(text, 2) || number == 0 ? number + 1 : number - 1;
    char fresh[24];
    int n = snprintf(fresh, sizeof fresh, "%llu", (unsigned long long)number);
    replace(text, place, (const uint8_t *)fresh, (size_t)n);
}

static void mutate_line(struct text *text) {
    struct piece line = any_line(text);
    size_t room = text->max - text->n, max = line.n + (room < 64 ? room : 64);
    uint8_t *copy = malloc(max + 1);
    if (!copy) return;
    memcpy(copy, text->p + line.at, line.n);
    size_t n = LLVMFuzzerMutate(copy, line.n, max);
    replace(text, line, copy, n);
    free(copy);
}

static void (*const changes[])(struct text *) = {
    delete_lines, copy_line,   swap_neighbours, copy_word,   copy_word,   copy_value, set_value,
    set_value,    step_number, step_number,     mutate_line, mutate_line, set_string,
};

size_t fuzz_text_mutate(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    struct text text = {.p = data, .n = size, .max = max_size, .random = seed};
    if (size == 0 || below(&text, 8) == 0) return LLVMFuzzerMutate(data, size, max_size);
    for (size_t count = 1 + below(&text, 3); count > 0 && text.n > 0; count--)
        changes[below(&text, sizeof changes / sizeof *changes)](&text);
    return text.n;
}

/* The first lines of one and the last lines of the other; or one with a line of the other. */
size_t fuzz_text_cross_over(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
                            uint8_t *out, size_t max_size, unsigned int seed) {
    if (size1 == 0 || size2 == 0 || size1 > max_size) return 0;
    struct text text = {.p = out, .n = size1, .max = max_size, .random = seed};
    memcpy(out, data1, size1);
    uint8_t *copy = malloc(size2);
    if (!copy) return 0;
    memcpy(copy, data2, size2);
    struct text other = {.p = copy, .n = size2, .max = size2, .random = draw(&text)};
    struct piece there = any_line(&other), here = any_line(&text);
    if (below(&text, 2)) {
        here.n = text.n - here.at;
        there.n = other.n - there.at;
    } else if (below(&text, 2)) {
        here.n = 0;
    }
    replace(&text, here, other.p + there.at, there.n);
    free(copy);
    return text.n;
}
