/** What applied to nothing, in one sentence each. */
import type { Warning } from '../compare/warnings.ts';
import { number } from './words.ts';

export function warningText(warning: Warning): string {
  switch (warning.kind) {
    case 'policy': {
      const { workload, touch, processes } = warning;
      return `${workload}: --touch ${touch} applied to none of ${number(processes)} processes`;
    }
    case 'no-recording':
      return `--touch ${warning.touch} had no effect: it applies to recordings, and only workload text was run`;
    case 'no-faults':
      return `${warning.workload}: the recording holds no faults, so its programs touch nothing: ${faultsFrom(warning.recorder)}, or use --touch`;
    case 'stop': {
      const { workload, line, op, process, point } = warning;
      return `${workload}, ${line > 0 ? `line ${line}` : `op ${op}`}: ${process} never stopped at ${point}`;
    }
    case 'column':
      return `${warning.variant}: ${warning.text}`;
    case 'unknown-name': {
      const { entry, field } = warning;
      return `--expect: no ${field === 'what' ? 'statistic, counter, plane or invariant' : field} is called ${JSON.stringify(entry[field])}`;
    }
  }
}

/** How to come by the page faults that a recording lacks. */
function faultsFrom(recorder: string): string {
  switch (recorder) {
    case 'pmapdiff import strace':
      return 'import it with --faults';
    case 'pmapdiff import kdump':
      return 'record with ktrace -t f';
    case 'pmapdiff import truss':
      return 'record with ktrace -t f, as truss shows none';
    default:
      return 'record page faults too';
  }
}
