/** The ops of a workload, one of which is looked at. */
import type { JSX } from 'preact';
import type { OpView, Timeline } from './protocol.ts';

/** Which op is looked at. */
export interface Steering {
  readonly op: number;
  readonly go: (op: number) => void;
}

/** The nearest op in that direction in which the runs differ; the op itself if there is none. */
export function nextDifference({ ops }: Timeline, op: number, by: 1 | -1): number {
  for (let at = op + by; at >= 0 && at < ops.length; at += by) if (ops[at].differs.length > 0) return at;
  return op;
}

/** The ops as a tape: those in which the runs differ are marked, an outcome more than a number. */
function Tape({ ops, op }: { readonly ops: readonly OpView[]; readonly op: number }): JSX.Element {
  let [numbers, outcomes] = ['', ''];
  ops.forEach(({ differs }, at) => {
    if (differs.includes('outcome')) outcomes += `M${at} 0h1v10h-1z`;
    else if (differs.length > 0) numbers += `M${at} 5h1v5h-1z`;
  });
  return (
    <svg class="tape" viewBox={`0 0 ${ops.length} 10`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="room" x="0" y="0" width={ops.length} height="10" />
      <path class="numbers" d={numbers} />
      <path class="outcomes" d={outcomes} />
      <rect class="now" x={op} y="0" width="1" height="10" />
    </svg>
  );
}

export function Slider({ timeline, op, go }: Steering & { readonly timeline: Timeline }): JSX.Element {
  const { ops } = timeline;
  const [before, after] = [nextDifference(timeline, op, -1), nextDifference(timeline, op, 1)];
  return (
    <div class="slider">
      <Tape ops={ops} op={op} />
      <label>
        <span class="hidden">Op</span>
        <input
          type="range"
          min="0"
          max={ops.length - 1}
          value={op}
          aria-valuetext={`op ${op}: ${ops[op].text}`}
          onInput={(event) => go(Number(event.currentTarget.value))}
        />
      </label>
      <div class="buttons">
        <button type="button" disabled={op === 0} onClick={() => go(op - 1)}>
          ← op before
        </button>
        <button type="button" disabled={op === ops.length - 1} onClick={() => go(op + 1)}>
          next op →
        </button>
        <button type="button" disabled={before === op} onClick={() => go(before)}>
          <kbd>[</kbd> difference before
        </button>
        <button type="button" disabled={after === op} onClick={() => go(after)}>
          next difference <kbd>]</kbd>
        </button>
      </div>
    </div>
  );
}
