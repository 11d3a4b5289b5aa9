import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuAccess, setPge, translate } from '../../../core/hw/cpu.ts';
import { PG_A, PG_G, PG_M, PG_NX_HI, PG_RW, PG_U, PG_V } from '../../../core/hw/entry.ts';
import { physWrite } from '../../../core/hw/phys.ts';
import {
  flushEverything,
  invlpg,
  invlpgVa,
  invpcid,
  INVPCID_ADDR,
  INVPCID_ALLCTX,
  INVPCID_CTX,
  INVPCID_CTXGLOB,
  loadCr3,
  returnToUser,
  setUserCr3,
} from '../../../core/hw/tlb.ts';
import { ACCESS_EXECUTE, ACCESS_USER, ACCESS_WRITE, FAULT_PRESENT, PAGE_FAULT } from '../../../core/hw/walk.ts';
import type { Controls } from '../../../core/state/cpu.ts';
import { Pmap } from '../../../core/state/pmap.ts';
import { hi, LEAF, lo, ROOT, TABLE, Tables } from './tables.ts';

const VA = 0x6c18_a389_4218n;
const READ = ACCESS_USER;
const WRITE = ACCESS_USER | ACCESS_WRITE;
const EXECUTE = ACCESS_USER | ACCESS_EXECUTE;
const OLD = 77;
const NEW = 99;

const go = (t: Tables, access = READ, va = VA): number =>
  translate(t.m, t.cpu, t.cpu.root, t.cpu.tag, hi(va), lo(va), access);

/** Maps VA to OLD, reads it, and remaps it to NEW without any invalidation. */
function stale(controls: Partial<Controls> = {}, bits = LEAF): Tables {
  const t = new Tables(controls);
  t.map(VA, OLD, bits);
  expect(go(t)).toBe(OLD);
  t.map(VA, NEW, bits);
  return t;
}

describe('a cached translation', () => {
  it('survives a change of its entry', () => expect(go(stale())).toBe(OLD));
  it('is dropped by INVLPG of any address in its page', () => {
    const t = stale();
    invlpg(t.cpu, hi(VA), lo(VA) & ~0xfff);
    expect(go(t)).toBe(NEW);
  });
  it('is dropped by INVLPG of an address given as a number', () => {
    const t = stale();
    invlpgVa(t.cpu, Number(VA));
    expect(go(t)).toBe(NEW);
  });
  it('survives INVLPG of another page', () => {
    const t = stale();
    invlpg(t.cpu, hi(VA), lo(VA) + 0x1000);
    expect(go(t)).toBe(OLD);
  });
  it('is dropped by a load of CR3', () => {
    const t = stale();
    loadCr3(t.cpu, ROOT, 0, true);
    expect(go(t)).toBe(NEW);
  });
  it('of a 2M page is one translation for all its addresses', () => {
    const t = new Tables();
    t.map(VA, 512, LEAF, { level: 2 });
    go(t);
    t.map(VA, 1024, LEAF, { level: 2 });
    expect(go(t, READ, VA ^ 0x1000n)).toBe(512 + ((lo(VA ^ 0x1000n) >>> 12) & 511));
    invlpg(t.cpu, hi(VA), lo(VA) ^ 0x3000);
    expect(go(t)).toBe(1024 + ((lo(VA) >>> 12) & 511));
  });
  it('of a 1G page is one translation for all its addresses', () => {
    const t = new Tables();
    t.map(VA, 0, LEAF, { level: 3 });
    go(t);
    t.map(VA, 1 << 18, LEAF, { level: 3 });
    expect(go(t, READ, VA ^ 0x200000n)).toBe((lo(VA ^ 0x200000n) >>> 12) & 0x3ffff);
    invlpg(t.cpu, hi(VA), lo(VA) ^ 0x400000);
    expect(go(t)).toBe((1 << 18) + ((lo(VA) >>> 12) & 0x3ffff));
  });
  it('is evicted by another page that needs its slot', () => {
    const t = stale();
    t.map(VA + (1n << 32n), 55);
    go(t, READ, VA + (1n << 32n));
    expect(go(t)).toBe(NEW);
  });
});

describe('what is never cached', () => {
  it('is a missing page', () => {
    const t = new Tables();
    t.map(VA, OLD, LEAF & ~PG_V);
    expect(go(t)).toBe(-(PAGE_FAULT | READ));
    t.poke(VA, 0, PG_V);
    expect(go(t)).toBe(OLD);
  });
  it('is a right that no walk has confirmed: a wider entry works at once', () => {
    const t = new Tables();
    t.map(VA, OLD, LEAF & ~PG_RW);
    expect(go(t)).toBe(OLD);
    t.poke(VA, 0, PG_RW);
    expect(go(t, WRITE)).toBe(OLD);
    const x = new Tables();
    x.map(VA, OLD, LEAF, { high: PG_NX_HI });
    go(x);
    x.map(VA, OLD);
    expect(go(x, EXECUTE)).toBe(OLD);
  });
  it('is a dirty bit that is not in the entry: the first write walks', () => {
    const t = new Tables();
    t.map(VA, OLD, LEAF & ~PG_M);
    go(t);
    expect(t.low(VA) & PG_M).toBe(0);
    go(t, WRITE);
    expect(t.low(VA) & PG_M).toBe(PG_M);
  });
});

describe('accessed and dirty bits that the kernel clears without a flush', () => {
  it('stay clear while the translation is cached, and are set again after INVLPG', () => {
    const t = new Tables();
    t.map(VA, OLD);
    go(t, WRITE);
    t.poke(VA, PG_A | PG_M, 0);
    go(t, WRITE);
    expect(t.low(VA) & (PG_A | PG_M)).toBe(0);
    invlpg(t.cpu, hi(VA), lo(VA));
    go(t, WRITE);
    expect(t.low(VA) & (PG_A | PG_M)).toBe(PG_A | PG_M);
  });
});

describe('a fault', () => {
  it('drops the translation that forbade the access', () => {
    const t = new Tables();
    t.map(VA, OLD, LEAF & ~PG_RW);
    go(t);
    expect(go(t, WRITE)).toBe(-(PAGE_FAULT | FAULT_PRESENT | WRITE));
    t.map(VA, NEW, LEAF & ~PG_RW);
    expect(go(t)).toBe(NEW);
  });
});

describe('global pages', () => {
  it('survive a load of CR3 and INVPCID of all contexts', () => {
    const t = stale({ pge: true }, LEAF | PG_G);
    loadCr3(t.cpu, ROOT, 0, false);
    expect(go(t)).toBe(OLD);
    invpcid(t.cpu, INVPCID_ALLCTX, 0, 0, 0);
    expect(go(t)).toBe(OLD);
  });
  it('are valid under every PCID', () => {
    const t = new Tables({ pge: true, pcide: true });
    t.map(VA, OLD, LEAF | PG_G);
    go(t);
    loadCr3(t.cpu, ROOT + 500, 9, false);
    expect(go(t)).toBe(OLD);
  });
  it('are dropped by INVLPG, INVPCID with globals and a change of CR4.PGE', () => {
    const drops: ((t: Tables) => void)[] = [
      (t) => invlpg(t.cpu, hi(VA), lo(VA)),
      (t) => invpcid(t.cpu, INVPCID_CTXGLOB, 0, 0, 0),
      (t) => {
        setPge(t.cpu, false);
        setPge(t.cpu, true);
      },
    ];
    for (const drop of drops) {
      const t = stale({ pge: true }, LEAF | PG_G);
      drop(t);
      expect(go(t)).toBe(NEW);
    }
  });
  it('are like any others without CR4.PGE', () => {
    const t = stale({ pge: false }, LEAF | PG_G);
    loadCr3(t.cpu, ROOT, 0, false);
    expect(go(t)).toBe(NEW);
  });
});

describe('PCIDs', () => {
  /** VA is cached under PCID 5 and stale; CR3 holds PCID 7. */
  function away(): Tables {
    const t = new Tables({ pcide: true });
    loadCr3(t.cpu, ROOT, 5, false);
    t.map(VA, OLD);
    expect(go(t)).toBe(OLD);
    loadCr3(t.cpu, ROOT, 7, false);
    t.map(VA, NEW);
    expect(go(t)).toBe(NEW);
    return t;
  }
  const back = (t: Tables, keep: boolean): number => {
    loadCr3(t.cpu, ROOT, 5, keep);
    return go(t);
  };

  it('keep what they cached over a load with bit 63, and lose it without', () => {
    expect(back(away(), true)).toBe(OLD);
    expect(back(away(), false)).toBe(NEW);
  });
  it('are not touched by INVLPG under another PCID', () => {
    const t = away();
    invlpg(t.cpu, hi(VA), lo(VA));
    expect(back(t, true)).toBe(OLD);
  });
  it('lose one address by INVPCID type 0, everything by 1, 2 and 3', () => {
    for (const type of [INVPCID_ADDR, INVPCID_CTX, INVPCID_CTXGLOB, INVPCID_ALLCTX]) {
      const t = away();
      invpcid(t.cpu, type, 5, hi(VA), lo(VA));
      expect(back(t, true)).toBe(NEW);
    }
  });
  it('are not touched by INVPCID types 0 and 1 of another PCID', () => {
    for (const type of [INVPCID_ADDR, INVPCID_CTX]) {
      const t = away();
      invpcid(t.cpu, type, 6, hi(VA), lo(VA));
      expect(back(t, true)).toBe(OLD);
    }
  });
  it('are never confused when tags run out', () => {
    const t = away();
    t.cpu.lastTag = 0x7ffffffe;
    flushEverything(t.cpu);
    flushEverything(t.cpu);
    expect(t.cpu.lastTag).toBeLessThan(100);
    expect(back(t, true)).toBe(NEW);
    t.map(VA, OLD);
    expect(go(t)).toBe(NEW);
  });
});

describe('page-table isolation', () => {
  /** Kernel-mode root 1 and user-mode root 200 both map VA; the CPU is in user mode. */
  function isolated(controls: Partial<Controls>): { t: Tables; pmap: Pmap } {
    const t = new Tables(controls);
    const pmap = new Pmap(1);
    pmap.top = ROOT;
    pmap.topUser = 200;
    t.map(VA, OLD, LEAF, { root: 200 });
    t.map(VA, OLD, LEAF, { high: PG_NX_HI });
    const pcid = controls.pcide === true ? 3 : 0;
    loadCr3(t.cpu, ROOT, pcid, false);
    setUserCr3(t.cpu, 200, pcid === 0 ? 0 : pcid | 0x800);
    return { t, pmap };
  }
  const user = (t: Tables, pmap: Pmap): number => {
    expect(cpuAccess(t.m, pmap, Number(VA), 1)).toBe(0);
    return Math.floor(t.m.accessPa / 4096);
  };

  it('translates user accesses through the user root', () => {
    const { t, pmap } = isolated({ pcide: true });
    t.map(VA, NEW, LEAF, { root: 200 });
    expect(user(t, pmap)).toBe(NEW);
  });
  it('flushes at each return to user mode without PCIDs', () => {
    const { t, pmap } = isolated({ pcide: false });
    expect(user(t, pmap)).toBe(OLD);
    t.map(VA, NEW, LEAF, { root: 200 });
    expect(user(t, pmap)).toBe(NEW);
  });
  it('keeps the user PCID until a flush is requested, which then happens at the return to user mode', () => {
    const { t, pmap } = isolated({ pcide: true });
    expect(user(t, pmap)).toBe(OLD);
    t.map(VA, NEW, LEAF, { root: 200 });
    expect(user(t, pmap)).toBe(OLD);
    t.cpu.userFlushPending = true;
    expect(user(t, pmap)).toBe(NEW);
    expect(t.cpu.userFlushPending).toBe(false);
  });
  it('has a PCID for user mode that INVLPG in the kernel does not reach', () => {
    const { t, pmap } = isolated({ pcide: true });
    user(t, pmap);
    t.map(VA, NEW, LEAF, { root: 200 });
    invlpgVa(t.cpu, Number(VA));
    expect(user(t, pmap)).toBe(OLD);
    invpcid(t.cpu, INVPCID_ADDR, 3 | 0x800, hi(VA), lo(VA));
    expect(user(t, pmap)).toBe(NEW);
  });
  it('does nothing at a return to user mode with a PCID and no pending flush', () => {
    const { t } = isolated({ pcide: true });
    const { userTag } = t.cpu;
    returnToUser(t.cpu);
    expect(t.cpu.userTag).toBe(userTag);
  });
});

describe('the paging-structure caches', () => {
  // Only precise walks use them: the pages here lack A, so that no walk takes the fast path.
  const fresh = LEAF & ~PG_A;

  function moved(): Tables {
    const t = new Tables();
    t.map(VA, OLD, fresh);
    go(t);
    const pd = t.entry(VA, 2);
    const table = 300;
    for (const page of [1, 2]) {
      t.map(VA + BigInt(page * 0x1000), 55, fresh);
      physWrite(t.m, table, (((lo(VA) >>> 12) & 511) + page) << 1, (66 << 12) | fresh);
    }
    physWrite(t.m, pd.frame, pd.at, (table << 12) | (TABLE & ~PG_A));
    return t;
  }

  it('lead a walk to the cached table, until any INVLPG', () => {
    const t = moved();
    expect(go(t, READ, VA + 0x1000n)).toBe(55);
    invlpg(t.cpu, 0, 0);
    expect(go(t, READ, VA + 0x2000n)).toBe(66);
  });
  it('are emptied by a load of CR3', () => {
    const t = moved();
    loadCr3(t.cpu, ROOT, 0, false);
    expect(go(t, READ, VA + 0x1000n)).toBe(66);
  });
  it('are not trusted when they lead to a fault', () => {
    const t = moved();
    physWrite(t.m, 300, (((lo(VA) >>> 12) & 511) + 3) << 1, (44 << 12) | fresh);
    expect(go(t, READ, VA + 0x3000n)).toBe(44);
  });
  it('remember the rights that were granted above', () => {
    const t = new Tables();
    t.map(VA, OLD, fresh);
    t.poke(VA, PG_RW, 0, 3);
    go(t);
    t.map(VA + 0x1000n, 55, fresh);
    expect(go(t, WRITE, VA + 0x1000n)).toBe(-(PAGE_FAULT | FAULT_PRESENT | WRITE));
    expect(go(t, READ, VA + 0x1000n)).toBe(55);
  });
});

describe('a kernel that invalidates what it changes', () => {
  it('sees the same with the TLB as with walks alone', () => {
    const pages = fc.integer({ min: 0, max: 5 });
    const bits = fc.constantFrom(0, LEAF, LEAF & ~PG_A, LEAF & ~PG_M, LEAF & ~PG_RW, LEAF & ~PG_U, LEAF | PG_G);
    const ops = fc.array(
      fc.oneof(
        fc.record({
          op: fc.constant('access' as const),
          page: pages,
          access: fc.constantFrom(READ, WRITE, EXECUTE, 0),
        }),
        fc.record({ op: fc.constant('map' as const), page: pages, bits, frame: fc.integer({ min: 1, max: 9 }) }),
        fc.record({ op: fc.constant('switch' as const), pcid: fc.integer({ min: 1, max: 3 }), keep: fc.boolean() }),
      ),
      { maxLength: 40 },
    );
    // Two pages that share a slot, neighbours, and one that shares only a page directory with them.
    const at = (page: number): bigint => VA + [0n, 0x1000n, 1n << 32n, 0x200000n, 1n << 39n, 0x2000n][page]!;
    fc.assert(
      fc.property(ops, fc.boolean(), (list, pcide) => {
        const cached = new Tables({ pcide });
        const plain = new Tables({ pcide });
        for (const step of list) {
          if (step.op === 'access') {
            const got = go(cached, step.access, at(step.page));
            flushEverything(plain.cpu);
            expect(got).toBe(go(plain, step.access, at(step.page)));
          } else if (step.op === 'map') {
            for (const t of [cached, plain]) t.map(at(step.page), step.frame, step.bits);
            invlpg(cached.cpu, hi(at(step.page)), lo(at(step.page)));
            for (const pcid of [1, 2, 3])
              if (pcid !== cached.cpu.pcid)
                invpcid(cached.cpu, INVPCID_ADDR, pcid, hi(at(step.page)), lo(at(step.page)));
          } else for (const t of [cached, plain]) loadCr3(t.cpu, ROOT, pcide ? step.pcid : 0, step.keep);
        }
        expect(cached.m.words.subarray(0, 32 * 1024).join()).toBe(plain.m.words.subarray(0, 32 * 1024).join());
      }),
      { numRuns: 150 },
    );
  });
});
