/*
 * Runs a generated model over inputs from a file. Nothing about the data is linked in: which
 * model it is comes from harness_config.h, what to do with it from control.bin.
 *
 *   control.bin  struct control
 *   input.bin    for each inference all inputs, in the manifest's order
 *   output.bin   for each inference all outputs, in the manifest's order
 *   trace.bin    if asked for: for each step (index, bytes) as uint32, then the bytes
 *   report.bin   struct report, written last
 */
#include "board_io.h"
#include "harness_config.h"

#include <string.h>

#define CONTROL_MAGIC 0x31434445u /* "EDC1" */
#define TRACE_INFERENCE 0xffffffffu
#define ARENA_GARBAGE 0xa5

enum { FLAG_STACK = 1, FLAG_TRACE = 2, FLAG_RESET_EACH = 4 };

struct control {
    uint32_t magic;
    uint32_t flags;
    uint32_t inferences;
    uint32_t repeat;
};

struct report {
    uint32_t inferences;
    int32_t status;
    uint32_t stack_bytes;
    uint32_t reserved;
    uint64_t nanoseconds;
};

struct tensor {
    size_t offset;
    size_t bytes;
};

#ifndef EDGEC_HARNESS_ROWS
static const struct tensor inputs[] = {EDGEC_HARNESS_INPUTS};
#endif
static const struct tensor outputs[] = {EDGEC_HARNESS_OUTPUTS};

__attribute__((section(".bss.edgec_arena"),
               aligned(EDGEC_HARNESS_ARENA_ALIGN))) static uint8_t arena[EDGEC_HARNESS_ARENA_BYTES];

static int32_t trace_file = -1;

/* The lowest words that the stack may use; a run that changes them has overflowed it. On a board
   their address is a constant, so that it survives the overflow. */
enum { GUARD_WORDS = 4 };

static void check_io(bool ok)
{
    if (!ok) {
        board_message("edgec harness: a file could not be opened, read or written\n");
        board_exit(BOARD_EXIT_IO);
    }
}

/* Called by the model after each step when it is compiled with EDGEC_ENABLE_TRACE. */
void edgec_trace(uint32_t index, const void *data, size_t bytes);
void edgec_trace(uint32_t index, const void *data, size_t bytes)
{
    const uint32_t head[2] = {index, (uint32_t)bytes};
    if (trace_file >= 0) {
        check_io(board_write(trace_file, head, sizeof head));
        check_io(board_write(trace_file, data, bytes));
    }
}

static void set_stack_guard(uint32_t *stack_guard)
{
    for (int32_t i = 0; i < GUARD_WORDS; i++) {
        stack_guard[i] = BOARD_PAINT;
    }
}

static void check_stack_guard(const uint32_t *stack_guard)
{
    for (int32_t i = 0; i < GUARD_WORDS; i++) {
        if (stack_guard[i] != BOARD_PAINT) {
            board_message("edgec harness: the stack grew past its limit\n");
            board_exit(BOARD_EXIT_STACK);
        }
    }
}

static struct control read_control(void)
{
    struct control control;
    const int32_t file = board_open_read("control.bin");
    if (file < 0 || !board_read(file, &control, sizeof control) || control.magic != CONTROL_MAGIC) {
        board_message("edgec harness: control.bin is missing or malformed\n");
        board_exit(BOARD_EXIT_CONTROL);
    }
    board_close(file);
    return control;
}

#ifdef EDGEC_HARNESS_ROWS

/* One inference takes many calls, each with a row of the input. Where inputs overlap, only new rows
   are pushed for those behind the first one. */
enum { CALLS = EDGEC_HARNESS_ROWS, MORE_CALLS = EDGEC_HARNESS_HOP, READY = 2 };
enum { CALL_BYTES = EDGEC_HARNESS_ROW_BYTES };

static uint8_t row[EDGEC_HARNESS_ROW_BYTES] __attribute__((aligned(16)));

static int entry(void *memory)
{
    return EDGEC_HARNESS_ENTRY(memory, row);
}

static void read_inputs(int32_t file)
{
    check_io(board_read(file, row, sizeof row));
}

#else

enum { CALLS = 1, MORE_CALLS = 1, READY = 0 };
enum { CALL_BYTES = EDGEC_HARNESS_INPUT_BYTES };

static const board_entry entry = EDGEC_HARNESS_ENTRY;

static void read_inputs(int32_t file)
{
    for (size_t i = 0; i != EDGEC_HARNESS_INPUT_COUNT; i++) {
        check_io(board_read(file, arena + inputs[i].offset, inputs[i].bytes));
    }
}

#endif

static void write_outputs(int32_t file)
{
    for (size_t i = 0; i != EDGEC_HARNESS_OUTPUT_COUNT; i++) {
        check_io(board_write(file, arena + outputs[i].offset, outputs[i].bytes));
    }
}

static void reset_state(void)
{
#ifdef EDGEC_HARNESS_RESET
    (void)EDGEC_HARNESS_RESET(arena);
#endif
}

/* A call of the model: what it returns, if that is not `expected`, else 0. */
static int32_t call(const struct control *control, int32_t expected, struct report *report)
{
    uint32_t *const guard = board_stack_limit();
    uint32_t *const painted = (control->flags & FLAG_STACK) != 0u ? guard : NULL;
    set_stack_guard(guard);
    int status = 0;
    const uint64_t before = board_nanoseconds();
    const size_t stack = board_call(entry, arena, &status, painted);
    report->nanoseconds += board_nanoseconds() - before;
    check_stack_guard(guard);
    if (stack > report->stack_bytes) {
        report->stack_bytes = (uint32_t)stack;
    }
    if (status == expected) {
        return 0;
    }
    return status != 0 ? status : -1;
}

/* One inference, `repeat` times from the same inputs, of which the last one counts. */
static void infer(const struct control *control, int32_t file, size_t position, int32_t calls,
                  struct report *report)
{
    for (uint32_t i = 0; i < control->repeat && report->status == 0; i++) {
        if (i > 0u) {
            check_io(board_seek(file, position));
        }
        if ((control->flags & FLAG_RESET_EACH) != 0u) {
            reset_state();
        }
        for (int32_t k = 1; k <= calls && report->status == 0; k++) {
            read_inputs(file);
            report->status = call(control, k < calls ? 0 : READY, report);
        }
    }
}

static void run_all(const struct control *control, struct report *report)
{
    const int32_t input = board_open_read("input.bin");
    const int32_t output = board_open_write("output.bin");
    check_io(input >= 0 && output >= 0);
    size_t position = 0;
    while (report->inferences < control->inferences && report->status == 0) {
        const bool first = report->inferences == 0u || (control->flags & FLAG_RESET_EACH) != 0u;
        const int32_t calls = first ? CALLS : MORE_CALLS;
        if (trace_file >= 0) {
            edgec_trace(TRACE_INFERENCE, &report->inferences, sizeof report->inferences);
        }
        infer(control, input, position, calls, report);
        write_outputs(output);
        position += (size_t)calls * CALL_BYTES;
        report->inferences++;
    }
    board_close(output);
    board_close(input);
}

int main(void)
{
    const struct control control = read_control();
    struct report report;
    memset(&report, 0, sizeof report);
    if ((control.flags & FLAG_TRACE) != 0u) {
        trace_file = board_open_write("trace.bin");
        check_io(trace_file >= 0);
    }
    /* Memory that the model has no right to rely on is anything but zero. */
    memset(arena, ARENA_GARBAGE, sizeof arena);
#ifdef EDGEC_HARNESS_BIND
    report.status = EDGEC_HARNESS_BIND(arena, ARENA_GARBAGE);
#endif
    reset_state();
    run_all(&control, &report);
    if (trace_file >= 0) {
        board_close(trace_file);
    }
    const int32_t file = board_open_write("report.bin");
    check_io(file >= 0 && board_write(file, &report, sizeof report));
    board_close(file);
    return BOARD_EXIT_OK;
}
