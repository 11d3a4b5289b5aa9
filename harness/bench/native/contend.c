/*
 * Instances of a fork loop on several CPUs, with real locks: what `pmapdiff cost` foretells by a formula.
 *
 * One thread is one instance. A life does work of its own for a random time, copies its pages in short holds of the pv
 * list locks of their 2M frames, removes them in long ones, and makes full pmap_remove calls, each with a lock of its own
 * and a delayed invalidation, whose list all instances share. No code of any kernel is in it.
 *
 *   contend line THREADS MILLISECONDS    ns of an update of one cache line that so many threads update in turn
 *   contend lives THREADS MILLISECONDS FRAMES PRIVATE HOLDS PAGES CALLS
 *                                        ns of a life; PRIVATE: ns of its own work, on the average
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint32_t u32;
typedef uint64_t u64;

enum { MOST_THREADS = 64, MOST_FRAMES = 64, MOST_PAGES = 4096, LINE = 64 };

struct line {
  _Alignas(LINE) _Atomic u64 word;
};
/* A shared page: its own line, and the line of its last pv entry, which another instance wrote. */
struct page {
  _Alignas(LINE) volatile u64 count;
  _Alignas(LINE) volatile u64 last;
};

static struct line pv_list[MOST_FRAMES], invalidation_list, contended, arrived;
static struct page pages[MOST_PAGES];
static atomic_bool begun, over;

static u32 threads, frames, holds, page_count, calls;
static double private_ns, spins_per_ns;
static bool is_line;

struct instance {
  _Alignas(LINE) pthread_t thread;
  u32 number, random;
  u64 done;
  struct line own_lock;
  volatile u64 own[MOST_PAGES / 8];
};
static struct instance instances[MOST_THREADS];

static u64 now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (u64)t.tv_sec * 1000000000ull + (u64)t.tv_nsec;
}

static void lock(struct line *l) {
  while (atomic_exchange_explicit(&l->word, 1, memory_order_acquire) != 0)
    while (atomic_load_explicit(&l->word, memory_order_relaxed) != 0) __builtin_ia32_pause();
}
static void unlock(struct line *l) { atomic_store_explicit(&l->word, 0, memory_order_release); }

/* Work that no other instance can disturb. */
static u64 spin(u64 times) {
  u64 x = times | 1;
  for (u64 i = 0; i < times; i++) {
    x = x * 6364136223846793005ull + 1442695040888963407ull;
    __asm__ volatile("" : "+r"(x));
  }
  return x;
}

static double uniform(struct instance *it) {
  it->random = it->random * 1664525u + 1013904223u;
  return ((double)(it->random >> 8) + 0.5) / 16777216.0;
}

static void touch(struct instance *it, u32 page) {
  pages[page].count++;
  pages[page].last = it->number;
  it->own[page % (MOST_PAGES / 8)] = page;
  spin(8);
}

static u32 frame_of(u32 page) { return (u32)((u64)page * frames / page_count); }

static void live(struct instance *it) {
  spin((u64)(-log(uniform(it)) * private_ns * spins_per_ns));
  for (u32 h = 0; h < holds && page_count != 0; h++) {
    u32 from = (u32)((u64)h * page_count / holds), to = (u32)((u64)(h + 1) * page_count / holds);
    struct line *l = &pv_list[frame_of(from)];
    lock(l);
    for (u32 page = from; page < to; page++) touch(it, page);
    unlock(l);
  }
  for (u32 frame = 0, page = 0; frame < frames && page_count != 0; frame++) {
    lock(&pv_list[frame]);
    for (; page < page_count && frame_of(page) == frame; page++) touch(it, page);
    unlock(&pv_list[frame]);
  }
  for (u32 call = 0; call < calls; call++) {
    atomic_fetch_add(&invalidation_list.word, 1);
    lock(&it->own_lock);
    spin(30);
    unlock(&it->own_lock);
    atomic_fetch_add(&invalidation_list.word, 1);
  }
}

static void *run(void *arg) {
  struct instance *it = arg;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(it->number, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  atomic_fetch_add(&arrived.word, 1);
  while (!atomic_load(&begun)) __builtin_ia32_pause();
  u64 done = 0;
  for (; !atomic_load_explicit(&over, memory_order_relaxed); done++)
    if (is_line)
      atomic_fetch_add(&contended.word, 1);
    else
      live(it);
  it->done = done;
  return NULL;
}

/* The fastest of some tries: others may run meanwhile. */
static double measured_spins(void) {
  enum { TIMES = 1 << 20 };
  double best = 0;
  for (u32 i = 0; i < 9; i++) {
    u64 from = now();
    spin(TIMES);
    double rate = TIMES / (double)(now() - from);
    if (rate > best) best = rate;
  }
  return best;
}

static u32 number(const char *text, u32 least, u32 most) {
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < least || value > most) {
    fprintf(stderr, "contend: expected %u..%u, got %s\n", least, most, text);
    exit(2);
  }
  return (u32)value;
}

int main(int argc, char **argv) {
  is_line = argc == 4 && strcmp(argv[1], "line") == 0;
  if (!is_line && (argc != 9 || strcmp(argv[1], "lives") != 0)) {
    fputs("usage: contend line THREADS MS | contend lives THREADS MS FRAMES PRIVATE HOLDS PAGES CALLS\n", stderr);
    return 2;
  }
  threads = number(argv[2], 1, MOST_THREADS);
  u32 milliseconds = number(argv[3], 1, 60000);
  if (!is_line) {
    frames = number(argv[4], 1, MOST_FRAMES);
    private_ns = number(argv[5], 0, 1u << 30);
    holds = number(argv[6], 1, MOST_PAGES);
    page_count = number(argv[7], 0, MOST_PAGES);
    calls = number(argv[8], 0, 1u << 20);
  }
  spins_per_ns = measured_spins();
  for (u32 i = 0; i < threads; i++) {
    instances[i].number = i;
    instances[i].random = i + 1;
    if (pthread_create(&instances[i].thread, NULL, run, &instances[i]) != 0) return 3;
  }
  while (atomic_load(&arrived.word) < threads) sched_yield();
  u64 from = now();
  atomic_store(&begun, true);
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};
  nanosleep(&time, NULL);
  atomic_store(&over, true);
  u64 to = now(), done = 0;
  for (u32 i = 0; i < threads; i++) pthread_join(instances[i].thread, NULL);
  for (u32 i = 0; i < threads; i++) done += instances[i].done;
  if (done == 0) return 3;
  printf("{\"done\":%llu,\"ns\":%llu}\n", (unsigned long long)done, (unsigned long long)(to - from));
  return 0;
}
