/** A workload as text, to be changed and run. */
import type { JSX } from 'preact';
import type { PairReport } from '../report/compare/pair-report.ts';
import { number, plural } from '../report/words.ts';
import { CHOICES, machineKey, meaningOf, withMachineKey } from './machine-line.ts';
import { Verdict } from './overview.tsx';
import type { Refusal, Subject } from './protocol.ts';

export interface PlaygroundProps {
  /** variants that can be run */
  readonly ids: readonly string[];
  /** the text as it is written now */
  readonly draft: string;
  readonly reference: string;
  readonly candidate: string;
  readonly pairs: readonly PairReport[];
  readonly isRunning: boolean;
  readonly isCopied: boolean;
  readonly refusal: Refusal | null;
  readonly write: (text: string) => void;
  readonly run: (chosen?: Partial<Pick<Subject, 'reference' | 'candidate'>>) => void;
  readonly stop: () => void;
  readonly copy: () => void;
}

const Choice = ({
  label,
  value,
  of,
  choose,
}: {
  readonly label: string;
  readonly value: string;
  readonly of: readonly string[];
  readonly choose: (id: string) => void;
}): JSX.Element => (
  <label>
    {label}{' '}
    <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
      {of.map((id) => (
        <option key={id} value={id}>
          {id}
        </option>
      ))}
    </select>
  </label>
);

export function Playground(props: PlaygroundProps): JSX.Element {
  const { ids, draft, reference, candidate, pairs, isRunning, isCopied, refusal, write, run, stop, copy } = props;
  const errorId = refusal !== null && refusal.line > 0 ? 'draft-error' : undefined;
  return (
    <aside class="playground" aria-labelledby="playground-title">
      <h2 id="playground-title">Playground</h2>
      <label>
        Workload
        <textarea
          id="draft"
          spellcheck={false}
          rows={Math.min(24, Math.max(8, draft.split('\n').length + 1))}
          value={draft}
          aria-invalid={errorId !== undefined}
          aria-describedby={errorId}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
          }}
        />
      </label>
      {errorId !== undefined && (
        <p id={errorId} class="note" role="alert">
          {refusal!.message}
        </p>
      )}
      <div class="choices">
        <Choice label="Reference" value={reference} of={ids} choose={(id) => run({ reference: id })} />
        <Choice label="Candidate" value={candidate} of={ids} choose={(id) => run({ candidate: id })} />
      </div>
      <details>
        <summary>Machine</summary>
        <div class="choices">
          {Object.entries(CHOICES).map(([key, values]) => (
            <label key={key} title={meaningOf(key)}>
              {key}{' '}
              <select
                value={machineKey(draft, key)}
                onChange={(event) => write(withMachineKey(draft, key, event.currentTarget.value))}
              >
                <option value="">default</option>
                {values.map((value) => (
                  <option key={value} value={value}>
                    {value}
                  </option>
                ))}
              </select>
            </label>
          ))}
        </div>
      </details>
      <div class="buttons">
        <button type="button" class="primary" id="run" onClick={() => run()}>
          Run
        </button>
        {isRunning && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
        <button type="button" onClick={copy}>
          Copy as a command
        </button>
        <span role="status" class="muted">
          {isCopied ? 'copied' : isRunning ? 'running…' : ''}
        </span>
      </div>
      <Candidates pairs={pairs} chosen={candidate} choose={(id) => run({ candidate: id })} />
    </aside>
  );
}

/** What a page has of a recording. isWhole: the verdicts are those of all its ops. */
export const PartNote = ({
  ops,
  first,
  isWhole,
}: {
  readonly ops: number;
  readonly first: number;
  readonly isWhole: boolean;
}): JSX.Element => (
  <p class="muted">
    A recording of {plural(ops, 'op')}. Its first {number(first)} are here: up to the last at which something differs
    for the first time, as far as there is room.{' '}
    {isWhole
      ? 'The verdicts, what differs and the totals are of the whole recording; all else is of these.'
      : 'All of this is of these.'}{' '}
    Files that are mapped only later are not in their machines.
  </p>
);

/** The verdict of every column, each to be looked at. */
export const Candidates = ({
  pairs,
  chosen,
  choose,
}: {
  readonly pairs: readonly PairReport[];
  readonly chosen: string;
  readonly choose: (id: string) => void;
}): JSX.Element => (
  <table class="candidates" aria-label="Verdicts of all revisions">
    <tbody>
      {pairs.map(({ candidate, cell }) => (
        <tr key={candidate} data-candidate={candidate}>
          <th scope="row">
            <button type="button" class="link" aria-current={candidate === chosen} onClick={() => choose(candidate)}>
              {candidate}
            </button>
          </th>
          <td>
            <Verdict cell={cell} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
