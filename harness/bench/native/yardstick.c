/*
 * The yardstick of `pmapdiff bench`: what the simulator's hot paths do, in C, over the same kind of memory.
 *
 * It does and counts what the simulator does and counts, the seam's members, the event stream's test and the configurable
 * parts of the machine included, and it pays for what the kernel pays for and the simulator need not: locks and delayed
 * invalidation are atomic operations, a mapping is taken away by an atomic exchange of its entry. No code of any kernel is
 * in it. A batch's results and events are summed up, and must be the simulator's.
 *
 *   yardstick TASK MILLISECONDS   one line: ns per operation (median, least), and the sum of one batch
 *   yardstick list                the tasks
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include "pmap.h"
#include "walk.h"

/* Tasks. The simulator's are in harness/bench/tasks: same addresses, same order, same sums. */
static u32 top_page(struct pmap *pmap) {
  u32 frame = alloc_pt_page(NULL, 0);
  resident_count_adj(pmap, 1);
  return frame;
}
static void free_top_page(struct pmap *pmap, u32 frame) {
  free_pt_page(frame);
  resident_count_adj(pmap, -1);
}
static bool yes(struct pmap *pmap) { return pmap != NULL; }
static bool never(struct pmap *pmap) { return pmap == NULL; }
static bool only_top_pages(struct pmap *pmap) { return pmap->resident_count <= 1 + (pmap->top_user != 0); }
static bool nothing(struct pmap *pmap) { return pmap->resident_count == 0; }

/* The revision that landed, and the same without the early exit. */
static const struct hunks landed = {yes, top_page, free_top_page, only_top_pages, nothing};
static const struct hunks no_early_exit = {yes, top_page, free_top_page, never, nothing};

static struct pmap pmap0, pmap_a;
static u32 first_data;

#define BASE 0x10000000000ull
#define PAIRS 1000
#define SPREAD 100000
#define CYCLES 20
#define ENTRIES_60 60
#define EXIT_PAGES 181

static u32 order[SPREAD], chain[SPREAD];
static u64 addresses[SPREAD];

static u32 random_state;
static u32 below(u32 n) {
  random_state = random_state * 1664525u + 1013904223u;
  return (u32)((u64)random_state * n >> 32);
}

static void setup_pmap(u32 data) {
  first_data = data_pages(data);
  pmap_pinit(&pmap_a);
  pmap_activate(&pmap_a);
}

static void setup_pair(void) {
  setup_pmap(257);
  pmap_enter(&pmap_a, BASE, first_data + 256, 3, 2, 0);
}

static u64 batch_dense(void) {
  u64 before = events_counted();
  for (u32 i = 0; i < PAIRS; i++) {
    u64 va = BASE + 4096 + (u64)(i & 255) * 4096;
    pmap_enter(&pmap_a, va, first_data + (i & 255), 3, 2, 0);
    pmap_remove(&pmap_a, va, va + 4096);
  }
  return events_counted() - before + (u64)pmap_a.resident_count;
}

static u64 batch_sparse(void) {
  u64 before = events_counted();
  for (u32 i = 0; i < PAIRS; i++) {
    u64 va = 2 * BASE + ((u64)(i & 63) << 39);
    pmap_enter(&pmap_a, va, first_data + (i & 255), 3, 2, 0);
    pmap_remove(&pmap_a, va, va + 4096);
  }
  return events_counted() - before + (u64)pmap_a.resident_count;
}

/* Page i holds frame first_data + chain[i]: following frames visits all pages in one cycle. */
static void setup_spread(void) {
  setup_pmap(SPREAD);
  random_state = 1;
  for (u32 i = 0; i < SPREAD; i++) order[i] = chain[i] = i;
  for (u32 i = SPREAD - 1; i > 0; i--) {
    u32 j = below(i + 1), k = order[i];
    order[i] = order[j];
    order[j] = k;
  }
  for (u32 i = SPREAD - 1; i > 0; i--) {
    u32 j = below(i), k = chain[i];
    chain[i] = chain[j];
    chain[j] = k;
  }
  for (u32 i = 0; i < SPREAD; i++) {
    addresses[i] = BASE + (u64)order[i] * 4096;
    pmap_enter(&pmap_a, BASE + (u64)i * 4096, first_data + chain[i], 3, 2, 0);
  }
}

static u64 batch_extract(void) {
  u64 sum = 0;
  for (u32 i = 0; i < SPREAD; i++) sum += (pmap_extract(&pmap_a, addresses[i]) >> 12) - first_data;
  return sum;
}

static u64 batch_walk_independent(void) {
  u64 sum = 0;
  for (u32 i = 0; i < SPREAD; i++)
    sum += (u64)walk(&controls, pmap_a.top, BASE + (u64)order[i] * 4096, USER) - first_data;
  return sum;
}

static u64 batch_walk_dependent(void) {
  u64 sum = 0;
  u32 at = 0;
  for (u32 i = 0; i < SPREAD; i++) {
    at = (u32)((u64)walk(&controls, pmap_a.top, BASE + (u64)at * 4096, USER) - first_data);
    sum += (u64)at * (i & 7);
  }
  return sum;
}

/* 60 entries of 3 pages, the first of 4: 4 of a program, 50 of its libraries, 6 below the top of the stack. */
static u64 entry_start(u32 i) {
  if (i < 4) return 0x200000 + (u64)i * 0x10000;
  if (i < 54) return 0x800200000 + (u64)(i - 4) * 0x10000;
  return 0x7fffdf000000 + (u64)(i - 54) * 0x10000;
}

static void setup_exit(void) { first_data = data_pages(EXIT_PAGES); }
static void setup_exit_full(void) {
  setup_exit();
  hunks = &no_early_exit;
}

static u64 batch_exit(void) {
  u64 before = events_counted();
  for (u32 n = 0; n < CYCLES; n++) {
    u32 frame = first_data;
    pmap_pinit(&pmap_a);
    pmap_activate(&pmap_a);
    for (u32 i = 0; i < ENTRIES_60; i++)
      for (u32 page = 0; page < (i == 0 ? 4u : 3u); page++)
        pmap_enter(&pmap_a, entry_start(i) + page * 4096, frame++, 3, 2, 0);
    pmap_remove_pages(&pmap_a);
    for (u32 i = 0; i < ENTRIES_60; i++) pmap_remove(&pmap_a, entry_start(i), entry_start(i) + 0x8000);
    pmap_activate(&pmap0);
    pmap_release(&pmap_a);
  }
  return events_counted() - before;
}

/* The 60 calls alone, of a pmap that pmap_remove_pages has emptied. */
static void setup_calls(void) { setup_pmap(1); }
static void setup_calls_full(void) {
  setup_calls();
  hunks = &no_early_exit;
}
static u64 batch_calls(void) {
  u64 before = events_counted();
  for (u32 n = 0; n < CYCLES; n++)
    for (u32 i = 0; i < ENTRIES_60; i++) pmap_remove(&pmap_a, entry_start(i), entry_start(i) + 0x8000);
  return events_counted() - before;
}

static const struct task {
  const char *name;
  void (*setup)(void);
  u64 (*batch)(void);
  u32 ops;
} tasks[] = {
  {"enter-remove-dense", setup_pair, batch_dense, PAIRS},
  {"enter-remove-sparse", setup_pair, batch_sparse, PAIRS},
  {"extract", setup_spread, batch_extract, SPREAD},
  {"walk-independent", setup_spread, batch_walk_independent, SPREAD},
  {"walk-dependent", setup_spread, batch_walk_dependent, SPREAD},
  {"exit-cycle", setup_exit, batch_exit, CYCLES},
  {"exit-cycle-full", setup_exit_full, batch_exit, CYCLES},
  {"remove-calls", setup_calls, batch_calls, CYCLES},
  {"remove-calls-full", setup_calls_full, batch_calls, CYCLES},
};

static u64 now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (u64)t.tv_sec * 1000000000ull + (u64)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
  u64 x = *(const u64 *)a, y = *(const u64 *)b;
  return (x > y) - (x < y);
}

static int run(const struct task *task, u64 milliseconds) {
  enum { SAMPLES = 1 << 16 };
  static u64 samples[SAMPLES];
  task->setup();
  u64 sum = task->batch();
  for (u64 end = now() + milliseconds * 250000; now() < end;)
    if (task->batch() != sum) return 3;
  u32 n = 0;
  u64 end = now() + milliseconds * 1000000;
  for (u64 from = now(); n < SAMPLES && (from < end || n < 5); n++) {
    u64 got = task->batch();
    u64 to = now();
    if (got != sum) return 3;
    samples[n] = to - from;
    from = to;
  }
  qsort(samples, n, sizeof *samples, compare);
  printf("{\"task\":\"%s\",\"batches\":%u,\"ops\":%u,\"median\":%.4f,\"least\":%.4f,\"sum\":%" PRIu64 "}\n", task->name, n,
         task->ops, (double)samples[n / 2] / task->ops, (double)samples[0] / task->ops, sum);
  return 0;
}

int main(int argc, char **argv) {
  const size_t count_tasks = sizeof tasks / sizeof *tasks;
  if (argc == 2 && strcmp(argv[1], "list") == 0) {
    for (size_t i = 0; i < count_tasks; i++) puts(tasks[i].name);
    return 0;
  }
  if (argc < 3) {
    fputs("usage: yardstick TASK MILLISECONDS [la57] [record] | yardstick list\n", stderr);
    return 2;
  }
  for (int i = 3; i < argc; i++) {
    la57 |= strcmp(argv[i], "la57") == 0;
    recording |= strcmp(argv[i], "record") == 0;
  }
  ram = mmap(NULL, (size_t)FRAMES << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  pages = calloc(FRAMES, sizeof *pages);
  if (ram == MAP_FAILED || pages == NULL) return 3;
  controls = (struct controls){.wp = true, .nxe = true, .smep = true, .smap = true, .levels = 4, .reserved = 0x000fc00000000000ull};
  cpu.tag = cpu.last_tag = cpu.pcid_gen = 1;
  cpu.pcid_next = 2;
  hunks = &landed;
  kernel_pages = data_pages(16);
  pmap_pinit(&pmap0);
  cpu.cur = &pmap0;
  pmap0.active = 1;
  for (size_t i = 0; i < count_tasks; i++)
    if (strcmp(argv[1], tasks[i].name) == 0) return run(&tasks[i], strtoull(argv[2], NULL, 10));
  fprintf(stderr, "yardstick: no task named %s\n", argv[1]);
  return 2;
}
