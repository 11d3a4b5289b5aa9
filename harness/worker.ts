/** The composition root of a thread that does jobs. */
export { compare, finding } from './pool/jobs.ts';
