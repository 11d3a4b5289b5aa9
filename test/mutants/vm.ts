/** Faults planted in the VM and the life cycle. `test/mutants.test.ts` shows that the recorded answers catch each. */
import type { Mutant } from './mutant.ts';

const mutant = (file: string, fault: string, find: string, replace: string): Mutant => ({ file, fault, find, replace });

const vm = (name: string) => (fault: string, find: string, replace: string) =>
  mutant(`core/vm/${name}.ts`, fault, find, replace);
const kern = (name: string) => (fault: string, find: string, replace: string) =>
  mutant(`core/kern/${name}.ts`, fault, find, replace);

export const vmMutants: readonly Mutant[] = [
  vm('delete')(
    'pmap_remove is called for guards and untouched memory too',
    'if (entry.object !== null) pmapRemove(',
    'pmapRemove(',
  ),
  vm('delete')(
    'a wired entry is removed without being unwired',
    'if (entry.wiredCount !== 0) vmMap',
    'if (false) vmMap',
  ),
  vm('entry')(
    'splitting untouched memory gives it no object',
    'if ((entry.eflags & MAP_ENTRY_GUARD) === 0) vmMapEntryBack(m, entry);',
    '',
  ),
  vm('entry')('entries of different inheritance are joined', 'prev.inheritance === entry.inheritance &&', ''),
  vm('entry')('stack entries are joined', 'MAP_ENTRY_GROWS_DOWN | MAP_ENTRY_IN_TRANSITION', 'MAP_ENTRY_IN_TRANSITION'),
  vm('insert')('adjacent anonymous memory gets an entry of its own', 'prev.end === start &&', 'prev.end === -start &&'),
  vm('insert')('a partial prefault maps a page more', 'const MAX_INIT_PT = 96', 'const MAX_INIT_PT = 97'),
  vm('map-lock')(
    'an upgraded lock leaves the timestamp',
    'm.counters[VM_MAP_UPGRADES]++;\n  map.locked = MAP_WRITE_LOCKED;\n  map.timestamp++;',
    'm.counters[VM_MAP_UPGRADES]++;\n  map.locked = MAP_WRITE_LOCKED;',
  ),
  vm('map-tree')(
    'a splay to the left does not rotate',
    'stepLeft(spines, root, y !== spines.left && y.maxFree >= length && addr < y.start)',
    'stepLeft(spines, root, false)',
  ),
  vm('object')('a shadow keeps ONEMAPPING after its object lost it', 'object.flags |= OBJ_ONEMAPPING;', ''),
  vm('object')(
    'collapse keeps the pages that the parent hides',
    'if (mine !== 0 && page.valid[mine] !== 0) {',
    'if (false) {',
  ),
  vm('object')('bypass is not tried', 'if (!scanAllShadowed(m, object, backing)) return;', 'return;'),
  vm('object')(
    'a collapse frees what is mapped',
    'if (m.page.pvHead[frame] !== 0 || m.page.pvHead2m[frame >>> 9] !== 0)',
    'if (false)',
  ),
  vm('object-pages')(
    'unwiring does not see how far an object stands in the one behind it',
    'do {\n        index += at.backingOffset / PAGE_SIZE;',
    'do {',
  ),
  vm('shadow')(
    'an object that others name grows over their part',
    'if (object.refCount > 1 && object.size !== next && (object.flags & OBJ_ONEMAPPING) === 0) return false;',
    '',
  ),
  vm('shadow')(
    'fork does not split objects',
    'if ((from.flags & OBJ_ANON) === 0 || from.refCount <= 1) return;',
    'return;',
  ),
  vm('prefault')('prefault goes on past an absent page', 'if (frame === 0) return;', 'if (frame === 0) continue;'),
  vm('fault')(
    'a private page is copied where it could be moved',
    'object.shadowCount === 1 &&',
    'object.shadowCount === -1 &&',
  ),
  vm('fault-copy')(
    'a wired copy does not see how far an object stands in the one behind it',
    'pindex += object.backingOffset / PAGE_SIZE;',
    '',
  ),
  vm('fault-copy')(
    'a wired entry that becomes writable leaves the old page wired',
    'if (upgrade && from !== to) {',
    'if (false) {',
  ),
  vm('protect')(
    'taking write from private memory takes it twice',
    'VM_PROT_ALL & ~VM_PROT_WRITE : VM_PROT_ALL',
    'VM_PROT_ALL : VM_PROT_ALL',
  ),
  vm('stack')('a stack grows by what it needs only', 'Math.ceil(grow / STACK_GROW_BYTES) * STACK_GROW_BYTES', 'grow'),
  vm('stack')(
    'the main stack grows beyond its limit',
    'if (isMain && used + grow > STACK_LIMIT) return KERN_NO_SPACE;',
    '',
  ),
  vm('stack')(
    'what is left of the limit is not what the main stack grows by',
    'if (isMain && used + grow > STACK_LIMIT) grow = STACK_LIMIT - used;',
    '',
  ),
  vm('vmspace')(
    'fork protects again what awaits its copy',
    '(src.eflags & MAP_ENTRY_NEEDS_COPY) === 0 && (src.protection',
    '(src.protection',
  ),
  vm('vmspace')(
    'fork protects only what has an object',
    'pmapProtect(m, srcMap.pmap, start, end,',
    'if (src.object !== null) pmapProtect(m, srcMap.pmap, start, end,',
  ),
  vm('vmspace')(
    'a child of fork is wired too',
    '  entry.wiring = false;\n  entry.wiredCount = 0;\n  entry.object = null;\n  entry.charged = false;\n  vmMapEntryLink(m, vm2.map, entry);\n  countForked(vm1, vm2, entry);\n  copyEntry',
    '  entry.wiring = false;\n  entry.object = null;\n  entry.charged = false;\n  vmMapEntryLink(m, vm2.map, entry);\n  countForked(vm1, vm2, entry);\n  copyEntry',
  ),
  vm('vmspace')('the last to leave does not run pmap_remove_pages', '  pmapRemovePages(m, vm.pmap);', ''),
  vm('wire')(
    'failed wiring is not undone',
    'vmMapEntryUnwire(m, map, entry);\n        m.vm.userWired',
    'm.vm.userWired',
  ),
  vm('advise')(
    'FREE is applied through shadow objects',
    'if (advice === MADV_FREE && object !== null && object.backing !== null) continue;',
    '',
  ),
  kern('exec')('exec empties a vmspace that others use', 'vm.refcnt === 1 &&', ''),
  kern('exec')('exec keeps a pmap of the wrong kind', 'p.kpti === (vm.pmap.topUser !== 0)', 'true'),
  kern('exit')('the hook of exit comes after vmspace_exit', '  m.hunks.exitBeforeVmspaceExit(m, p);\n', ''),
  kern('fork')('a sharing child takes no reference', '  p.vmspace.refcnt++;', ''),
  kern('syscalls')(
    'a mapping without a hint goes into the room of the heap',
    'addr === 0 || (addr >= roundPage(vm.taddr) && addr < after)',
    'addr === 0',
  ),
  mutant(
    'core/page/reserv.ts',
    'a run counts as full one page early',
    'if (count === RUN_PAGES) {',
    'if (count === RUN_PAGES - 1) {',
  ),
  mutant(
    'core/page/reserv.ts',
    'a moved page leaves its run behind',
    'if (m.page.runOwner[run] !== from) return;',
    'return;',
  ),
  mutant(
    'core/page/reserv.ts',
    'runs ignore the colour of their object',
    '(object.color + pindex) % RUN_PAGES',
    'pindex % RUN_PAGES',
  ),
  vm('swapout')('the biggest object may have several shadows', 'object.shadowCount <= 1 && (biggest', '(biggest'),
  vm('swapout')(
    'of several biggest objects the last is scanned',
    'biggest.residentCount < object.residentCount',
    'biggest.residentCount <= object.residentCount',
  ),
  vm('swapout')(
    'the biggest object is not scanned before the others',
    '  if (biggest !== null) deactivateObject(m, pmap, biggest, desired);\n',
    '',
  ),
  vm('swapout')(
    'the entries are visited although few enough pages are resident',
    '    if (mayStop(m, pmap, desired)) break;\n',
    '',
  ),
  vm('swapout')('what is left is unmapped although a page is wired', 'desired === 0 && nothingWired', 'desired === 0'),
  vm('swapout')('what is left is unmapped although some may stay', 'desired === 0 && nothingWired', 'nothingWired'),
  vm('swapout')(
    'what is left stays mapped',
    'if (desired === 0 && nothingWired) pmapRemove(m, pmap, map.minOffset, map.maxOffset);',
    '',
  ),
  vm('swapout')('a backing object is not locked', '    m.counters[VM_OBJECT_READ_LOCKS]++;\n  }\n}', '  }\n}'),
  vm('swapout')('backing objects are not scanned', 'if (object.backing === null) return;', 'return;'),
  vm('swapout')(
    'a scan begins although few enough pages are resident',
    'if (mayStop(m, pmap, desired)) return;\n    m.counters[SWAPOUT_OBJECTS]++;',
    'm.counters[SWAPOUT_OBJECTS]++;',
  ),
  vm('swapout')('the shared page is scanned', '(object.flags & OBJ_UNMANAGED) !== 0 || ', ''),
  vm('swapout')(
    'a scan goes on although few enough pages are resident',
    'if (mayStop(m, pmap, desired)) return false;\n    counters[SWAPOUT_PAGES]++;',
    'counters[SWAPOUT_PAGES]++;',
  ),
  vm('swapout')('a wired page is unmapped', 'if (vmPageWired(m, frame)) return;', ''),
  vm('swapout')(
    'a page that another process maps is unmapped',
    'if (!pmapPageExistsQuick(m, pmap, frame)) return;',
    'pmapPageExistsQuick(m, pmap, frame);',
  ),
  vm('swapout')(
    'an accessed page is unmapped',
    'if (pmapIsReferenced(m, frame)) {',
    'if (pmapIsReferenced(m, frame) && false) {',
  ),
  vm('swapout')('an active page is unmapped although others shadow it', 'if (active && !unmap) return;', ''),
  vm('swapout')('a page that others shadow stays although it is not active', 'if (active && !unmap)', 'if (!unmap)'),
  vm('swapout')('an unmapped page stays active', '  vmPageDeactivate(m, frame);\n', ''),
  mutant(
    'core/pmap/page-ops.ts',
    'a page that a 2M mapping covers is not found',
    'pv = page.pvHead2m[runOf(frame)]; pv !== 0 && left > 0;',
    'pv = 0; pv !== 0;',
  ),
  vm('fault')('a fault leaves its page where it was', '  else vmPageActivate(m, frame);\n', ''),
  vm('soft-fast')(
    'a fault on a resident page activates it',
    'faultDirty(m, fs, frame, object);\n  unlockMap',
    'faultDirty(m, fs, frame, object);\n  page.queue[frame] = 2;\n  unlockMap',
  ),
  vm('fault')('a page stays active when it is copied', '    vmPageDeactivate(m, frame);\n', ''),
  vm('fault-copy')('the copy of a wired page at fork is not active', '    if (!upgrade) vmPageActivate(m, to);\n', ''),
  vm('object-pages')(
    'WILLNEED leaves a page where it is',
    'if (advice === MADV_WILLNEED) vmPageActivate(m, frame);',
    '',
  ),
  vm('object-pages')('DONTNEED leaves a page active', '  vmPageDeactivate(m, frame);\n', ''),
  vm('object-pages')(
    'a page is inactive when its last wiring goes',
    'vmPageUnwire(m, frame, PQ_ACTIVE)',
    'vmPageUnwire(m, frame, 1)',
  ),
  vm('pager')('the pages of a file are inactive at the start', 'm.page.queue[frame] = PQ_ACTIVE;', ';'),
];
