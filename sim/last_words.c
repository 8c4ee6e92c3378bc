/* last_words.c - see last_words.h. */
#include "last_words.h"

#include <stdbool.h>
#include <string.h>

enum { LINE_MAX_SIZE = 2000 };

/* "/src/core/crank.c:120: assertion failed: !busy" becomes "crank.c: assertion failed: !busy". */
static bool take_assertion(const char *line, char words[SIM_LAST_WORDS_SIZE]) {
    const char *said = strstr(line, ": assertion failed: ");
    if (!said) return false;
    const char *file = said;
    while (file > line && file[-1] != '/')
        file--;
    snprintf(words, SIM_LAST_WORDS_SIZE, "%.*s%s", (int)strcspn(file, ":"), file, said);
    return true;
}

/* "SUMMARY: AddressSanitizer: heap-use-after-free crank.c:120:7 in run" becomes "AddressSanitizer: heap-use-after-free in run". */
static bool take_summary(const char *line, char words[SIM_LAST_WORDS_SIZE]) {
    static const char begin[] = "SUMMARY: ";
    if (strncmp(line, begin, sizeof begin - 1) != 0) return false;
    const char *what = line + sizeof begin - 1;
    const char *colon = strstr(what, ": ");
    const char *in = strstr(what, " in ");
    size_t n = colon ? (size_t)(colon + 2 - what) : 0;
    n += strcspn(what + n, " ");
    snprintf(words, SIM_LAST_WORDS_SIZE, "%.*s%s", (int)n, what, in ? in : "");
    return true;
}

/* What goes into a signature is printable, with single spaces, and no comment (plan_lex.h). */
static void tidy(char words[SIM_LAST_WORDS_SIZE]) {
    size_t n = 0;
    for (const char *c = words; *c && *c != '\n'; c++) {
        bool is_plain = *c > ' ' && *c < 0x7f && *c != '#';
        if (is_plain)
            words[n++] = *c;
        else if (n > 0 && words[n - 1] != ' ')
            words[n++] = ' ';
    }
    while (n > 0 && words[n - 1] == ' ')
        n--;
    words[n] = '\0';
}

void sim_last_words(FILE *said, char words[SIM_LAST_WORDS_SIZE]) {
    char line[LINE_MAX_SIZE];
    bool found = false;
    words[0] = '\0';
    while (!found && fgets(line, sizeof line, said))
        found = take_assertion(line, words) || take_summary(line, words);
    tidy(words);
}
