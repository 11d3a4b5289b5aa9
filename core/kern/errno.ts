/** Error numbers and signals. FreeBSD: sys/sys/errno.h, sys/sys/signal.h */

export const EPERM = 1;
export const ESRCH = 3;
export const EBADF = 9;
export const ECHILD = 10;
export const ENOMEM = 12;
export const EACCES = 13;
export const EBUSY = 16;
export const EINVAL = 22;
export const EAGAIN = 35;
export const ENOTSUP = 45;

/** Not a FreeBSD error: the call is stopped at a yield point, see stop.ts. */
export const ESTOPPED = 99;

export const SIGILL = 4;
export const SIGABRT = 6;
export const SIGKILL = 9;
export const SIGBUS = 10;
export const SIGSEGV = 11;
export const SIGSTOP = 17;
export const SIGCHLD = 20;

/**
 * Signals that do not kill a process that does not catch them: URG, STOP, TSTP, CONT, CHLD, TTIN, TTOU, IO, WINCH,
 * INFO.
 */
export const HARMLESS_SIGNALS =
  (1 << 16) | (1 << 17) | (1 << 18) | (1 << 19) | (1 << 20) | (1 << 21) | (1 << 22) | (1 << 23) | (1 << 28) | (1 << 29);
