/* report_html.c - see report_html.h. What the page does with its data is in page/. */
#include "report_html.h"

#include "embedded.h"
#include "escape.h"
#include "json_line.h"

static void put_total(void *impl, const char *name, uint64_t *value) {
    struct vk_buf *buf = impl;
    if (strncmp(name, "hash-", 5) == 0) return; /* more than a JavaScript number holds */
    report_json_count(buf, name, *value);
}

static void put_campaign(struct vk_buf *buf, const struct report_model *model) {
    struct sim_campaign_totals totals = model->totals;
    const char *partial = report_model_partial(model);
    vk_buf_lit(buf, "{\"version\":1");
    report_json_text(buf, "kind", report_results_kind_word(model->kind));
    report_json_text(buf, "unit", report_results_kind_unit(model->kind));
    report_json_bool(buf, "hasTotals", report_results_kind_has_totals(model->kind));
    report_json_count(buf, "count", report_model_count(model));
    report_json_count(buf, "failed", report_model_failed(model));
    report_json_text(buf, "command", model->command);
    report_json_text(buf, "kernel", model->kernel);
    report_json_text(buf, "started", model->started);
    report_json_text(buf, "state", report_results_state_word(model->state));
    report_json_text(buf, "partial", partial ? partial : "");
    report_json_text(buf, "error", model->error);
    report_json_count(buf, "exitCode", model->code == UINT64_MAX ? 0 : model->code);
    report_json_count(buf, "unwritten", model->unwritten);
    report_json_real(buf, "seconds", model->seconds);
    vk_buf_lit(buf, ",\"totals\":{");
    report_results_totals(&totals, buf, put_total);
    vk_buf_char(buf, '}');
}

static void begin_item(struct vk_buf *buf, size_t i) {
    vk_buf_add(buf, i ? VK_STR(",\n{\"i\":") : VK_STR("\n{\"i\":"));
    vk_buf_u64(buf, i);
}

static void put_faults(struct vk_buf *buf, const struct report_model *model) {
    report_json_name(buf, "faults");
    vk_buf_char(buf, '[');
    for (size_t k = 0; k < FAULT_KIND_COUNT; k++) {
        enum fault_kind kind = (enum fault_kind)k;
        begin_item(buf, k);
        report_json_text(buf, "word", fault_word(kind));
        report_json_text(buf, "class", fault_class_word(fault_class_of(kind)));
        report_json_text(buf, "meaning", fault_meaning(kind));
        report_json_bool(buf, "wanted", model->wanted[k]);
        report_json_count(buf, "hits", model->totals.hits[k]);
        vk_buf_char(buf, '}');
    }
    vk_buf_lit(buf, "],\"ends\":[");
    for (size_t i = 0; i < SIM_VAT_END_COUNT; i++) {
        begin_item(buf, i);
        report_json_text(buf, "words", sim_vat_end_words((enum sim_vat_end)i));
        report_json_bool(buf, "illegal", i >= SIM_VAT_END_ILLEGAL);
        report_json_count(buf, "times", model->totals.ends[i]);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

static void put_samples(struct vk_buf *buf, const struct report_model *model) {
    report_json_name(buf, "samples");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < model->sample_count; i++) {
        const struct report_sample *sample = &model->samples[i];
        const uint64_t counts[] = {sample->seeds, sample->failures, sample->cranks,
                                   sample->features};
        vk_buf_add(buf, i ? VK_STR(",[") : VK_STR("["));
        vk_json_double(buf, sample->seconds);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            vk_buf_char(buf, ',');
            vk_buf_u64(buf, counts[k]);
        }
        vk_buf_char(buf, ']');
    }
    vk_buf_char(buf, ']');
}

static void put_failure(struct vk_buf *buf, const struct report_found *found) {
    const struct sim_failure *failure = &found->failure;
    report_json_text(buf, "name", found->name);
    report_json_count(buf, "group", found->group);
    report_json_text(buf, "what", failure->what);
    report_json_count(buf, "replica", failure->replica);
    report_json_count(buf, "point", failure->point);
    report_json_count(buf, "block", failure->block);
    report_json_text(buf, "event", failure->event);
    report_json_name(buf, "vat");
    if (failure->vat == VK_NO_VAT)
        vk_buf_lit(buf, "null");
    else
        vk_buf_u64(buf, failure->vat);
    report_json_count(buf, "at", failure->at_ns);
    report_json_text(buf, "flight", found->flight);
    report_json_text(buf, "reproduce", found->reproduce);
    report_json_text(buf, "plan", found->plan ? found->plan : "");
}

static void put_failures(struct vk_buf *buf, const struct report_model *model) {
    report_json_name(buf, "groups");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < model->group_count; i++) {
        const struct sim_failure *first = &model->failures[model->groups[i].first].failure;
        begin_item(buf, i);
        report_json_text(buf, "signature", first->signature);
        report_json_text(buf, "oracle", sim_oracle_word(first->oracle));
        report_json_text(buf, "demand", sim_oracle_demand(first->oracle));
        report_json_count(buf, "first", model->groups[i].first);
        report_json_count(buf, "count", model->groups[i].count);
        vk_buf_char(buf, '}');
    }
    vk_buf_lit(buf, "],\"failures\":[");
    for (size_t i = 0; i < model->failure_count; i++) {
        begin_item(buf, i);
        put_failure(buf, &model->failures[i]);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

static void put_plans(struct vk_buf *buf, const struct report_model *model) {
    report_json_name(buf, "plans");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < model->plan_count; i++) {
        const struct report_plan *plan = &model->plans[i];
        begin_item(buf, i);
        report_json_text(buf, "name", plan->name);
        report_json_text(buf, "state", report_plan_state_word(plan->state));
        report_json_real(buf, "seconds", plan->seconds);
        report_json_text(buf, "error",
                         plan->failure != SIZE_MAX
                             ? model->failures[plan->failure].failure.signature
                             : plan->error);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

/* A timeline is JSON already: its members follow ours. */
static void put_timelines(struct vk_buf *buf, const struct report_model *model) {
    report_json_name(buf, "timelines");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < model->timeline_count; i++) {
        const struct report_model_timeline *timeline = &model->timelines[i];
        begin_item(buf, i);
        report_json_text(buf, "name", timeline->name);
        report_json_name(buf, "failure");
        if (timeline->failure == SIZE_MAX)
            vk_buf_lit(buf, "null");
        else
            vk_buf_u64(buf, timeline->failure);
        report_json_raw(buf, "difference", timeline->difference);
        vk_buf_char(buf, ',');
        vk_buf_add(buf, vk_str_from(timeline->json, 1));
    }
    vk_buf_char(buf, ']');
}

static void put_probes(struct vk_buf *buf, const struct report_model *model) {
    report_json_name(buf, "probes");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < model->probe_count; i++) {
        const struct report_probe *probe = &model->probes[i];
        begin_item(buf, i);
        report_json_text(buf, "name", probe->name);
        report_json_text(buf, "file", probe->file);
        report_json_count(buf, "line", (uint64_t)probe->line);
        report_json_bool(buf, "rare", probe->is_rare);
        report_json_bool(buf, "wanted", probe->is_wanted);
        report_json_count(buf, "hits", probe->hits);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

static void put_part(struct vk_buf *buf, const char *part, size_t bytes) {
    vk_buf_add(buf, (struct vk_str){part, bytes});
}

/* INV-HTML-1: the policy, too, lets nothing be loaded or sent. */
static void put_head(struct vk_buf *buf) {
    vk_buf_lit(buf, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                    "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
                    "<title>crankcase</title>\n<style>\n");
    put_part(buf, report_page_css, report_page_css_bytes);
    vk_buf_lit(buf, "</style>\n</head>\n<body>\n");
    put_part(buf, report_page_html, report_page_html_bytes);
}

void report_html(struct vk_buf *buf, const struct report_model *model) {
    struct vk_buf data;
    struct vk_str json = VK_STR("");
    vk_buf_init(&data, buf->arena);
    put_campaign(&data, model);
    put_faults(&data, model);
    put_samples(&data, model);
    put_failures(&data, model);
    put_plans(&data, model);
    put_timelines(&data, model);
    put_probes(&data, model);
    vk_buf_char(&data, '}');
    if (vk_buf_finish(&data, &json) != VK_OK) buf->failed = true;
    put_head(buf);
    vk_buf_lit(buf, "<script type=\"application/json\" id=\"data\">");
    report_escape_script(buf, json);
    vk_buf_lit(buf, "</script>\n<script>\n");
    put_part(buf, report_timeline_js, report_timeline_js_bytes);
    vk_buf_lit(buf, "</script>\n<script>\n");
    put_part(buf, report_page_js, report_page_js_bytes);
    vk_buf_lit(buf, "</script>\n</body>\n</html>\n");
}
