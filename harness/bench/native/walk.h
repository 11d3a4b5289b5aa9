/*
 * The processor's walk with every check, and its accessed and dirty bits. Intel SDM volume 3, 4.5 to 4.8.
 */
#pragma once
#include "memory.h"

struct controls {
  bool wp, nxe, smep, smap, ac, pke;
  int levels;
  u32 pkru;
  u64 reserved;
};
static struct controls controls;

/* An access is named by the bits with which a page fault reports it. */
#define WRITE 2
#define USER 4
#define EXECUTE 16
#define FAULT (1ll << 62)

static inline long long fault(const struct controls *c, unsigned access, unsigned bits) {
  return -(FAULT | (c->nxe || c->smep ? access : access & ~EXECUTE) | bits);
}

static inline unsigned forbids(const struct controls *c, u64 rights, u64 nx, u64 leaf, unsigned access) {
  bool user_page = (rights & PG_U) != 0;
  if (access & USER) {
    if (unlikely(!user_page)) return 1;
    if (unlikely((access & WRITE) != 0 && (rights & PG_RW) == 0)) return 1;
  } else {
    if ((access & WRITE) != 0 && (rights & PG_RW) == 0 && c->wp) return 1;
    if (user_page && (access & EXECUTE ? c->smep : c->smap && !c->ac)) return 1;
  }
  if (unlikely((access & EXECUTE) != 0 && (nx & PG_NX) != 0 && c->nxe)) return 1;
  if (unlikely(c->pke) && user_page && !(access & EXECUTE)) {
    u32 bits = c->pkru >> (leaf >> 59 & 15) * 2;
    if ((bits & 1) || ((bits & 2) && (access & WRITE) && ((access & USER) || c->wp))) return 33;
  }
  return 0;
}

/* Frame of the 4K page, or a negative fault. */
static __attribute__((noinline)) long long walk(const struct controls *c, u32 top, u64 va, unsigned access) {
  int level = c->levels, unused = level == 5 ? 7 : 16;
  if (unlikely((long long)(va << unused) >> unused != (long long)va)) return -1; /* not canonical */
  u64 rights = PG_RW | PG_U, nx = 0, e, *at;
  u32 frame = top;
  for (int shift = 3 + 9 * level;; shift -= 9, level--) {
    if (unlikely(frame >= FRAMES)) return fault(c, access, 0);
    at = &table(frame)[va >> shift & 511];
    e = *at;
    if (unlikely((e & PG_V) == 0)) return fault(c, access, 0);
    u64 reserved = c->reserved;
    bool large = level > 1 && (e & PG_PS) != 0;
    if (unlikely(large)) reserved |= level >= 4 ? PG_PS : level == 3 ? 0x3fffe000 : 0x1fe000;
    if (unlikely((e & reserved) != 0)) return fault(c, access, 9);
    rights &= e;
    nx |= e;
    if (level == 1 || large) break;
    if (unlikely((e & PG_A) == 0)) *at = e | PG_A;
    frame = frame_of(e);
  }
  unsigned denied = forbids(c, rights, nx, e, access);
  if (unlikely(denied != 0)) return fault(c, access, denied);
  u64 used = e | PG_A | (access & WRITE ? PG_M : 0);
  if (unlikely(used != e)) *at = used;
  u32 within = level == 1 ? 0 : level == 2 ? 511 : 0x3ffff;
  return (frame_of(e) & ~within) | (va >> 12 & within);
}

