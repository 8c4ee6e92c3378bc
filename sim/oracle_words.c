/* oracle_words.c - see oracle_words.h. */
#include "oracle_words.h"

#include "reports/json_line.h"

#include <stdio.h>

static bool turn_off(struct vk_str word, bool off[SIM_ORACLE_COUNT]) {
    for (int i = 0; i < SIM_ORACLE_COUNT; i++)
        if (vk_str_eq(word, vk_str(sim_oracle_word((enum sim_oracle)i)))) {
            off[i] = true;
            return true;
        }
    return false;
}

const char *sim_oracle_words_turn_off(const char *list, bool off[SIM_ORACLE_COUNT]) {
    for (const char *word = list;; word++) {
        size_t n = strcspn(word, ",");
        if (!turn_off((struct vk_str){word, n}, off)) return n ? word : "";
        word += n;
        if (!*word) return NULL;
    }
}

static void print_object(enum sim_oracle oracle) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "oracle");
    report_json_text(buf, "oracle", sim_oracle_word(oracle));
    report_json_text(buf, "demand", sim_oracle_demand(oracle));
    report_json_text(buf, "cost", sim_oracle_cost(oracle));
    report_json_end(&line, stdout);
}

void sim_oracle_words_print(bool json) {
    for (int i = 0; i < SIM_ORACLE_COUNT && json; i++)
        print_object((enum sim_oracle)i);
    for (int i = 0; i < SIM_ORACLE_COUNT && !json; i++)
        printf("%-10s %s; costs %s\n", sim_oracle_word((enum sim_oracle)i),
               sim_oracle_demand((enum sim_oracle)i), sim_oracle_cost((enum sim_oracle)i));
}
