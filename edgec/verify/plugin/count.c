/*
 * QEMU plugin: counts the instructions of a model's runs, by layer.
 *
 * Arguments: map=FILE,out=FILE[,data=FILE][,hist=on][,blocks=on]. Each line of the map is a code
 * range,
 *
 *     START END ID      (hexadecimal, END exclusive; decimal)
 *
 * with ID -1 for the code that calls the model, 0 for the model's entry function and 1, 2, ... for
 * its layers. A run begins when code of ID 0 executes and ends when code of ID -1 does. Within a
 * run, instructions of a known range count for its ID, all others (C library, kernels that were
 * not inlined) for the ID before them. The output has lines
 *
 *     runs N
 *     count ID N
 *     pc ADDRESS N      (with hist=on, addresses that executed within runs)
 *     block ID N TAKEN FIRST ... LAST   (with blocks=on: a translation block that ran N times
 *                       for ID; TAKEN times what came next was not the code behind it)
 *
 *     data ID N         (with data=FILE, a list of data ranges in the same form: loads and stores
 *                       there within runs, as accesses of up to 32 bits)
 *
 * Counting is per translation block: one call per block executed, however long the block. Only
 * with data=FILE there is a call per load and store, too.
 *
 * Debian's QEMU 7.2 has the plugin interface but ships no header, so the part of it used here is
 * declared below, after the interface documentation (docs/devel/tcg-plugins in QEMU).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;

typedef void (*translate_callback)(plugin_id id, struct qemu_plugin_tb *block);
typedef void (*execute_callback)(unsigned int cpu, void *data);
typedef void (*memory_callback)(unsigned int cpu, uint32_t access, uint64_t address, void *data);
typedef void (*exit_callback)(plugin_id id, void *data);

enum { CALLBACK_USES_NO_REGISTERS = 0, LOADS_AND_STORES = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translate_callback callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, execute_callback callback,
                                          int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_callback callback,
                                      int flags, int kind, void *data);
unsigned int qemu_plugin_mem_size_shift(uint32_t access);
void qemu_plugin_register_atexit_cb(plugin_id id, exit_callback callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc, char **argv);

enum { ID_OUTSIDE = -1, ID_RUN = 0, ID_UNKNOWN = -2 };

struct range {
    uint64_t start;
    uint64_t end;
    int id;
};

/* A translated block. The same code may be translated more than once. */
struct block {
    struct block *next;
    int id;
    uint64_t start;
    uint64_t end;      /* of Thumb code; only with blocks=on */
    uint64_t executed; /* within runs */
    uint64_t *by_id;   /* executed and taken, by ID; only with blocks=on */
    size_t instructions;
    uint64_t addresses[]; /* only with hist=on or blocks=on */
};

/* A word that an instruction accessed. */
struct word {
    uint64_t turn; /* of the instruction's block */
    const void *instruction;
    uint64_t number; /* its address by its size */
};

/* Ranges, and a number of events for each ID that they have. */
struct table {
    struct range *ranges;
    size_t range_count;
    uint64_t *counts;
    size_t count_size;
};

struct state {
    struct table code;
    struct table data;
    struct block *blocks;
    char *output;
    bool histogram;
    bool by_block;
    bool running;
    int current;
    struct block *last;
    int last_id;
    uint64_t runs;
    uint64_t turns;       /* blocks that were executed */
    struct word accessed; /* the last word within a run */
};

static struct state state;

static void *allocate(size_t bytes)
{
    void *const memory = calloc(1, bytes);
    if (memory == NULL) {
        fprintf(stderr, "edgec plugin: out of memory\n");
        exit(1);
    }
    return memory;
}

static int id_of(const struct table *table, uint64_t address)
{
    for (size_t i = 0; i < table->range_count; i++) {
        if (address >= table->ranges[i].start && address < table->ranges[i].end) {
            return table->ranges[i].id;
        }
    }
    return ID_UNKNOWN;
}

/* Count `block` for the current ID, and whether the block before it branched here. */
static void follow(struct block *block)
{
    if (state.last != NULL && state.last->end != block->start) {
        state.last->by_id[2 * state.last_id + 1]++;
    }
    if (block->by_id == NULL) {
        block->by_id = allocate(2u * state.code.count_size * sizeof block->by_id[0]);
    }
    block->by_id[2 * state.current]++;
    state.last = block;
    state.last_id = state.current;
}

static void on_execute(unsigned int cpu, void *data)
{
    struct block *const block = data;
    (void)cpu;
    state.turns++;
    if (block->id == ID_OUTSIDE) {
        state.running = false;
        state.last = NULL;
        return;
    }
    if (!state.running) {
        if (block->id != ID_RUN) {
            return;
        }
        state.running = true;
        state.runs++;
    }
    if (block->id != ID_UNKNOWN) {
        state.current = block->id;
    }
    state.code.counts[state.current] += block->instructions;
    block->executed++;
    if (state.by_block) {
        follow(block);
    }
}

/* A load or store of more than 32 bits counts as several, and all elements of one word that an
   instruction for vectors accesses count as one. */
static void on_access(unsigned int cpu, uint32_t access, uint64_t address, void *instruction)
{
    const int id = state.running ? id_of(&state.data, address) : ID_UNKNOWN;
    const unsigned int shift = qemu_plugin_mem_size_shift(access);
    const struct word word = {state.turns, instruction, address >> 2};
    (void)cpu;
    if (id < 0 || (word.turn == state.accessed.turn && word.number == state.accessed.number &&
                   word.instruction == state.accessed.instruction)) {
        return;
    }
    state.accessed = word;
    state.data.counts[id] += shift > 2u ? UINT64_C(1) << (shift - 2u) : 1u;
}

/* The address behind a Thumb instruction: its first halfword tells its size. */
static uint64_t behind(const struct qemu_plugin_insn *insn)
{
    const uint8_t *const code = qemu_plugin_insn_data(insn);
    return qemu_plugin_insn_vaddr(insn) + ((code[1] >> 3) >= 0x1du ? 4u : 2u);
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *translated)
{
    const size_t count = qemu_plugin_tb_n_insns(translated);
    const size_t kept = state.histogram || state.by_block ? count : 0u;
    struct block *const block = allocate(sizeof *block + kept * sizeof block->addresses[0]);
    (void)id;
    block->id = id_of(&state.code, qemu_plugin_tb_vaddr(translated));
    block->start = qemu_plugin_tb_vaddr(translated);
    block->end = state.by_block ? behind(qemu_plugin_tb_get_insn(translated, count - 1u)) : 0u;
    block->instructions = count;
    for (size_t i = 0; i < kept; i++) {
        block->addresses[i] = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, i));
    }
    for (size_t i = 0; state.data.range_count > 0u && i < count; i++) {
        struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(translated, i);
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, CALLBACK_USES_NO_REGISTERS,
                                         LOADS_AND_STORES,
                                         (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn));
    }
    block->next = state.blocks;
    state.blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(translated, on_execute, CALLBACK_USES_NO_REGISTERS, block);
}

static void write_block(FILE *file, const struct block *block)
{
    for (size_t id = 0; block->by_id != NULL && id < state.code.count_size; id++) {
        if (block->by_id[2u * id] == 0u) {
            continue;
        }
        fprintf(file, "block %zu %" PRIu64 " %" PRIu64, id, block->by_id[2u * id],
                block->by_id[2u * id + 1u]);
        for (size_t i = 0; i < block->instructions; i++) {
            fprintf(file, " %" PRIx64, block->addresses[i]);
        }
        fprintf(file, "\n");
    }
}

static void on_exit_write(plugin_id id, void *data)
{
    FILE *const file = fopen(state.output, "w");
    (void)id;
    (void)data;
    if (file == NULL) {
        fprintf(stderr, "edgec plugin: cannot write %s\n", state.output);
        return;
    }
    fprintf(file, "runs %" PRIu64 "\n", state.runs);
    for (size_t i = 0; i < state.code.count_size; i++) {
        fprintf(file, "count %zu %" PRIu64 "\n", i, state.code.counts[i]);
    }
    for (size_t i = 0; state.data.range_count > 0u && i < state.data.count_size; i++) {
        fprintf(file, "data %zu %" PRIu64 "\n", i, state.data.counts[i]);
    }
    for (const struct block *block = state.blocks; block != NULL; block = block->next) {
        for (size_t i = 0; state.histogram && block->executed > 0u && i < block->instructions;
             i++) {
            fprintf(file, "pc %" PRIx64 " %" PRIu64 "\n", block->addresses[i], block->executed);
        }
        write_block(file, block);
    }
    fclose(file);
}

static bool read_table(const char *path, struct table *table)
{
    FILE *const file = fopen(path, "r");
    struct range range;
    size_t capacity = 0;
    if (file == NULL) {
        return false;
    }
    while (fscanf(file, "%" SCNx64 " %" SCNx64 " %d", &range.start, &range.end, &range.id) == 3) {
        if (table->range_count == capacity) {
            capacity = capacity * 2u + 64u;
            table->ranges = realloc(table->ranges, capacity * sizeof range);
            if (table->ranges == NULL) {
                fclose(file);
                return false;
            }
        }
        table->ranges[table->range_count++] = range;
        if (range.id >= 0 && (size_t)range.id >= table->count_size) {
            table->count_size = (size_t)range.id + 1u;
        }
    }
    fclose(file);
    table->counts = allocate((table->count_size + 1u) * sizeof table->counts[0]);
    return true;
}

int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc, char **argv)
{
    const char *map = "";
    const char *data = NULL;
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "map=", 4) == 0) {
            map = argv[i] + 4;
        } else if (strncmp(argv[i], "data=", 5) == 0) {
            data = argv[i] + 5;
        } else if (strncmp(argv[i], "out=", 4) == 0) {
            state.output = strdup(argv[i] + 4);
        } else if (strcmp(argv[i], "hist=on") == 0) {
            state.histogram = true;
        } else if (strcmp(argv[i], "blocks=on") == 0) {
            state.by_block = true;
        }
    }
    if (state.output == NULL || !read_table(map, &state.code) ||
        (data != NULL && !read_table(data, &state.data))) {
        fprintf(stderr, "edgec plugin: arguments map=FILE and out=FILE are needed\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, on_exit_write, NULL);
    return 0;
}
