/** One candidate beside its reference on one workload: what happened, what differs and why, and the code that does it. */
import type { JSX } from 'preact';
import type { Explanation } from '../explain/explain.ts';
import type { Reason } from '../report/compare/model.ts';
import type { PairReport } from '../report/compare/pair-report.ts';
import { shownSides } from '../report/compare/totals.ts';
import { amountAndPlace, explained, followingText, hintText, shareText } from '../report/compare/words.ts';
import { number, plural, signed } from '../report/words.ts';
import type { Change } from './data.ts';
import { Verdict, Wide } from './overview.tsx';

type Titles = Readonly<Record<string, string>>;

const STANDING_WORDS = { unexpected: '! unexpected', known: 'F known', intended: '✓ declared' } as const;

/** What came of it. */
export function PairHead({ pair: { cell, candidate, reference } }: { readonly pair: PairReport }): JSX.Element {
  return (
    <section aria-labelledby="pair-title" class="pair">
      <h2 id="pair-title">
        <Verdict cell={cell} />{' '}
        <span class="plain">
          {candidate} against {reference}
        </span>
      </h2>
      {cell.note !== null && <p class="note">{cell.note}</p>}
      {cell.happened.length > 0 && (
        <ul class="happened">
          {cell.happened.map(({ text, standing }) => (
            <li key={text}>
              {standing === 'unexpected' ? '! ' : ''}
              {text}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What differs, why, and by how much. */
export function PairBody({ pair, titles }: { readonly pair: PairReport; readonly titles: Titles }): JSX.Element | null {
  const { reasons, following } = pair;
  if (reasons.length + following + pair.totals.length === 0) return null;
  return (
    <section aria-labelledby="reasons-title">
      <h2 id="reasons-title">What differs, and why</h2>
      {reasons.map((reason, i) => (
        <ReasonView key={i} reason={reason} titles={titles} />
      ))}
      {following > 0 && <p class="muted">{followingText(following)}</p>}
      <Totals pair={pair} />
    </section>
  );
}

const ReasonView = ({ reason, titles }: { readonly reason: Reason; readonly titles: Titles }): JSX.Element => (
  <div class={`reason ${reason.standing}`}>
    <p>
      <b class="standing">{STANDING_WORDS[reason.standing]}</b> {explained(reason, titles)}
    </p>
    <ul>
      {reason.items.map((item) => (
        <li key={item.what}>
          {amountAndPlace(item)}
          {hintText(item.hints)}
        </li>
      ))}
    </ul>
  </div>
);

function Totals({ pair: { totals, reference, candidate, parted } }: { readonly pair: PairReport }): JSX.Element | null {
  if (totals.length === 0) return null;
  return (
    <>
      <h3>Totals</h3>
      {parted !== null && <p class="muted">Summed up to op {number(parted)}, where the machines part.</p>}
      <Wide label="Totals">
        <table class="totals">
          <thead>
            <tr>
              <th scope="col">counted</th>
              <th scope="col" class="n">
                {reference}
              </th>
              <th scope="col" class="n">
                {candidate}
              </th>
              <th scope="col" class="n">
                difference
              </th>
              <th scope="col" class="n">
                %
              </th>
            </tr>
          </thead>
          <tbody>
            {totals.map((total) => {
              const { what, kind } = total;
              const sides = shownSides(total);
              return (
                <tr key={what} data-counter={what}>
                  <th scope="row">
                    {what}
                    {kind === 'level' && <span class="muted"> level, where it differs most</span>}
                  </th>
                  <td class="n">{number(sides.reference)}</td>
                  <td class="n">{number(sides.candidate)}</td>
                  <td class="n">{signed(sides.candidate - sides.reference)}</td>
                  <td class="n">{shareText(sides)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Wide>
    </>
  );
}

/** Groups of one counter that are shown at first. */
const SHOWN_GROUPS = 8;

export function Explanations({
  explanations,
  of,
}: {
  readonly explanations: readonly Explanation[];
  /** what is explained, if not the whole workload */
  readonly of: string | null;
}): JSX.Element {
  const moved = explanations.filter(({ delta }) => delta === 0);
  return (
    <section aria-labelledby="explain-title">
      <h2 id="explain-title">Where it comes from{of !== null && <span class="plain">, {of}</span>}</h2>
      {explanations.length === 0 && <p>Nothing that is counted differs.</p>}
      {explanations.map((one) => one.delta !== 0 && <ExplanationView key={one.what} of={one} />)}
      {moved.length > 0 && (
        <details>
          <summary>{plural(moved.length, 'more counter')}: the same sum, counted elsewhere</summary>
          {moved.map((one) => (
            <ExplanationView key={one.what} of={one} />
          ))}
        </details>
      )}
    </section>
  );
}

const ExplanationView = ({ of }: { readonly of: Explanation }): JSX.Element => {
  const { what, reference, candidate, delta, groups, unexplained } = of;
  const rest = groups.slice(SHOWN_GROUPS);
  const left = rest.reduce((sum, group) => sum + group.delta, 0);
  return (
    <details class="explanation">
      <summary>
        <b>{what}</b> {number(reference)} → {number(candidate)} ({signed(delta)})
      </summary>
      <Wide label={`Parts of ${what}`}>
        <table>
          <tbody>
            {groups.slice(0, SHOWN_GROUPS).map(({ by, delta: part }, i) => (
              <tr key={i}>
                <td class="n">{signed(part)}</td>
                <td>{Object.values(by).join(' · ')}</td>
              </tr>
            ))}
            {rest.length > 0 && (
              <tr>
                <td class="n">{signed(left)}</td>
                <td>{plural(rest.length, 'more group')}</td>
              </tr>
            )}
          </tbody>
        </table>
      </Wide>
      <p class="muted">unexplained {number(unexplained)}</p>
    </details>
  );
};

export function InterdiffView({
  interdiff: { candidate, reference, blocks, notes, title },
}: {
  readonly interdiff: Change;
}): JSX.Element {
  return (
    <section aria-labelledby="code-title">
      <h2 id="code-title">The code that decides it</h2>
      <p class="muted">
        {candidate} after {reference}: {title}
      </p>
      {notes.map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
      {blocks.length === 0 && <p>No code differs.</p>}
      {blocks.map(({ members, lines }) => (
        <details key={members.join()} open={blocks.length < 4}>
          <summary>{members.join(', ')}</summary>
          <Wide label={`Change of ${members.join(', ')}`}>
            <pre class="diff">
              {lines.map(({ sign, text }, i) => (
                <span key={i} class={sign === '+' ? 'added' : sign === '-' ? 'removed' : ''}>
                  {sign} {text}
                  {'\n'}
                </span>
              ))}
            </pre>
          </Wide>
        </details>
      ))}
    </section>
  );
}
