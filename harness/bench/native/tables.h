/*
 * Page-table pages: finding entries, making, linking and unlinking the pages, freeing them once TLBs are clean.
 */
#pragma once
#include "cpu.h"

static inline void resident_count_adj(struct pmap *pmap, long n) {
  pmap->resident_count += n;
  must(pmap->resident_count >= 0);
}

/* pmap NULL: a top-level page. */
static inline void pt_page_count_adj(struct pmap *pmap, long n) {
  if (pmap != NULL) resident_count_adj(pmap, n);
  count[USER_PT_PAGE_COUNT] += (u64)n;
}

static u32 alloc_pt_page(struct pmap *pmap, u64 pindex) {
  u32 frame = page_alloc(true);
  if (unlikely(frame == 0)) return 0;
  pages[frame].pindex = pindex;
  pages[frame].non_zero = true;
  count[PT_PAGE_ALLOCS]++;
  pt_page_count_adj(pmap, 1);
  return frame;
}

/* A top-level page, checked to be all zero. */
static void free_pt_page(u32 frame) {
  u64 any = 0;
  for (int i = 0; i < NPTEPG; i++) any |= table(frame)[i];
  must(any == 0);
  pages[frame].ref_count--;
  count[PT_PAGE_FREES]++;
  page_free(frame, true);
  pt_page_count_adj(NULL, -1);
}

/* Pages to free once TLBs are clean. */
static u32 delayed;

static void delay_free(u32 frame) {
  pages[frame].non_zero = false;
  pages[frame].next = delayed;
  delayed = frame;
}

static void free_delayed(void) {
  u32 frame = delayed;
  delayed = 0;
  while (frame != 0) {
    u32 next = pages[frame].next;
    count[PT_PAGE_FREES]++;
    page_free(frame, !pages[frame].non_zero);
    frame = next;
  }
}

/* Page-table pages of a pmap by index: PT pages, PD pages, PDP pages, PML4 pages. */
#define PD_INDEX (1ull << 35)
#define PDP_INDEX (PD_INDEX + (1ull << 26))
#define PML4_INDEX (PDP_INDEX + (1ull << 17))

/* Each NULL if there is no table for the entry. */
static inline u64 *pml4e_at(struct pmap *pmap, u64 va) {
  u32 pml4 = pmap->top;
  if (unlikely(la57)) {
    u64 pml5e = table(pmap->top)[va >> 48 & 511];
    if ((pml5e & PG_V) == 0) return NULL;
    pml4 = frame_of(pml5e);
  }
  return &table(pml4)[va >> 39 & 511];
}
static inline u64 *pdpe_at(struct pmap *pmap, u64 va) {
  u64 *pml4e = pml4e_at(pmap, va);
  return pml4e == NULL || (*pml4e & PG_V) == 0 ? NULL : &table(frame_of(*pml4e))[va >> 30 & 511];
}
static inline u64 *pde_at(struct pmap *pmap, u64 va) {
  u64 *pdpe = pdpe_at(pmap, va);
  if (pdpe == NULL || (*pdpe & PG_V) == 0) return NULL;
  must((*pdpe & PG_PS) == 0);
  return &table(frame_of(*pdpe))[va >> 21 & 511];
}
static inline u64 *pte_in(u64 pde, u64 va) { return &table(frame_of(pde))[va >> 12 & 511]; }

static bool unwire(struct pmap *pmap, u64 va, u32 frame);

/* A table without entries goes, and its parent with it if that was its last. */
static __attribute__((noinline)) void unlink_table(struct pmap *pmap, u64 va, u32 frame) {
  u64 pindex = pages[frame].pindex;
  u32 parent = 0;
  if (pindex < PD_INDEX) {
    u64 pdpe = *pdpe_at(pmap, va);
    parent = frame_of(pdpe);
    table(parent)[va >> 21 & 511] = 0;
  } else if (pindex < PDP_INDEX) {
    u64 pml4e = *pml4e_at(pmap, va);
    parent = frame_of(pml4e);
    table(parent)[va >> 30 & 511] = 0;
  } else if (pindex < PML4_INDEX) {
    *pml4e_at(pmap, va) = 0;
    if (unlikely(la57)) parent = frame_of(table(pmap->top)[va >> 48 & 511]);
    else if (unlikely(pmap->top_user != 0)) table(pmap->top_user)[va >> 39 & 511] = 0;
  } else {
    table(pmap->top)[va >> 48 & 511] = 0;
    if (pmap->top_user != 0) table(pmap->top_user)[va >> 48 & 511] = 0;
  }
  if (parent != 0) unwire(pmap, va, parent);
  pt_page_count_adj(pmap, -1);
  delay_free(frame);
}

static inline bool unwire(struct pmap *pmap, u64 va, u32 frame) {
  if (likely(--pages[frame].ref_count != 0)) return false;
  unlink_table(pmap, va, frame);
  return true;
}

/* Links a page into the root, and into the user root if there is one: the kernel's entry then has NX. */
static void link_top(struct pmap *pmap, u64 slot, u32 frame) {
  u64 entry = (u64)frame << 12 | PG_TABLE;
  must((table(pmap->top)[slot] & PG_V) == 0);
  table(pmap->top)[slot] = pmap->top_user != 0 ? entry | PG_NX : entry;
  if (pmap->top_user != 0) table(pmap->top_user)[slot] = entry;
}

/*
 * The PT page of va, made with all tables above it. Its first reference stands for the entry that the caller stores, that
 * of a table above for the entry of the table below. No task runs short of memory.
 */
static __attribute__((noinline)) u32 make_pt(struct pmap *pmap, u64 va) {
  u32 pt = alloc_pt_page(pmap, va >> 21), pml4 = pmap->top;
  must(pt != 0);
  if (unlikely(la57)) {
    u64 *pml5e = &table(pmap->top)[va >> 48 & 511];
    if ((*pml5e & PG_V) == 0) link_top(pmap, va >> 48 & 511, alloc_pt_page(pmap, PML4_INDEX + (va >> 48)));
    else if ((table(frame_of(*pml5e))[va >> 39 & 511] & PG_V) == 0) pages[frame_of(*pml5e)].ref_count++;
    pml4 = frame_of(*pml5e);
  }
  u64 *pml4e = &table(pml4)[va >> 39 & 511];
  bool made_pdp = (*pml4e & PG_V) == 0;
  if (made_pdp) {
    u32 pdp = alloc_pt_page(pmap, PDP_INDEX + (va >> 39));
    must(pdp != 0);
    if (unlikely(la57)) *pml4e = (u64)pdp << 12 | PG_TABLE;
    else link_top(pmap, va >> 39 & 511, pdp);
  }
  u32 pdp = frame_of(*pml4e);
  u64 *pdpe = &table(pdp)[va >> 30 & 511];
  if ((*pdpe & PG_V) == 0) {
    u32 pd = alloc_pt_page(pmap, PD_INDEX + (va >> 30));
    must(pd != 0);
    if (!made_pdp) pages[pdp].ref_count++;
    *pdpe = (u64)pd << 12 | PG_TABLE;
  } else {
    pages[frame_of(*pdpe)].ref_count++;
  }
  u64 *pde = &table(frame_of(*pdpe))[va >> 21 & 511];
  must((*pde & PG_V) == 0);
  *pde = (u64)pt << 12 | PG_TABLE;
  return pt;
}
