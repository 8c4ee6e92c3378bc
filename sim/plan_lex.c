/* plan_lex.c - see plan_lex.h. */
#include "plan_lex.h"

#include <stdarg.h>
#include <stdio.h>

enum { NAME_MAX = 32, SHOWN_MAX = 40, WORD_MAX = 40, EXPECTED_MAX = 160 };

/* ---- the text as a whole */

/* How many bytes of `text` from `at` on are one well-formed character; 0: none. */
static size_t utf8_length(struct vk_str text, size_t at) {
    const unsigned char *p = (const unsigned char *)text.p + at;
    size_t left = text.n - at, n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (n == 1) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < n) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    /* Over-long, surrogates, beyond U+10FFFF. */
    bool wrong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
                 (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
    return wrong ? 0 : n;
}

static enum vk_err fail_as(const struct sim_plan_error *error) {
    return VK_RAISE(VK_ERR_SYNTAX, "%zu:%zu: %s", error->line, error->column, error->what);
}

enum vk_err sim_plan_check_text(struct vk_str text, struct sim_plan_error *error) {
    size_t line = 1, begin = 0, n;
    *error = (struct sim_plan_error){0};
    if (text.n > SIM_PLAN_TEXT_MAX) {
        snprintf(error->what, sizeof error->what, "expected %d bytes at most, found %zu",
                 SIM_PLAN_TEXT_MAX, text.n);
        return fail_as(error);
    }
    for (size_t i = 0; i < text.n; i += n) {
        n = utf8_length(text, i);
        if (n == 0 || text.p[i] == '\0') {
            error->line = line;
            error->column = i - begin + 1;
            snprintf(error->what, sizeof error->what,
                     "expected text in UTF-8, found the byte 0x%02x",
                     (unsigned)(unsigned char)text.p[i]);
            return fail_as(error);
        }
        if (text.p[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    return VK_OK;
}

/* ---- lines and words */

void sim_plan_lexer_init(struct sim_plan_lexer *lexer, struct vk_str text) {
    *lexer = (struct sim_plan_lexer){.rest = text, .text = VK_STR("")};
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

struct sim_plan_word sim_plan_lexer_next(struct sim_plan_lexer *lexer) {
    const struct vk_str text = lexer->text;
    size_t begin = lexer->next, end;
    while (begin < text.n && is_blank(text.p[begin]))
        begin++;
    for (end = begin; end < text.n && !is_blank(text.p[end]);)
        end++;
    struct sim_plan_word word = {.place = {lexer->line, begin + 1}};
    if (begin < end)
        word.text = (struct vk_str){text.p + begin, end - begin};
    else
        word.place.column = lexer->next + 1; /* where the last word ended */
    lexer->next = end > begin ? end : lexer->next;
    return word;
}

struct sim_plan_word sim_plan_lexer_peek(const struct sim_plan_lexer *lexer) {
    struct sim_plan_lexer copy = *lexer;
    return sim_plan_lexer_next(&copy);
}

static void take_line(struct sim_plan_lexer *lexer) {
    const char *newline = memchr(lexer->rest.p, '\n', lexer->rest.n);
    size_t n = newline ? (size_t)(newline - lexer->rest.p) : lexer->rest.n;
    struct vk_str line = {lexer->rest.p, n};
    lexer->rest = vk_str_from(lexer->rest, newline ? n + 1 : n);
    const char *comment = n ? memchr(line.p, '#', n) : NULL;
    if (comment) line.n = (size_t)(comment - line.p);
    lexer->text = line;
    lexer->next = 0;
    lexer->line++;
}

bool sim_plan_lexer_next_line(struct sim_plan_lexer *lexer, struct sim_plan_word *first) {
    while (lexer->rest.n > 0) {
        take_line(lexer);
        struct sim_plan_word word = sim_plan_lexer_next(lexer);
        if (!word.text.p) continue;
        *first = word;
        return true;
    }
    return false;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool sim_plan_is_name(struct vk_str text) {
    if (text.n == 0 || text.n > NAME_MAX || !is_letter(text.p[0])) return false;
    for (size_t i = 1; i < text.n; i++) {
        char c = text.p[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-') return false;
    }
    return true;
}

/* ---- what is wrong */

struct sim_plan_closest sim_plan_closest_to(struct vk_str wanted) {
    /* One slip in a short word, up to three in a long one. */
    size_t most = wanted.n < 5 ? 1 : wanted.n < 8 ? 2 : 3;
    return (struct sim_plan_closest){.wanted = wanted, .distance = most + 1};
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Insertions, deletions, changes, and neighbours swapped, that make b of a. Words of WORD_MAX at most. */
static size_t edits(struct vk_str a, struct vk_str b) {
    size_t rows[3][WORD_MAX + 1];
    for (size_t k = 0; k <= b.n; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t k = 1; k <= b.n; k++) {
            size_t change = above[k - 1] + (a.p[i - 1] != b.p[k - 1]);
            row[k] = least(change, least(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] && a.p[i - 2] == b.p[k - 1])
                row[k] = least(row[k], second[k - 2] + 1);
        }
    }
    return rows[a.n % 3][b.n];
}

void sim_plan_closest_offer(struct sim_plan_closest *closest, struct vk_str word) {
    if (closest->wanted.n > WORD_MAX || word.n > WORD_MAX) return;
    size_t distance = edits(closest->wanted, word);
    if (distance == 0 || distance >= closest->distance || distance >= word.n) return;
    closest->distance = distance;
    closest->best = word;
}

/* 'word', with what is not printable in hex, and not all of a long one. */
static void quote(struct vk_str text, char out[4 * SHOWN_MAX + 8]) {
    size_t n = 0, shown = least(text.n, SHOWN_MAX);
    out[n++] = '\'';
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c >= 0x20 && c < 0x7f)
            out[n++] = (char)c;
        else
            n += (size_t)snprintf(out + n, 5, "\\x%02x", (unsigned)c);
    }
    snprintf(out + n, 5, "%s", text.n > shown ? "...'" : "'");
}

enum vk_err sim_plan_fail(struct sim_plan_error *error, const struct sim_plan_word *found,
                          const struct sim_plan_closest *closest, const char *expected, ...) {
    char wanted[EXPECTED_MAX], quoted[4 * SHOWN_MAX + 8];
    va_list args;
    va_start(args, expected);
    vsnprintf(wanted, sizeof wanted, expected, args);
    va_end(args);
    if (found->text.p)
        quote(found->text, quoted);
    else
        snprintf(quoted, sizeof quoted, "the end of the %s", found->place.line ? "line" : "text");
    *error = (struct sim_plan_error){.line = found->place.line, .column = found->place.column};
    if (!error->line) error->line = error->column = 1; /* there is no word at all */
    /* A message too long is cut at its end, where the least important part is. */
    struct vk_str best = closest && closest->best.p ? closest->best : VK_STR("");
    int n =
        snprintf(error->what, sizeof error->what, "expected %s, found %s%s%.*s%s", wanted, quoted,
                 best.n ? " (did you mean '" : "", VK_STR_ARG(best), best.n ? "'?)" : "");
    VK_ASSERT(n > 0); /* INV-PLAN-LEX-2 */
    return fail_as(error);
}
