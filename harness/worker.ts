/** The composition root of a thread that does jobs. */
import { JOBS } from './pool/jobs.ts';

export const { compare, finding, slice, minimise, conform, follow, finish, draw, ease } = JOBS;
