/** The recorded programs in the repository: real process trees, in `vmtrace-1`, gzipped. */

/** Description of each recording, by name. */
export const CORPUS: Readonly<Record<string, string>> = {
  pipe_one: "One shell pipeline: 7 processes, each forked and then exec'd",
  cc_tiny: 'One cc -c: the driver, the compiler and the assembler, vforked',
  forkloop_small: 'A parent with 60 mappings forks 20 children that exit at once',
  forkloop_touch: 'The same with 300 children, each of which touches the time page',
  forkloop_notouch: 'The same with 300 children, none of which touches it',
  spawn_vforkfail: '200 vforked children whose exec fails',
  make12: 'make -j2 of a 12-file C project: 73 processes, 70 of them vforked',
};
