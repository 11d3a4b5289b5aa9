/*
 * Locks, the CPU with its TLB, invalidation, and delayed invalidation.
 *
 * Locks are taken by an atomic exchange and dropped by an atomic compare-and-exchange, as the kernel's mutexes and
 * reader-writer locks are.
 */
#pragma once
#include "memory.h"

#define MAX_CPUS 64
#define TLB_SLOTS 512

struct pmap {
  _Atomic int lock;
  u32 top, top_user;
  long resident_count, wired_count;
  u32 flags;
  struct pv_chunk *chunk_first, *chunk_last;
  _Atomic u64 active;
  int reserved;
  u32 pcid[MAX_CPUS], pcid_gen[MAX_CPUS];
};

struct tlb_slot {
  u32 tag, frame;
  u64 va;
};

static struct {
  struct pmap *cur;
  u32 tag, last_tag, pcid_next, pcid_gen;
  struct tlb_slot tlb[TLB_SLOTS];
} cpu;
/* As the machine is configured. */
static int ncpus = 1;
static bool pcid_enabled = true, la57;

/* The members of the seam that the tasks reach, called as the simulator calls a variant's. */
struct hunks {
  bool (*invalidate_others)(struct pmap *);
  u32 (*pinit_top_page)(struct pmap *);
  void (*release_top_page)(struct pmap *, u32 frame);
  bool (*remove_is_noop)(struct pmap *);
  bool (*remove_loop_done)(struct pmap *);
};
static const struct hunks *hunks;

/* The event stream, off unless asked for. */
static bool recording;
static u64 recorded[1 << 12], events;
static __attribute__((noinline)) void emit(u64 kind, u64 a, u64 b) {
  u64 *at = &recorded[(events++ & 1023) * 4];
  at[0] = kind;
  at[1] = a;
  at[2] = b;
}

static inline void lock(_Atomic int *l) {
  while (unlikely(atomic_exchange_explicit(l, 1, memory_order_acquire))) continue;
}
static inline void unlock(_Atomic int *l) {
  int held = 1;
  must(atomic_compare_exchange_strong_explicit(l, &held, 0, memory_order_release, memory_order_relaxed));
}

static inline void pmap_lock(struct pmap *pmap) {
  lock(&pmap->lock);
  count[PMAP_LOCKS]++;
}
static inline void pmap_unlock(struct pmap *pmap) { unlock(&pmap->lock); }

/* The pv list lock that is held, if any: one a 2M frame, changed only when the frame does. */
static struct run *pv_locked;

static inline void pv_unlock(void) {
  if (pv_locked == NULL) return;
  unlock(&pv_locked->lock);
  pv_locked = NULL;
}
static inline void pv_lock(u32 frame) {
  struct run *run = run_of(frame);
  if (run == pv_locked) return;
  pv_unlock();
  lock(&run->lock);
  count[PV_LIST_LOCKS]++;
  pv_locked = run;
}

/* Other CPUs take a new PCID before they run the pmap again. */
static inline void expire_pcids(struct pmap *pmap) {
  if (!pcid_enabled) return;
  int keep = cpu.cur == pmap ? 0 : -1;
  for (int i = 0; i < ncpus; i++)
    if (i != keep) pmap->pcid_gen[i] = 0;
  atomic_thread_fence(memory_order_seq_cst);
}

static inline void interrupt_others(struct pmap *pmap) {
  if (likely((atomic_load_explicit(&pmap->active, memory_order_relaxed) & ~1ull) == 0)) return;
  count[REACHED_INVALIDATE_OTHERS]++;
  must(!hunks->invalidate_others(pmap));
}

static void invalidate_page(struct pmap *pmap, u64 va) {
  count[INVALIDATE_PAGES]++;
  expire_pcids(pmap);
  interrupt_others(pmap);
  if (cpu.cur != pmap) return;
  count[INVLPGS]++;
  struct tlb_slot *slot = &cpu.tlb[(va >> 12 ^ va >> 21 ^ cpu.tag * 37) & (TLB_SLOTS - 1)];
  if (slot->tag == cpu.tag && slot->va == (va & ~(PAGE - 1))) slot->tag = 0;
}

static void invalidate_all(struct pmap *pmap) {
  count[INVALIDATE_ALLS]++;
  expire_pcids(pmap);
  interrupt_others(pmap);
  if (cpu.cur != pmap) return;
  count[FLUSHES]++;
  cpu.tag = ++cpu.last_tag;
}

/* Blocks of delayed invalidation form a list with an atomic head. */
struct invl {
  u64 gen;
  _Atomic(struct invl *) next;
};
static struct invl invl_head = {.gen = 1}, invl_mine;

static inline void invl_start(void) {
  must(invl_mine.gen == 0);
  struct invl *none = NULL;
  invl_mine.gen = invl_head.gen + 1;
  atomic_store_explicit(&invl_mine.next, NULL, memory_order_relaxed);
  must(atomic_compare_exchange_strong(&invl_head.next, &none, &invl_mine));
  count[DELAYED_INVALIDATIONS]++;
}

static inline void invl_finish(void) {
  struct invl *mine = &invl_mine;
  invl_head.gen = invl_mine.gen;
  must(atomic_compare_exchange_strong(&invl_head.next, &mine, NULL));
  invl_mine.gen = 0;
}

/* The pages of this 2M frame await the open block, if there is one. */
static inline void invl_page(u32 frame) {
  if (invl_mine.gen != 0) run_of(frame)->invl_gen = invl_mine.gen;
}
