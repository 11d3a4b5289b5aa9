/**
 * pmapdiff conform vm: compares the simulated VM with the answers of the kernel's own VM code, op by op: every call
 * into the pmap, map entry, object, reference count, statistic and cost, separately for each revision.
 */
import { KernelPanic } from '../../core/panic.ts';
import type { VmMapEntry, Vmspace } from '../../core/state/vm.ts';
import type { Variant } from '../../core/variant.ts';
import { vmMapEntrySucc } from '../../core/vm/map-tree.ts';
import { samePanic } from './panic.ts';
import { countTables } from './pmap-state.ts';
import type { OpMismatch, VmConformReport } from './report.ts';
import { type Answers, VECTOR_NAMES, answered } from './vector-files.ts';
import { type VmFileVectors, type VmItem, expandCalls, vmAnswersOf, vmFile } from './vm-vectors.ts';
import { COSTS, SWAPOUT, type VmOutcome, VmWorld } from './vm-world.ts';

/** Number of mismatches after which the rest of a file is skipped: later ones are consequences. */
const ENOUGH = 20;

/** Which of the recorded answers a revision is compared with. */
export interface VmRevision {
  readonly variant: Variant;
  readonly answers: string;
}

/** The state according to the recording, with its changes accumulated. */
class Expected {
  readonly procs: Map<string, number> = new Map();
  readonly spaces: Map<number, { m: string; r: string; entries: Map<string, string> }> = new Map();
  readonly objects: Map<number, string> = new Map();
  globals = '0,0';

  apply(item: VmItem): void {
    for (const [p, space] of Object.entries(item.p ?? {})) {
      if (space === null) this.procs.delete(p);
      else this.procs.set(p, space);
    }
    for (const [id, change] of Object.entries(item.vm ?? {})) {
      if (change === null) {
        this.spaces.delete(Number(id));
        continue;
      }
      let space = this.spaces.get(Number(id));
      if (space === undefined) {
        space = { m: '', r: '', entries: new Map() };
        this.spaces.set(Number(id), space);
      }
      if (change.m !== undefined) space.m = change.m.join(',');
      if (change.r !== undefined) space.r = change.r.join(',');
      for (const start of change.x ?? []) space.entries.delete(start);
      for (const entry of change.e ?? []) space.entries.set(entry[0], entry.join(','));
    }
    for (const [number, object] of Object.entries(item.o ?? {})) {
      if (object === null) this.objects.delete(Number(number));
      else this.objects.set(Number(number), object.join(','));
    }
    if (item.g !== undefined) this.globals = item.g.join(',');
  }
}

/** Compares one file under one revision. */
class Run {
  readonly world: VmWorld;
  readonly name: string;
  readonly file: VmFileVectors;
  readonly revision: VmRevision;
  readonly found: OpMismatch[] = [];
  readonly superpages: boolean;
  private readonly expected = new Expected();
  private op = 0;

  constructor(world: VmWorld, name: string, file: VmFileVectors, revision: VmRevision, superpages: boolean) {
    this.world = world;
    this.name = name;
    this.file = file;
    this.revision = revision;
    this.superpages = superpages;
  }

  /** Returns the number of answers compared. */
  all(): number {
    const answers = vmAnswersOf(this.file, this.revision.answers);
    if (answers === undefined) return 0;
    const { world, revision } = this;
    world.start(revision.variant, this.superpages);
    const { counters } = world.m;
    const before = new Float64Array(counters.length);
    let dead = false;
    for (const [index, op] of this.file.ops.entries()) {
      if (this.found.length >= ENOUGH) return index;
      this.op = index;
      const item = answers[index];
      if (dead) {
        this.check('out', item.out ?? 'ok', 'dead');
        continue;
      }
      before.set(counters);
      let outcome: VmOutcome;
      try {
        outcome = world.step(op);
      } catch (error) {
        if (!(error instanceof KernelPanic)) throw error;
        const recorded = item.out ?? 'ok';
        this.check('out', recorded, samePanic(recorded, error) ? recorded : `panic: ${error.message}`);
        dead = true;
        continue;
      }
      this.check('out', item.out ?? 'ok', outcome.out ?? 'ok');
      this.check('val', item.val ?? '', outcome.val ?? '');
      this.check('n', String(item.n ?? ''), String(outcome.n ?? ''));
      this.check('calls', JSON.stringify(expandCalls(item.calls ?? [])), JSON.stringify(world.takeCalls()));
      for (const [cost, counted] of Object.entries(COSTS)) {
        const got = counted.reduce((sum, counter) => sum + counters[counter] - before[counter], 0);
        this.check(`c.${cost}`, item.c?.[cost] ?? 0, got);
      }
      const swapout = SWAPOUT.map((counter) => counters[counter] - before[counter]);
      this.check('sw', String(item.sw ?? ''), op.op === 'swapout' ? String(swapout) : '');
      this.expected.apply(item);
      this.state();
    }
    return this.file.ops.length;
  }

  private check(key: string, expected: string | number, got: string | number): void {
    if (expected === got) return;
    const variant = this.revision.variant.id;
    const what = `${variant}: ${key} of ${JSON.stringify(this.file.ops[this.op])}`;
    this.found.push({ file: this.name, at: `op ${this.op}`, what, variant, op: this.op, key, expected, got });
  }

  /** Compares every part of the state, in the order in which the recordings number objects. */
  private state(): void {
    const { expected, world } = this;
    const { m } = world;
    const procs = [...world.procs].map(([number, p]) => `${number}:${p.vmspace.id}`).toSorted();
    this.check(
      'p',
      [...expected.procs]
        .map(([p, space]) => `${p}:${space}`)
        .toSorted()
        .join(),
      procs.join(),
    );
    const objects = new Map<number, string>();
    for (const vm of m.vmspaces) this.space(vm, objects);
    const { sharedPage } = m.vm;
    objects.set(1, world.object(sharedPage!));
    for (const { object } of m.files) objects.set(world.objectNumber(object.id), world.object(object));
    for (const number of expected.spaces.keys())
      if (!m.vmspaces.some(({ id }) => id === number)) this.check(`vm ${number}`, 'live', 'gone');
    for (const [number, tuple] of expected.objects) this.check(`o ${number}`, tuple, objects.get(number) ?? 'gone');
    for (const [number, tuple] of objects) if (!expected.objects.has(number)) this.check(`o ${number}`, 'gone', tuple);
    this.check('g', expected.globals, world.globals().join());
  }

  private space(vm: Vmspace, objects: Map<number, string>): void {
    const { world } = this;
    const space = this.expected.spaces.get(vm.id);
    const { map, pmap, refcnt } = vm;
    const { header } = map;
    const entries = new Map<string, string>();
    for (let entry: VmMapEntry = header.right; entry !== header; entry = vmMapEntrySucc(entry)) {
      const text = world.entry(entry);
      entries.set(text.slice(0, text.indexOf(',')), text);
      for (let { object } = entry; object !== null; object = object.backing) {
        const number = world.objectNumber(object.id);
        if (objects.has(number)) break;
        if (object.backing !== null) world.objectNumber(object.backing.id);
        objects.set(number, world.object(object));
      }
    }
    if (space === undefined) {
      this.check(`vm ${vm.id}`, 'gone', 'live');
      return;
    }
    const size = map.size.toString(16);
    this.check(`vm ${vm.id}.m`, space.m, `${refcnt},${map.nentries},${size},${map.timestamp}`);
    const { residentCount, wiredCount } = pmap.stats;
    const { tables, small, large } = countTables(world.m, pmap);
    const kpti = Number(pmap.topUser !== 0);
    const reserved = pmap.reserved.size;
    const r = [residentCount, wiredCount, small + 512 * large, tables + reserved, kpti];
    if (this.superpages) r.push(large, reserved);
    this.check(`vm ${vm.id}.r`, space.r, r.join());
    for (const [start, text] of space.entries) this.check(`vm ${vm.id}.e ${start}`, text, entries.get(start) ?? 'gone');
    for (const [start, text] of entries)
      if (!space.entries.has(start)) this.check(`vm ${vm.id}.e ${start}`, 'gone', text);
  }
}

/** A recording with superpages has a seventh number in its page statistics. */
function withSuperpages(file: VmFileVectors): boolean {
  for (const item of vmAnswersOf(file, 'landed') ?? [])
    for (const change of Object.values(item.vm ?? {})) if (change?.r !== undefined) return change.r.length > 5;
  return false;
}

/** Answers recordings under each revision. */
export class VmAnswers implements Answers<VmFileVectors, VmConformReport> {
  readonly #revisions: readonly VmRevision[];
  readonly #mismatches: OpMismatch[] = [];
  readonly #perRevision: { readonly variant: string; checked: number; mismatches: number }[];
  #world: VmWorld | null = null;
  #files = 0;
  #ops = 0;

  constructor(revisions: readonly VmRevision[]) {
    this.#revisions = revisions;
    this.#perRevision = revisions.map(({ variant }) => ({ variant: variant.id, checked: 0, mismatches: 0 }));
  }

  take(name: string, file: VmFileVectors): void {
    const superpages = withSuperpages(file);
    this.#files++;
    this.#ops += file.ops.length;
    for (const [index, revision] of this.#revisions.entries()) {
      this.#world ??= new VmWorld(revision.variant);
      const run = new Run(this.#world, name, file, revision, superpages);
      this.#perRevision[index].checked += run.all();
      this.#perRevision[index].mismatches += run.found.length;
      this.#mismatches.push(...run.found);
    }
  }

  report(): VmConformReport {
    return {
      schema: 'pmapdiff.conform/1',
      kind: 'vm',
      files: this.#files,
      ops: this.#ops,
      checked: this.#perRevision.reduce((sum, { checked }) => sum + checked, 0),
      revisions: this.#perRevision,
      mismatches: this.#mismatches,
    };
  }
}

/**
 * Answers every recording that the paths name, under each revision. Throws VectorError for a file that cannot be read.
 */
export const conformVm = (paths: readonly string[], revisions: readonly VmRevision[]): VmConformReport =>
  answered(paths, VECTOR_NAMES.vm, vmFile, new VmAnswers(revisions));
