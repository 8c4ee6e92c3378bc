/* results_kept.c - see results_kept.h. */
#include "results_kept.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 10000 };

static size_t size_of(const char *text) { return text ? strlen(text) + 1 : 0; }

static size_t size_of_str(struct vk_str text) { return vk_str_present(text) ? text.n : 0; }

static void take_text(const char **text, char **room) {
    size_t size = size_of(*text);
    if (!*text) return;
    *text = memcpy(*room, *text, size);
    *room += size;
}

static void take_str(struct vk_str *text, char **room) {
    size_t size = size_of_str(*text);
    if (size == 0) return;
    text->p = memcpy(*room, text->p, size);
    *room += size;
}

bool report_results_kept_add(struct report_results_kept_list *list, const struct report_row *row) {
    size_t texts = size_of(row->name) + size_of(row->reproduce) + size_of(row->path) +
                   size_of(row->error) + size_of_str(row->json) + size_of_str(row->difference);
    struct report_results_kept *kept = list->count < KEPT_MAX ? malloc(sizeof *kept + texts) : NULL;
    if (!kept) return false;
    char *room = (char *)(kept + 1);
    *kept = (struct report_results_kept){.row = *row};
    take_text(&kept->row.name, &room);
    take_text(&kept->row.reproduce, &room);
    take_text(&kept->row.path, &room);
    take_text(&kept->row.error, &room);
    take_str(&kept->row.json, &room);
    take_str(&kept->row.difference, &room);
    VK_ASSERT(room == (char *)(kept + 1) + texts); /* all that was counted is there */
    struct report_results_kept **end = list->last ? &list->last->next : &list->first;
    *end = list->last = kept;
    list->count++;
    return true;
}

void report_results_kept_remove(struct report_results_kept_list *list,
                                struct report_results_kept **at) {
    struct report_results_kept *kept = *at, *last = NULL;
    VK_ASSERT(kept && list->count > 0); /* it is one of the list */
    *at = kept->next;
    list->count--;
    if (kept == list->last) {
        for (struct report_results_kept *left = list->first; left; left = left->next)
            last = left;
        list->last = last;
    }
    free(kept);
}

void report_results_kept_clear(struct report_results_kept_list *list) {
    while (list->first)
        report_results_kept_remove(list, &list->first);
}
