/*
 * The calls that are timed: pinit, activate, enter, extract, remove, remove_pages, release.
 *
 * Superpages are tested for wherever the simulator does, but no task makes one.
 */
#pragma once
#include "pv.h"

#define PROT_W 2
#define PROT_X 4
#define ENTER_NOSLEEP 0x100
#define ENTER_WIRED 0x200

static u32 kernel_pages;
static const u32 kernel_slots[] = {257, 258, 259, 260, 261, 262, 263, 264, 496, 508, 509, 510, 511};
#define KERNEL_SLOTS (sizeof kernel_slots / sizeof *kernel_slots)
#define RECURSIVE_SLOT 256

static void pmap_pinit(struct pmap *pmap) {
  if (unlikely(recording)) emit(0, (uintptr_t)pmap, 0);
  memset(pmap, 0, sizeof *pmap);
  count[REACHED_PINIT_TOP_PAGE]++;
  pmap->top = hunks->pinit_top_page(pmap);
  for (size_t i = 0; i < KERNEL_SLOTS; i++)
    table(pmap->top)[kernel_slots[i]] = (u64)(kernel_pages + i) << 12 | PG_V | PG_RW;
  table(pmap->top)[RECURSIVE_SLOT] = (u64)pmap->top << 12 | PG_V | PG_RW | PG_A | PG_M;
}

static void pmap_release(struct pmap *pmap) {
  if (unlikely(recording)) emit(1, (uintptr_t)pmap, 0);
  must(pmap->reserved == 0 && pmap->active == 0);
  for (size_t i = 0; i < KERNEL_SLOTS; i++) table(pmap->top)[kernel_slots[i]] = 0;
  table(pmap->top)[RECURSIVE_SLOT] = 0;
  count[REACHED_RELEASE_TOP_PAGE]++;
  hunks->release_top_page(pmap, pmap->top);
  must(pmap->resident_count == 0);
}

static void pmap_activate(struct pmap *pmap) {
  if (unlikely(recording)) emit(2, (uintptr_t)pmap, 0);
  struct pmap *old = cpu.cur;
  if (old == pmap) return;
  atomic_fetch_or(&pmap->active, 1);
  if (pmap->pcid_gen[0] != cpu.pcid_gen) {
    if (cpu.pcid_next == 0x1000) {
      cpu.pcid_next = 1;
      cpu.pcid_gen++;
    }
    pmap->pcid[0] = cpu.pcid_next++;
    pmap->pcid_gen[0] = cpu.pcid_gen;
  }
  cpu.tag = ++cpu.last_tag;
  cpu.cur = pmap;
  atomic_fetch_and(&old->active, ~1ull);
}

/* What is mapped at a PTE gives way. Returns false if the same page stays, with nothing left to store. */
static __attribute__((noinline)) bool enter_over(struct pmap *pmap, u64 *pte, u32 pt, u64 va, u64 new, struct pv_entry **pv) {
  u64 old = *pte;
  if ((new & PG_W) != 0 && (old & PG_W) == 0) pmap->wired_count++;
  else if ((new & PG_W) == 0 && (old & PG_W) != 0) pmap->wired_count--;
  must(--pages[pt].ref_count > 0);
  u32 frame = frame_of(old);
  if (((old ^ new) & PG_FRAME) == 0) {
    if ((old & PG_MANAGED) != 0 && (new & PG_RW) != 0) pages[frame].aflags |= PGA_WRITEABLE;
    if (((old ^ new) & ~(PG_M | PG_A)) == 0) return false;
    old = atomic_exchange((_Atomic u64 *)pte, new);
    bool lost_dirt = (new & PG_M) == 0 && (old & MODIFIED) == MODIFIED;
    if (lost_dirt && (old & PG_MANAGED) != 0) page_dirty(frame);
    if ((lost_dirt || ((old & PG_NX) == 0 && (new & PG_NX) != 0)) && (old & PG_A) != 0) invalidate_page(pmap, va);
    return false;
  }
  old = atomic_exchange((_Atomic u64 *)pte, 0);
  if ((old & PG_MANAGED) == 0) {
    invalidate_page(pmap, va);
    return true;
  }
  if ((old & MODIFIED) == MODIFIED) page_dirty(frame);
  if ((old & PG_A) != 0) {
    invalidate_page(pmap, va);
    pages[frame].aflags |= PGA_REFERENCED;
  }
  pv_lock(frame);
  *pv = pv_remove(pmap, &pages[frame].pv, va);
  if ((new & PG_MANAGED) == 0) {
    pv_free(pmap, *pv);
    *pv = NULL;
  }
  clear_writeable(frame);
  return true;
}

static __attribute__((noinline)) int pmap_enter(struct pmap *pmap, u64 va, u32 frame, int prot, int flags, int psind) {
  struct vm_page *page = &pages[frame];
  if (unlikely(recording)) emit(9, va, page->object);
  u64 new = (u64)frame << 12 | PG_A | PG_V | PG_U;
  if (flags & PROT_W) new |= PG_M;
  if (prot & PROT_W) new |= PG_RW;
  must((new & MODIFIED) != PG_M);
  if (!(prot & PROT_X)) new |= PG_NX;
  if (flags & ENTER_WIRED) new |= PG_W;
  if (!(page->oflags & VPO_UNMANAGED)) new |= PG_MANAGED;
  else if (new & PG_RW) new |= PG_M;
  must(va < 1ull << 56);
  pmap_lock(pmap);
  must(psind == 0);
  u64 *pde = pde_at(pmap, va);
  u32 pt;
  if (likely(pde != NULL && (*pde & PG_V) != 0)) {
    must((*pde & PG_PS) == 0);
    pt = frame_of(*pde);
    pages[pt].ref_count++;
  } else {
    pt = make_pt(pmap, va);
  }
  u64 *pte = &table(pt)[va >> 12 & 511];
  struct pv_entry *pv = NULL;
  bool store = true;
  if (likely((*pte & PG_V) == 0)) {
    if (new & PG_W) pmap->wired_count++;
    resident_count_adj(pmap, 1);
  } else {
    store = enter_over(pmap, pte, pt, va, new, &pv);
  }
  if (likely(store)) {
    if (new & PG_MANAGED) {
      if (likely(pv == NULL)) {
        pv = pv_get(pmap);
        pv->va = va;
      }
      pv_lock(frame);
      pv_insert_tail(&page->pv, pv);
      if (new & PG_RW) page->aflags |= PGA_WRITEABLE;
    }
    *(volatile u64 *)pte = new;
  }
  must(pages[pt].ref_count != NPTEPG || !run_of(frame)->full);
  pv_unlock();
  pmap_unlock(pmap);
  return 0;
}

static __attribute__((noinline)) u64 pmap_extract(struct pmap *pmap, u64 va) {
  u64 pa = 0;
  pmap_lock(pmap);
  u64 *pdpe = pdpe_at(pmap, va);
  if (pdpe != NULL && (*pdpe & PG_V) != 0) {
    if ((*pdpe & PG_PS) != 0) {
      pa = (*pdpe & PG_FRAME & ~0x3fffffffull) | (va & 0x3fffffff);
    } else {
      u64 pde = table(frame_of(*pdpe))[va >> 21 & 511];
      if ((pde & PG_V) == 0) pa = 0;
      else if ((pde & PG_PS) != 0) pa = (pde & PG_FRAME & ~0x1fffffull) | (va & 0x1fffff);
      else pa = (*pte_in(pde, va) & PG_FRAME) | (va & 0xfff);
    }
  }
  pmap_unlock(pmap);
  return pa;
}

static inline bool remove_pte(struct pmap *pmap, u64 *pte, u64 va, u64 pde) {
  u64 old = atomic_exchange((_Atomic u64 *)pte, 0);
  if ((old & PG_W) != 0) pmap->wired_count--;
  resident_count_adj(pmap, -1);
  if (old & PG_MANAGED) {
    u32 frame = frame_of(old);
    struct vm_page *page = &pages[frame];
    if ((old & MODIFIED) == MODIFIED) page_dirty(frame);
    if (old & PG_A) page->aflags |= PGA_REFERENCED;
    pv_lock(frame);
    pv_free(pmap, pv_remove(pmap, &page->pv, va));
    clear_writeable(frame);
    invl_page(frame);
  }
  return unwire(pmap, va, frame_of(pde));
}

/* All but the removal of a single page. Returns whether anything was unmapped. */
static bool remove_range(struct pmap *pmap, u64 sva, u64 eva) {
  bool any = false;
  u64 next;
  for (u64 va = sva; va < eva; va = next) {
    count[REACHED_REMOVE_LOOP_DONE]++;
    if (hunks->remove_loop_done(pmap)) break;
    count[REMOVE_LOOPS]++;
    u64 *pml4e = pml4e_at(pmap, va);
    if (pml4e == NULL || (*pml4e & PG_V) == 0) {
      next = (va | (pml4e == NULL ? 0xffffffffffffull : 0x7fffffffffull)) + 1;
      continue;
    }
    u64 pdpe = table(frame_of(*pml4e))[va >> 30 & 511];
    if ((pdpe & PG_V) == 0) {
      next = (va | 0x3fffffff) + 1;
      continue;
    }
    must((pdpe & PG_PS) == 0);
    next = (va | 0x1fffff) + 1;
    u64 pde = table(frame_of(pdpe))[va >> 21 & 511];
    if (pde == 0) continue;
    must((pde & PG_PS) == 0);
    u64 end = next < eva ? next : eva;
    for (u64 at = va; at < end; at += PAGE) {
      u64 *pte = pte_in(pde, at);
      if ((*pte & PG_V) == 0) continue;
      any = true;
      if (remove_pte(pmap, pte, at, pde)) break;
    }
  }
  return any;
}

static __attribute__((noinline)) void remove_full(struct pmap *pmap, u64 sva, u64 eva) {
  invl_start();
  pmap_lock(pmap);
  u64 *pde = eva == sva + PAGE ? pde_at(pmap, sva) : NULL;
  if (pde != NULL && (*pde & PG_PS) == 0) {
    u64 *pte = (*pde & PG_V) != 0 ? pte_in(*pde, sva) : NULL;
    if (pte != NULL && (*pte & PG_V) != 0) {
      remove_pte(pmap, pte, sva, *pde);
      pv_unlock();
      invalidate_page(pmap, sva);
    }
  } else {
    bool any = remove_range(pmap, sva, eva);
    pv_unlock();
    if (any) invalidate_all(pmap);
  }
  pmap_unlock(pmap);
  invl_finish();
  free_delayed();
}

static inline void pmap_remove(struct pmap *pmap, u64 sva, u64 eva) {
  count[REMOVE_CALLS]++;
  count[REACHED_REMOVE_IS_NOOP]++;
  bool early = hunks->remove_is_noop(pmap);
  if (unlikely(recording)) emit(4, sva, early);
  if (early) count[REMOVE_EARLY_EXITS]++;
  else remove_full(pmap, sva, eva);
}

/* Unmaps what the used entries of a chunk stand for. Returns whether all of it is free. */
static bool remove_chunk(struct pmap *pmap, struct pv_chunk *c) {
  bool all_free = true;
  for (int i = 0; i < 3; i++) {
    for (u64 used = ~c->map[i] & (i == 2 ? CHUNK_LAST_FREE : ~0ull); used != 0; used &= used - 1) {
      struct pv_entry *pv = &c->entries[i * 64 + __builtin_ctzll(used)];
      u64 *pdpe = pdpe_at(pmap, pv->va);
      u64 pde = table(frame_of(*pdpe))[pv->va >> 21 & 511];
      must((pde & (PG_PS | PG_V)) == PG_V);
      u64 *pte = pte_in(pde, pv->va), old = *pte;
      must((old & PG_V) != 0);
      if (unlikely((old & PG_W) != 0)) {
        all_free = false;
        continue;
      }
      c->map[i] |= used & -used;
      *(volatile u64 *)pte = 0;
      u32 frame = frame_of(old);
      if ((old & MODIFIED) == MODIFIED) page_dirty(frame);
      pv_lock(frame);
      resident_count_adj(pmap, -1);
      count[PV_ENTRY_COUNT]--;
      pv_unlink(&pages[frame].pv, pv);
      if (pages[frame].aflags & PGA_WRITEABLE) clear_writeable(frame);
      unwire(pmap, pv->va, frame_of(pde));
    }
  }
  return all_free;
}

static __attribute__((noinline)) void pmap_remove_pages(struct pmap *pmap) {
  if (unlikely(recording)) emit(3, (uintptr_t)pmap, 0);
  must(cpu.cur == pmap && (pmap->active & ~1ull) == 0);
  pmap_lock(pmap);
  struct pv_chunk *done = NULL, *next;
  for (struct pv_chunk *c = pmap->chunk_first; c != NULL; c = next) {
    next = c->next;
    if (!remove_chunk(pmap, c)) continue;
    chunk_unlink(pmap, c);
    c->next = done;
    done = c;
  }
  pv_unlock();
  invalidate_all(pmap);
  if (done != NULL) {
    lock(&chunk_list_lock);
    count[PV_CHUNK_LIST_LOCKS]++;
    for (struct pv_chunk *c = done; c != NULL; c = c->next) lru_unlink(c);
    unlock(&chunk_list_lock);
    for (struct pv_chunk *c = done; c != NULL; c = next) {
      next = c->next;
      chunk_free_page(c);
    }
  }
  pmap_unlock(pmap);
  free_delayed();
}
