/** Objects: references, shadow chains, and their pages. */
import {
  INDEX_MAX_HEIGHT,
  INDEX_SHIFT,
  OBJT_DEAD,
  OBJ_ANON,
  OBJ_DEAD,
  OBJ_ONEMAPPING,
  OBJ_SHADOWLIST,
  OBJ_UNMANAGED,
  type PageIndex,
  VM_PAGE_BITS_ALL,
  VPO_UNMANAGED,
  type VmObject,
  usedFrames,
} from '../../core/inspect.ts';
import type { FreeFrames } from './free-frames.ts';
import { type DirtyPages, checkWriteable } from './leaves.ts';
import type { MapRows } from './maps.ts';
import type { State } from './state.ts';

/** The reference that a page's object holds; wirings are counted in the bits below. FreeBSD: VPRC_OBJREF */
const OBJECT_REFERENCE = 2 ** 30;

/** Slots of a node of an object's tree, and the indices below one slot of a node, by its height. */
const WIDTH = 2 ** INDEX_SHIFT;
const SPANS = Float64Array.from({ length: INDEX_MAX_HEIGHT + 2 }, (_one, height) => WIDTH ** height);

/** Frame of an object's page at an index, looked up in its tree; 0 if none. */
export function residentAt(index: PageIndex, object: VmObject, pindex: number): number {
  const { slots } = index;
  let node = object.indexRoot;
  if (node === 0 || pindex >= SPANS[object.indexHeight + 1]) return 0;
  for (let height = object.indexHeight; ; height--) {
    // & takes the low bits of any index; % and a power were a fifth of the time of all checks.
    node = slots[node * WIDTH + ((pindex / SPANS[height]) & (WIDTH - 1))];
    if (node === 0 || height === 0) return node;
  }
}

interface Recount {
  entries: number;
  backed: number;
}

export function checkObjects(state: State, maps: readonly MapRows[], free: FreeFrames, dirty: DirtyPages): void {
  const { m, report } = state;
  const counts = new Map<VmObject, Recount>();
  for (let object = m.vm.objectsHead; object !== null && !counts.has(object); object = object.listNext)
    counts.set(object, { entries: 0, backed: 0 });
  for (const { who, entries } of maps)
    for (const { object } of entries) {
      if (object === null) continue;
      const count = counts.get(object);
      if (count === undefined) report.broken('object-chain', who, 'a live object', `object ${object.id}`);
      else count.entries++;
    }
  for (const { backing, id } of counts.keys()) {
    if (backing === null) continue;
    const count = counts.get(backing);
    if (count === undefined) report.broken('object-chain', null, `object ${id}: backed by a live object`, backing.id);
    else count.backed++;
  }
  const shared = m.vm.sharedPage;
  let resident = 0;
  for (const [object, { entries, backed }] of counts) {
    const held = entries + backed + (object === shared ? 1 : 0);
    if (held !== object.refCount)
      report.same('object-references', null, held, object.refCount, `object ${object.id}: `);
    checkShadows(state, object, backed);
    if ((object.flags & OBJ_DEAD) !== 0 || object.type === OBJT_DEAD)
      report.broken('object-chain', null, `object ${object.id}: alive`, 'dead');
    if ((object.flags & OBJ_ANON) !== 0 && entries > 0 && object.refCount <= object.shadowCount)
      report.broken(
        'object-chain',
        null,
        `object ${object.id}: more than ${object.shadowCount} references`,
        object.refCount,
      );
    checkChain(state, object, counts.size);
    resident += checkPages(state, object, dirty);
  }
  checkOrphans(state, resident, free);
  checkSharedPage(state, shared);
}

function checkShadows({ report }: State, object: VmObject, backed: number): void {
  // FreeBSD keeps the list for anonymous objects only; for others it keeps only the count.
  if (backed !== object.shadowCount)
    report.same('object-shadows', null, backed, object.shadowCount, `object ${object.id}: `);
  if ((object.flags & OBJ_ANON) === 0) return;
  let listed = 0;
  for (let at = object.shadowHead; at !== null && listed <= backed; at = at.shadowNext) {
    listed++;
    if (at.backing !== object || (at.flags & OBJ_SHADOWLIST) === 0)
      report.broken('object-shadows', null, `object ${object.id}: lists what it backs`, `object ${at.id}`);
  }
  if (backed !== listed) report.same('object-shadows', null, backed, listed, `object ${object.id}: listed `);
}

function checkChain({ report }: State, object: VmObject, most: number): void {
  let hops = 0;
  for (let at = object.backing; at !== null && hops <= most; at = at.backing) hops++;
  if (hops > most) report.broken('object-chain', null, `object ${object.id}: a chain that ends`, 'a cycle');
}

/** Checks the pages of one object; returns how many there are. */
function checkPages(state: State, object: VmObject, dirty: DirtyPages): number {
  const { m, survey, report } = state;
  const { page } = m;
  const { index } = m.vm;
  const name = (): string => `object ${object.id}: `;
  const unmanaged = (object.flags & OBJ_UNMANAGED) !== 0;
  // The pages of an object that backs another are mapped once through each entry of that one.
  const onlyOnce = (object.flags & OBJ_ONEMAPPING) !== 0 && object.shadowCount === 0;
  let count = 0;
  let last = 0;
  let before = -Infinity;
  for (let frame = object.memqFirst; frame !== 0 && count <= object.residentCount; frame = page.listNext[frame]) {
    const pindex = page.pindex[frame];
    const agrees =
      page.object[frame] === object.id &&
      page.listPrev[frame] === last &&
      pindex > before &&
      residentAt(index, object, pindex) === frame &&
      page.refCount[frame] >= OBJECT_REFERENCE &&
      ((page.oflags[frame] & VPO_UNMANAGED) !== 0) === unmanaged;
    if (!agrees)
      report.broken(
        'object-pages',
        null,
        `${name()}page ${pindex} in list and index`,
        `frame ${frame}, of object ${page.object[frame]}, ${page.refCount[frame]} references`,
      );
    const mapped = survey.mapped4k(frame) + survey.mapped2m(frame);
    if (onlyOnce && mapped > 1)
      report.broken('object-one-mapping', null, `${name()}page ${pindex} mapped at most once`, `${mapped} times`);
    checkWriteable(state, frame);
    dirty.note(state, frame);
    before = pindex;
    last = frame;
    count++;
  }
  if (last !== object.memqLast) report.broken('object-pages', null, `${name()}last page ${last}`, object.memqLast);
  const resident = count + (object.file?.unread ?? 0);
  if (resident !== object.residentCount)
    report.same('object-pages', null, resident, object.residentCount, `${name()}resident `);
  return count;
}

/** Checks that every page that claims to belong to an object is on that object's list. */
function checkOrphans({ m, report }: State, resident: number, free: FreeFrames): void {
  const { object, refCount } = m.page;
  let owned = 0;
  const one = (frame: number): void => {
    if (object[frame] !== 0) owned++;
    else if (refCount[frame] >= OBJECT_REFERENCE && !free.has(frame))
      report.broken('object-pages', null, `frame ${frame}: an object, as it is referenced by one`, 'none');
  };
  for (const [from, to] of usedFrames(m)) for (let frame = from; frame < to; frame++) one(frame);
  report.same('object-pages', null, resident, owned, 'pages with an object ');
}

function checkSharedPage({ m, report }: State, shared: VmObject | null): void {
  const frame = shared?.memqFirst ?? 0;
  const { page } = m;
  const isSound =
    shared !== null &&
    shared.residentCount === 1 &&
    page.valid[frame] === VM_PAGE_BITS_ALL &&
    (page.oflags[frame] & VPO_UNMANAGED) !== 0 &&
    page.pvHead[frame] === 0;
  if (!isSound) report.broken('shared-page', null, 'one valid unmanaged page', `frame ${frame}`);
}
