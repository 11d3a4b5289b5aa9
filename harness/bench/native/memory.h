/*
 * The machine's memory: entry bits, RAM, pages and their allocation; and what is counted.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

/* What the simulator asserts ends the program here. */
static inline void must(bool holds) {
  if (unlikely(!holds)) abort();
}

/* Entries. */
#define PG_V 0x1ull
#define PG_RW 0x2ull
#define PG_U 0x4ull
#define PG_A 0x20ull
#define PG_M 0x40ull
#define PG_PS 0x80ull
#define PG_MANAGED 0x400ull
#define PG_W 0x800ull
#define PG_NX (1ull << 63)
#define PG_FRAME 0x000ffffffffff000ull
#define PG_TABLE (PG_V | PG_RW | PG_U | PG_A | PG_M)
#define MODIFIED (PG_M | PG_RW)

#define PAGE 4096ull
#define FRAMES (1u << 18)
#define NPTEPG 512
#define RUN_PAGES 512

/* Counted. Those before EVENTS are summed up and compared with the simulator's. */
enum {
  PMAP_LOCKS,
  PV_LIST_LOCKS,
  PV_CHUNK_LIST_LOCKS,
  DELAYED_INVALIDATIONS,
  INVALIDATE_PAGES,
  INVALIDATE_ALLS,
  INVLPGS,
  FLUSHES,
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  PV_CHUNK_ALLOCS,
  PV_CHUNK_FREES,
  REMOVE_CALLS,
  REMOVE_EARLY_EXITS,
  REMOVE_LOOPS,
  PAGES_DIRTIED,
  EVENTS,
  USER_PT_PAGE_COUNT = EVENTS,
  PV_PAGE_COUNT,
  PV_ENTRY_COUNT,
  ALLOC_FAILURES,
  REACHED_INVALIDATE_OTHERS,
  REACHED_PINIT_TOP_PAGE,
  REACHED_RELEASE_TOP_PAGE,
  REACHED_REMOVE_IS_NOOP,
  REACHED_REMOVE_LOOP_DONE,
  COUNTERS
};
static u64 count[COUNTERS];

static u64 events_counted(void) {
  u64 sum = 0;
  for (int i = 0; i < EVENTS; i++) sum += count[i];
  return sum;
}

struct pv_entry {
  u64 va;
  struct pv_entry *next, *prev;
};

struct pv_list {
  struct pv_entry *first, *last;
};

#define PGA_WRITEABLE 1
#define PGA_REFERENCED 2
#define VPO_UNMANAGED 4

struct vm_page {
  struct pv_list pv;
  u64 pindex;
  u32 next, object;
  int ref_count;
  u8 aflags, oflags, dirty, valid, busy, non_zero;
};

/* A 2M frame: its pv list lock, its 2M mappings, the delayed invalidation that its pages await, whether it is full. */
struct run {
  _Atomic int lock;
  bool full;
  struct pv_list pv;
  u64 invl_gen;
} __attribute__((aligned(64)));

static u8 *ram;
static struct vm_page *pages;
static struct run runs[FRAMES / RUN_PAGES];
static u32 free_zero, free_other, next_frame = 1;
/* Allocations that still succeed; negative: no limit. */
static long page_limit = -1;

static inline u64 *table(u32 frame) { return (u64 *)(ram + ((u64)frame << 12)); }
static inline u32 frame_of(u64 entry) { return (u32)((entry & PG_FRAME) >> 12); }
static inline struct run *run_of(u32 frame) { return &runs[frame / RUN_PAGES]; }

/* A free frame, zeroed if asked; 0: none. */
static u32 page_take(bool zero) {
  if (unlikely(page_limit >= 0) && page_limit-- == 0) {
    count[ALLOC_FAILURES]++;
    return 0;
  }
  u32 *lists[2] = {zero ? &free_zero : &free_other, zero ? &free_other : &free_zero};
  for (int i = 0; i < 2; i++) {
    u32 frame = *lists[i];
    if (frame == 0) continue;
    *lists[i] = pages[frame].next;
    if (zero && pages[frame].non_zero) memset(table(frame), 0, PAGE);
    return frame;
  }
  must(next_frame < FRAMES);
  return next_frame++;
}

static u32 page_alloc(bool zero) {
  u32 frame = page_take(zero);
  if (unlikely(frame == 0)) return 0;
  pages[frame].ref_count = 1;
  pages[frame].oflags = VPO_UNMANAGED;
  return frame;
}

static void page_free(u32 frame, bool zeroed) {
  struct vm_page *page = &pages[frame];
  must(page->ref_count == 0 && page->pv.first == NULL);
  page->oflags = page->aflags = page->valid = page->dirty = 0;
  page->pindex = 0;
  page->non_zero = !zeroed;
  u32 *list = zeroed ? &free_zero : &free_other;
  page->next = *list;
  *list = frame;
}

static inline void page_dirty(u32 frame) {
  count[PAGES_DIRTIED]++;
  pages[frame].dirty = 0xff;
}

/* n data pages that were never free, the first of a 2M frame. */
static u32 data_pages(u32 n) {
  u32 first = (next_frame + RUN_PAGES - 1) & ~(RUN_PAGES - 1u);
  next_frame = first + n;
  return first;
}
