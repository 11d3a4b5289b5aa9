import { catchAll } from './caught.ts';
import { mmuMutants } from './mmu.ts';
import { pmapMutants } from './pmap.ts';

catchAll('mmu', mmuMutants);
catchAll('pmap', pmapMutants);
