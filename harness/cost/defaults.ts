/** What is asked of the model unless a user says otherwise. */
import type { Frames } from './contention.ts';

export const DEFAULT_CPUS: readonly number[] = [1, 2, 4, 8, 16, 32, 64];
export const DEFAULT_FRAMES: readonly Frames[] = [1, 4, 8, 20, 'counted'];
