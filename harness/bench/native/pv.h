/*
 * pv entries: the mappings of a page, in chunks of 168 that are pages, with a bitmap of the free ones.
 */
#pragma once
#include "tables.h"

#define CHUNK_ENTRIES 168
#define CHUNK_LAST_FREE ((1ull << (CHUNK_ENTRIES - 128)) - 1)

struct pv_chunk {
  struct pmap *pmap;
  struct pv_chunk *next, *prev;
  u64 map[3];
  struct pv_chunk *lru_next, *lru_prev;
  struct pv_entry entries[CHUNK_ENTRIES];
};
_Static_assert(sizeof(struct pv_chunk) <= PAGE, "a chunk is a page");

static _Atomic int chunk_list_lock;
static struct pv_chunk *lru_first, *lru_last;

static inline struct pv_chunk *chunk_of(struct pv_entry *pv) {
  return (struct pv_chunk *)((uintptr_t)pv & ~(uintptr_t)(PAGE - 1));
}

static void chunk_unlink(struct pmap *pmap, struct pv_chunk *c) {
  *(c->prev != NULL ? &c->prev->next : &pmap->chunk_first) = c->next;
  *(c->next != NULL ? &c->next->prev : &pmap->chunk_last) = c->prev;
}
static void chunk_insert_head(struct pmap *pmap, struct pv_chunk *c) {
  c->prev = NULL;
  c->next = pmap->chunk_first;
  *(c->next != NULL ? &c->next->prev : &pmap->chunk_last) = c;
  pmap->chunk_first = c;
}
static void chunk_insert_tail(struct pmap *pmap, struct pv_chunk *c) {
  c->next = NULL;
  c->prev = pmap->chunk_last;
  *(c->prev != NULL ? &c->prev->next : &pmap->chunk_first) = c;
  pmap->chunk_last = c;
}

static void lru_unlink(struct pv_chunk *c) {
  *(c->lru_prev != NULL ? &c->lru_prev->lru_next : &lru_first) = c->lru_next;
  *(c->lru_next != NULL ? &c->lru_next->lru_prev : &lru_last) = c->lru_prev;
}
static void lru_insert(struct pv_chunk *c) {
  c->lru_next = NULL;
  c->lru_prev = lru_last;
  *(lru_last != NULL ? &lru_last->lru_next : &lru_first) = c;
  lru_last = c;
}

/* A new chunk at the head of the pmap's, its first entry taken. */
static __attribute__((noinline)) struct pv_entry *chunk_alloc(struct pmap *pmap) {
  u32 frame = page_alloc(false);
  must(frame != 0);
  pages[frame].non_zero = true;
  count[PV_CHUNK_ALLOCS]++;
  count[PV_PAGE_COUNT]++;
  struct pv_chunk *c = (struct pv_chunk *)table(frame);
  c->pmap = pmap;
  c->map[0] = ~1ull;
  c->map[1] = ~0ull;
  c->map[2] = CHUNK_LAST_FREE;
  chunk_insert_head(pmap, c);
  lock(&chunk_list_lock);
  count[PV_CHUNK_LIST_LOCKS]++;
  lru_insert(c);
  unlock(&chunk_list_lock);
  return &c->entries[0];
}

static void chunk_free_page(struct pv_chunk *c) {
  u32 frame = (u32)(((u8 *)c - ram) >> 12);
  count[PV_PAGE_COUNT]--;
  count[PV_CHUNK_FREES]++;
  pages[frame].ref_count--;
  page_free(frame, false);
}

/* The lowest free entry of the first chunk; a chunk that is full goes to the tail. */
static inline struct pv_entry *pv_get(struct pmap *pmap) {
  count[PV_ENTRY_COUNT]++;
  struct pv_chunk *c = pmap->chunk_first;
  if (unlikely(c == NULL)) return chunk_alloc(pmap);
  for (int i = 0; i < 3; i++) {
    if (c->map[i] == 0) continue;
    int bit = __builtin_ctzll(c->map[i]);
    c->map[i] &= c->map[i] - 1;
    if (unlikely((c->map[0] | c->map[1] | c->map[2]) == 0)) {
      chunk_unlink(pmap, c);
      chunk_insert_tail(pmap, c);
    }
    return &c->entries[i * 64 + bit];
  }
  return chunk_alloc(pmap);
}

static __attribute__((noinline)) void chunk_free(struct pmap *pmap, struct pv_chunk *c) {
  chunk_unlink(pmap, c);
  lock(&chunk_list_lock);
  count[PV_CHUNK_LIST_LOCKS]++;
  lru_unlink(c);
  unlock(&chunk_list_lock);
  chunk_free_page(c);
}

static inline void pv_free(struct pmap *pmap, struct pv_entry *pv) {
  count[PV_ENTRY_COUNT]--;
  struct pv_chunk *c = chunk_of(pv);
  size_t at = (size_t)(pv - c->entries);
  c->map[at / 64] |= 1ull << at % 64;
  if (unlikely(c->map[0] == ~0ull && c->map[1] == ~0ull && c->map[2] == CHUNK_LAST_FREE)) {
    chunk_free(pmap, c);
  } else if (unlikely(c != pmap->chunk_first)) {
    chunk_unlink(pmap, c);
    chunk_insert_head(pmap, c);
  }
}

static inline void pv_insert_tail(struct pv_list *list, struct pv_entry *pv) {
  pv->next = NULL;
  pv->prev = list->last;
  *(list->last != NULL ? &list->last->next : &list->first) = pv;
  list->last = pv;
}
static inline void pv_unlink(struct pv_list *list, struct pv_entry *pv) {
  *(pv->prev != NULL ? &pv->prev->next : &list->first) = pv->next;
  *(pv->next != NULL ? &pv->next->prev : &list->last) = pv->prev;
}

/* Takes the entry of va off its page's list. */
static inline struct pv_entry *pv_remove(struct pmap *pmap, struct pv_list *list, u64 va) {
  struct pv_entry *pv = list->first;
  while (pv != NULL && (pv->va != va || chunk_of(pv)->pmap != pmap)) pv = pv->next;
  must(pv != NULL);
  pv_unlink(list, pv);
  return pv;
}

static inline void clear_writeable(u32 frame) {
  if (pages[frame].pv.first == NULL && run_of(frame)->pv.first == NULL) pages[frame].aflags &= (u8)~PGA_WRITEABLE;
}
