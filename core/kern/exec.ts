/**
 * A new image in a process. FreeBSD: sys/kern/kern_exec.c do_execve, exec_new_vmspace, exec_map_stack.
 */
import { EXECS_NEW, EXECS_REUSED, REACHED_EXEC_BEFORE_TEARDOWN } from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_DO_EXECVE, IN_EXEC_FREE_ABI_MAPPINGS, IN_EXEC_NEW_VMSPACE } from '../places.ts';
import { pmapRemovePages } from '../pmap/index.ts';
import { P_EXEC, STOP_PPWAIT_CLEARED, type Image, type ImageMap, type Proc, type Sysent } from '../state/proc.ts';
import {
  PAGE_SIZE,
  VM_PROT_ALL,
  VM_PROT_EXECUTE,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  atop,
  roundPage,
  type Pages,
  type Va,
} from '../units.ts';
import {
  KERN_SUCCESS,
  MAP_ACC_NO_CHARGE,
  MAP_INHERIT_SHARE,
  MAP_STACK_GROWS_DOWN,
  STACK_GROW_BYTES,
  VMFS_NO_SPACE,
} from '../vm/codes.ts';
import { vmMapLock, vmMapUnlock } from '../vm/map-lock.ts';
import { vmMapFind, vmMapFixed } from '../vm/map.ts';
import { MAP_ANON, MAP_FIXED, MAP_GUARD, MAP_PRIVATE, MAP_STACK } from '../vm/mmap.ts';
import { vmObjectDeallocate, vmObjectReference } from '../vm/object.ts';
import { vmspaceClear, vmspaceExec } from '../vm/vmspace.ts';
import { access } from './access.ts';
import { ENOMEM, ESTOPPED, SIGABRT } from './errno.ts';
import { execCleanup } from './exec-cleanup.ts';
import { dropSleepers, wakeWaiter } from './fork.ts';
import { idleOtherCpus, minUserAddress } from './run.ts';
import { takePending, terminate } from './signal.ts';
import { stopsAt } from './stop.ts';
import { mapMemory } from './syscalls.ts';
import { countTeardown } from './teardown.ts';

const RX = VM_PROT_READ | VM_PROT_EXECUTE;

/**
 * Maps the shared page, replacing whatever is mapped there. The pmap is not updated until the first touch.
 * FreeBSD: exec_new_vmspace
 */
export function mapSharedPage(m: Machine, p: Proc, sysent: Sysent): number {
  const shared = sysent.sharedPage;
  if (shared === null) return 0;
  const object = m.vm.sharedPage!;
  vmObjectReference(m, object);
  const cow = MAP_INHERIT_SHARE | MAP_ACC_NO_CHARGE;
  if (vmMapFixed(m, p.vmspace.map, object, 0, shared.base, shared.len, RX, RX, cow) === KERN_SUCCESS) return 0;
  vmObjectDeallocate(m, object);
  return ENOMEM;
}

/** Maps a main stack of `bytes` below the top of user memory. Returns 0 or ENOMEM. FreeBSD: exec_map_stack */
export function execMapStack(m: Machine, p: Proc, bytes: number): number {
  const vm = p.vmspace;
  const top = p.sysent.usrStack;
  const prot = VM_PROT_READ | VM_PROT_WRITE;
  const bottom = top - bytes;
  if (
    vmMapFind(m, vm.map, null, 0, bottom, bytes, VMFS_NO_SPACE, prot, VM_PROT_ALL, MAP_STACK_GROWS_DOWN) !==
    KERN_SUCCESS
  )
    return ENOMEM;
  vm.maxsaddr = bottom;
  vm.stacktop = top;
  vm.ssize = STACK_GROW_BYTES / PAGE_SIZE;
  return 0;
}

/**
 * Empties p's vmspace, or gives p a new one, and maps the shared page. The vmspace is reused only if no other process
 * uses it, its bounds match the new ABI, and its pmap is of the kind p wants. A vmspace that p leaves goes to
 * p.oldVmspace. Returns whether the vmspace was reused. FreeBSD: exec_new_vmspace, exec_free_abi_mappings
 */
export function execNewVmspace(m: Machine, p: Proc, sysent: Sysent): boolean {
  enterPlace(m, IN_EXEC_NEW_VMSPACE);
  idleOtherCpus(m, p);
  dropSleepers(p);
  const vm = p.vmspace;
  const { map } = vm;
  const min = minUserAddress(sysent);
  const reuse =
    vm.refcnt === 1 && map.minOffset === min && map.maxOffset === sysent.maxUser && p.kpti === (vm.pmap.topUser !== 0);
  if (reuse) {
    m.counters[EXECS_REUSED]++;
    m.counters[REACHED_EXEC_BEFORE_TEARDOWN]++;
    countTeardown(m, p, true);
    enterPlace(m, IN_EXEC_FREE_ABI_MAPPINGS);
    m.hunks.execBeforeTeardown(m, p);
    leavePlace(m);
    pmapRemovePages(m, vm.pmap);
    vmspaceClear(m, p, vm);
    vmMapLock(m, map); // clears the flags of mlockall and of address randomization
    vmMapUnlock(m, map);
  } else {
    m.counters[EXECS_NEW]++;
    p.oldVmspace = vm;
    vmspaceExec(m, p, min, sysent.maxUser);
  }
  mapSharedPage(m, p, sysent);
  p.sysent = sysent;
  leavePlace(m);
  return reuse;
}

/** mmap flags of an image's mappings, by kind. */
const IMAGE_FLAGS = {
  file: MAP_PRIVATE | MAP_FIXED,
  anon: MAP_PRIVATE | MAP_FIXED | MAP_ANON,
  stack: MAP_PRIVATE | MAP_FIXED | MAP_ANON | MAP_STACK,
  guard: MAP_FIXED | MAP_GUARD,
} as const;

/** Maps one part of an image. Returns 0 or the error of mmap. */
function mapImagePart(m: Machine, p: Proc, part: ImageMap): number {
  const { kind, start, len } = part;
  const prot = kind === 'guard' ? VM_PROT_NONE : part.prot;
  const error = mapMemory(
    m,
    p,
    start,
    len,
    prot,
    part.maxProt,
    IMAGE_FLAGS[kind],
    part.file ?? -1,
    part.off ?? 0,
    false,
  );
  if (error === 0 && kind === 'stack') {
    const vm = p.vmspace;
    vm.maxsaddr = start;
    vm.stacktop = start + len;
    vm.ssize = STACK_GROW_BYTES / PAGE_SIZE;
  }
  return error;
}

const pagesBetween = (from: Va, to: Va): Pages => (to > from ? atop(roundPage(to) - roundPage(from)) : 0);

/** Records where the image's text, data and heap are; data extends to the break, in pages. */
function setSegments(p: Proc, image: Image): void {
  const vm = p.vmspace;
  vm.taddr = image.text;
  vm.tsize = pagesBetween(image.text, image.data);
  vm.daddr = image.data;
  vm.dsize = pagesBetween(image.data, image.heap);
}

/** Touches what the loader and rtld touch, in user mode. Returns 0, or the signal that kills the process. */
function touchImage(m: Machine, p: Proc, image: Image): number {
  for (const { start, pages, access: kind } of image.touched)
    for (let page = 0; page < pages; page++) {
      const signal = access(m, p, start + page * PAGE_SIZE, kind);
      if (signal !== 0) return signal;
    }
  return 0;
}

/**
 * Replaces the image of p, which is running. Returns 0, ESTOPPED, or the error of a mapping that failed: p is dead
 * then. FreeBSD: do_execve, kern_execve, sys_execve
 */
export function sysExec(m: Machine, p: Proc, image: Image, sysent: Sysent = image.sysent ?? p.sysent): number {
  const { parent } = p;
  enterPlace(m, IN_DO_EXECVE);
  let rv = loadImage(m, p, image, sysent);
  leavePlace(m);
  if (rv === 0 && p.image !== null) rv = execFinish(m, p);
  takePending(m, parent);
  return rv;
}

/** do_execve up to the wakeup of the vfork parent; p.image is set once that point is reached. */
function loadImage(m: Machine, p: Proc, image: Image, sysent: Sysent): number {
  execNewVmspace(m, p, sysent);
  const vm = p.vmspace;
  vm.maxsaddr = 0;
  vm.stacktop = 0;
  vm.ssize = 0;
  setSegments(p, image);
  for (const part of image.maps) {
    const error = mapImagePart(m, p, part);
    if (error === 0) continue;
    execCleanup(m, p);
    terminate(m, p, 0, SIGABRT);
    return error;
  }
  p.imageName = image.name;
  p.flags |= P_EXEC;
  wakeWaiter(p);
  p.caught = 0;
  p.image = image;
  return stopsAt(m, p, STOP_PPWAIT_CLEARED) ? ESTOPPED : 0;
}

/**
 * do_execve after the wakeup of the vfork parent: releases the old vmspace and starts the new image. FreeBSD: do_execve
 */
export function execFinish(m: Machine, p: Proc): number {
  enterPlace(m, IN_DO_EXECVE);
  execCleanup(m, p);
  leavePlace(m);
  const { image } = p;
  p.image = null;
  if (image !== null) touchImage(m, p, image);
  return 0;
}

/**
 * An exec that fails. Before the point of no return nothing changes; after it the process has no image to return to and
 * aborts. FreeBSD: do_execve (its label exec_fail)
 */
export function sysExecFail(m: Machine, p: Proc, errno: number, afterPointOfNoReturn: boolean): number {
  if (afterPointOfNoReturn) {
    enterPlace(m, IN_DO_EXECVE);
    execNewVmspace(m, p, p.sysent);
    execCleanup(m, p);
    terminate(m, p, 0, SIGABRT);
    leavePlace(m);
  }
  return errno;
}
