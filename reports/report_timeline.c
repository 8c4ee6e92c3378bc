/* report_timeline.c - see report_timeline.h. */
#include "report_timeline.h"

#include "buf_format.h"
#include "vk/json.h"

#include <inttypes.h>
#include <stdio.h>

enum { EVENTS_MAX = 64 };

struct page {
    struct vk_buf *buf;
    const struct sim_timeline *timeline;
    uint64_t first, last; /* points that are shown */
    uint64_t points;      /* in all */
    const char *events[EVENTS_MAX];
    size_t event_count;
};

/* INV-REPORT-TIMELINE-1 */
static void choose_points(struct page *page, uint64_t focus) {
    uint64_t last = 0;
    for (size_t r = 0; r < sim_timeline_replicas(page->timeline); r++) {
        const struct sim_timeline_replica *replica = sim_timeline_replica(page->timeline, r);
        for (size_t i = 0; i < replica->steps.count; i++)
            if (replica->steps.at[i].point > last) last = replica->steps.at[i].point;
    }
    page->last = last;
    page->points = last + 1;
    if (last < REPORT_TIMELINE_POINTS_MAX) return;
    uint64_t before = (uint64_t)REPORT_TIMELINE_POINTS_MAX / 4 * 3;
    page->first = focus > before ? focus - before : 0;
    if (page->first + REPORT_TIMELINE_POINTS_MAX <= last)
        page->last = page->first + REPORT_TIMELINE_POINTS_MAX - 1;
}

static bool is_shown(const struct page *page, uint64_t point) {
    return point >= page->first && point <= page->last;
}

static size_t event_index(struct page *page, const char *event) {
    for (size_t i = 0; i < page->event_count; i++)
        if (strcmp(page->events[i], event) == 0) return i;
    if (page->event_count == EVENTS_MAX) return EVENTS_MAX - 1; /* there are not so many */
    page->events[page->event_count] = event;
    return page->event_count++;
}

static void put_lives(struct page *page, const struct sim_timeline_replica *replica) {
    vk_buf_lit(page->buf, "\"lives\":[");
    for (size_t i = 0; i < replica->lives.count; i++) {
        const struct sim_timeline_life *life = &replica->lives.at[i];
        report_format(page->buf, "%s[%" PRIu64, i ? "," : "", life->start_ns / 1000);
        if (life->end)
            report_format(page->buf, ",%" PRIu64 ",\"%s\"]", life->end_ns / 1000, life->end);
        else
            vk_buf_lit(page->buf, ",null,null]");
    }
    vk_buf_char(page->buf, ']');
}

static void put_steps(struct page *page, const struct sim_timeline_replica *replica) {
    bool any = false;
    vk_buf_lit(page->buf, ",\"steps\":[");
    for (size_t i = 0; i < replica->steps.count; i++) {
        const struct sim_timeline_step *step = &replica->steps.at[i];
        if (!is_shown(page, step->point)) continue;
        report_format(page->buf, "%s[%" PRIu32 ",%" PRIu64 ",%zu", any ? "," : "", step->life,
                      step->point, event_index(page, step->event));
        any = true;
        if (step->vat == VK_NO_VAT)
            vk_buf_lit(page->buf, ",null");
        else
            report_format(page->buf, ",%" PRIu64, step->vat);
        report_format(page->buf, ",%u,%" PRIu64 ",\"%016" PRIx64 "\"]", step->flags,
                      step->end_ns / 1000, step->state_hash.high ^ step->state_hash.low);
    }
    vk_buf_char(page->buf, ']');
}

static void put_faults(struct page *page, const struct sim_timeline_replica *replica) {
    bool any = false;
    vk_buf_lit(page->buf, ",\"faults\":[");
    for (size_t i = 0; i < replica->faults.count; i++) {
        const struct sim_timeline_fault *fault = &replica->faults.at[i];
        if (!is_shown(page, fault->point)) continue;
        report_format(page->buf, "%s[%" PRIu32 ",%" PRIu64 ",\"%s\",%" PRIu64 "]", any ? "," : "",
                      fault->life, fault->point, fault_word(fault->kind), fault->at_ns / 1000);
        any = true;
    }
    vk_buf_char(page->buf, ']');
}

/* Steps of a replica that restarts come to a point again. */
static void put_divergences(struct page *page) {
    uint64_t after = page->first;
    bool any = false;
    vk_buf_lit(page->buf, "],\"divergences\":[");
    for (;;) {
        uint64_t next = UINT64_MAX;
        for (size_t r = 0; r < sim_timeline_replicas(page->timeline); r++) {
            const struct sim_timeline_replica *replica = sim_timeline_replica(page->timeline, r);
            for (size_t i = 0; i < replica->steps.count; i++) {
                const struct sim_timeline_step *step = &replica->steps.at[i];
                bool differs = step->flags & SIM_TIMELINE_DIFFERS;
                if (differs && step->point >= after && step->point < next) next = step->point;
            }
        }
        if (!is_shown(page, next)) break;
        report_format(page->buf, "%s%" PRIu64, any ? "," : "", next);
        any = true;
        after = next + 1;
    }
    vk_buf_char(page->buf, ']');
}

void report_timeline(struct vk_buf *buf, const struct sim_timeline *timeline, uint64_t focus) {
    struct page page = {.buf = buf, .timeline = timeline};
    choose_points(&page, focus);
    report_format(buf,
                  "{\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"points\":%" PRIu64
                  ",\"cut\":%s,\"replicas\":[",
                  page.first, page.last, page.points,
                  sim_timeline_is_cut(timeline) ? "true" : "false");
    for (size_t r = 0; r < sim_timeline_replicas(timeline); r++) {
        const struct sim_timeline_replica *replica = sim_timeline_replica(timeline, r);
        vk_buf_add(buf, r ? VK_STR(",{") : VK_STR("{"));
        put_lives(&page, replica);
        put_steps(&page, replica);
        put_faults(&page, replica);
        vk_buf_char(buf, '}');
    }
    vk_buf_lit(buf, "],\"events\":[");
    for (size_t i = 0; i < page.event_count; i++) {
        if (i) vk_buf_char(buf, ',');
        vk_json_quote(buf, vk_str(page.events[i]));
    }
    put_divergences(&page);
    vk_buf_char(buf, '}');
}
