import { catchAll } from './caught.ts';
import { vmMutants } from './vm.ts';

catchAll('vm', vmMutants);
