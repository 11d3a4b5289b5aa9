/**
 * Names of signals and errnos, with FreeBSD's numbers, and the encoding of an op's outcome. FreeBSD: sys/sys/signal.h,
 * sys/sys/errno.h.
 */

export const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGEMT: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGBUS: 10,
  SIGSEGV: 11,
  SIGSYS: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGURG: 16,
  SIGSTOP: 17,
  SIGTSTP: 18,
  SIGCONT: 19,
  SIGCHLD: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGIO: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGINFO: 29,
  SIGUSR1: 30,
  SIGUSR2: 31,
};

export const ERRNOS: Readonly<Record<string, number>> = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  ECHILD: 10,
  EDEADLK: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  ENOTBLK: 15,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  EDOM: 33,
  ERANGE: 34,
  EAGAIN: 35,
  ENOTSUP: 45,
  ELOOP: 62,
  ENAMETOOLONG: 63,
  EPROCLIM: 67,
  ENOSYS: 78,
  EOVERFLOW: 84,
};

/** Outcome of an op as one number: 0 = done, an errno, OUTCOME_SIGNAL + a signal, or one of those from OUTCOME_NOT_RUN on. */
export const OUTCOME_OK = 0;
export const OUTCOME_SIGNAL = 128;
/** The process was gone or asleep, or a name that the op needs was never set. */
export const OUTCOME_NOT_RUN = 256;
/** What such an op has for a value if its thread was asleep in vfork. */
export const ASLEEP = -1;
/** It ran up to a yield point and waits for `go`. */
export const OUTCOME_STOPPED = 257;
/** The kernel panicked in it: the run ends there. Expected only, as an op that did not end has no outcome. */
export const OUTCOME_PANIC = 258;

const BEYOND_SIGNALS = ['not-run', 'stopped', 'panic'];

const nameByNumber = (table: Readonly<Record<string, number>>): string[] => {
  const names: string[] = [];
  for (const [name, number] of Object.entries(table)) names[number] = name;
  return names;
};

const SIGNAL_NAMES = nameByNumber(SIGNALS);
const ERRNO_NAMES = nameByNumber(ERRNOS);

export const signalName = (signal: number): string => SIGNAL_NAMES[signal] ?? `SIG${signal}`;
export const errnoName = (errno: number): string => ERRNO_NAMES[errno] ?? `E${errno}`;

/** `ok`, `ENOENT`, `SIGSEGV`, `not-run`, `stopped`, `panic`. */
export function outcomeName(code: number): string {
  if (code === OUTCOME_OK) return 'ok';
  if (code >= OUTCOME_NOT_RUN) return BEYOND_SIGNALS[code - OUTCOME_NOT_RUN];
  return code > OUTCOME_SIGNAL ? signalName(code - OUTCOME_SIGNAL) : errnoName(code);
}
