/** What measures. It extends a class of the host: a bundle loads it before the realm is closed. */
export { Bench } from 'tinybench';
