/** What can be read without a script: the verdicts and the findings. */
import type { ComponentChildren, JSX } from 'preact';
import type { PairReport } from '../report/compare/pair-report.ts';
import { explaining, inLine, signLegend, signOf, verdictLegend } from '../report/compare/words.ts';
import { MARKS, markLegend } from '../report/findings/matrix.ts';
import { number, plural } from '../report/words.ts';
import type { FindingData, PageData } from './data.ts';
import { hashOf } from './place.ts';

/** Which style a sign has; the style sheet writes the sign. */
const STYLES = { '=': 'same', '○': 'idle', '✓': 'intended', '!': 'unexpected', '✗': 'failed' } as const;

/** `✓ stat-only F1` */
export function Verdict({ cell }: Pick<PairReport, 'cell'>): JSX.Element {
  const sign = signOf(cell);
  const known = explaining(cell);
  const style = sign === '✓' && known.length > 0 ? 'known' : STYLES[sign];
  return (
    <span class={`verdict ${style}`} data-verdict={cell.verdict}>
      {cell.verdict}
      {known.map((name) => (
        <b key={name}> {name}</b>
      ))}
    </span>
  );
}

export function Overview({ data }: { readonly data: PageData }): JSX.Element {
  const { heading, tally, happened, machine, columns } = data;
  return (
    <>
      <header class="top">
        <h1>
          {columns.length > 1 ? 'Review of ' + columns.flatMap(({ ids }) => ids).length + ' revisions' : 'Review'}
        </h1>
        <p class="lead">{heading}.</p>
        <p>{tally}.</p>
        {machine === null ? (
          <p class="note">Results only: the simulated machine is not in this page, so nothing can be run here.</p>
        ) : (
          <p class="muted">
            The simulated machine is in this page: open a cell to step two revisions through its workload, change the
            workload, and run it again.
          </p>
        )}
        {machine !== null && machine.own.length > 0 && (
          <p class="note">This page contains code of {machine.own.map(({ name }) => name).join(', ')}.</p>
        )}
        {happened.length > 0 && (
          <details>
            <summary>What a process notices: {plural(happened.length, 'difference')}</summary>
            <ul class="happened">
              {happened.map(({ ids, line, isUnexpected }) => (
                <li key={ids + line}>
                  <b>{ids}</b> {isUnexpected ? '! ' : ''}
                  {line}
                </li>
              ))}
            </ul>
          </details>
        )}
        <nav aria-label="Parts of this page">
          <a href="#matrix">Verdicts</a> <a href="#findings">Findings</a>
          {data.machine !== null && (
            <>
              {' '}
              <a href={hashOf(startOf(data))}>Playground</a>
            </>
          )}
        </nav>
      </header>
      <Matrix data={data} />
      <Findings data={data} />
    </>
  );
}

/** The first workload that can be run, with the first candidate. */
function startOf({ workloads, columns }: PageData) {
  const workload = workloads.find(({ text }) => text !== null) ?? workloads[0];
  const column = columns.find(({ reference }) => reference !== null) ?? columns[0];
  return {
    kind: 'workload',
    workload: workload?.name ?? '',
    candidate: column?.ids[0] ?? '',
    reference: column?.reference ?? null,
    op: null,
  } as const;
}

function Matrix({ data: { columns, workloads, titles } }: { readonly data: PageData }): JSX.Element {
  const shown = columns.flatMap((column, i) => (column.reference === null ? [] : [{ column, i }]));
  const cells = workloads.flatMap(({ pairs }) => pairs.flatMap((pair) => pair?.cell ?? []));
  return (
    <section id="matrix" aria-labelledby="matrix-title">
      <h2 id="matrix-title">Verdicts</h2>
      <p class="legend muted">
        {signLegend(
          cells.some(({ accepted }) => accepted),
          cells.some(({ verdict }) => verdict === 'incomplete'),
        ).join(', ')}
        . {verdictLegend(cells.map(({ verdict }) => verdict))}
      </p>
      <Wide label="Verdicts">
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">workload</th>
              <th scope="col" class="n">
                ops
              </th>
              {shown.map(({ column, i }) => (
                <th scope="col" key={i} title={column.ids.map((id) => titles[id]).join('; ')}>
                  {inLine(column)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {workloads.map(({ name, title, ops, pairs }) => (
              <tr key={name}>
                <th scope="row" title={title}>
                  {name}
                </th>
                <td class="n">{ops === null ? '' : number(ops)}</td>
                {shown.map(({ column, i }) => {
                  const pair = pairs[i];
                  return (
                    <td key={i}>
                      {pair !== null && (
                        <a
                          href={hashOf({
                            kind: 'workload',
                            workload: name,
                            candidate: column.ids[0],
                            reference: null,
                            op: null,
                          })}
                        >
                          <Verdict cell={pair.cell} />
                        </a>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}

/** What may be wider than the page scrolls by itself, by keyboard too. */
export const Wide = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element => (
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  <div class="wide" role="region" aria-label={label} tabIndex={0}>
    {children}
  </div>
);

function Findings({ data }: { readonly data: PageData }): JSX.Element | null {
  const { findings, revisions, machine } = data;
  if (findings.length === 0) return null;
  return (
    <section id="findings" aria-labelledby="findings-title">
      <h2 id="findings-title">Findings</h2>
      <p class="legend muted">{markLegend(findings.flatMap(({ marks }) => marks))}. Bold: a fault where it shows.</p>
      <Wide label="Findings">
        <table class="findings">
          <thead>
            <tr>
              <th scope="col">id</th>
              <th scope="col">remark</th>
              {revisions.map((id) => (
                <th scope="col" key={id}>
                  {id}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {findings.map(({ id, title, kind, marks }) => (
              <tr key={id}>
                <th scope="row" class={kind === 'fault' ? 'fault' : ''}>
                  <a href={`#${id}`}>{id}</a>
                </th>
                <td>{title}</td>
                {marks.map((mark, i) => (
                  <td class="mark" key={revisions[i]}>
                    {mark !== null && (
                      <>
                        <span aria-hidden="true">{MARKS[mark].sign}</span>
                        <span class="hidden">{MARKS[mark].words}</span>
                      </>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {findings.map((finding) => (
        <FindingBody
          key={finding.id}
          finding={finding}
          revisions={revisions}
          canRun={machine !== null}
          noticed={noticedBy(data, finding.id)}
        />
      ))}
    </section>
  );
}

interface Noticed {
  readonly workload: string;
  readonly candidate: string;
}

/** Workloads of the matrix that are linked from a finding at most. */
const MOST_LINKS = 4;

/** Cells that a finding explains and that a process notices: where to see it happen. */
const noticedBy = ({ workloads, columns }: PageData, id: string): Noticed[] =>
  workloads.flatMap(({ name, pairs }) =>
    columns.flatMap(({ ids }, i): Noticed[] => {
      const cell = pairs[i]?.cell;
      const isSeen = cell?.happened.length && cell.findings.some((one) => one.id === id && !one.gone);
      return isSeen ? [{ workload: name, candidate: ids[0] }] : [];
    }),
  );

function FindingBody({
  noticed,
  finding: { id, title, kind, thread, claim, cases, alsoIn, marks },
  revisions,
  canRun,
}: {
  readonly finding: FindingData;
  readonly revisions: readonly string[];
  readonly canRun: boolean;
  readonly noticed: readonly Noticed[];
}): JSX.Element {
  const shown = revisions.find((_revision, i) => marks[i] === 'shows' || marks[i] === 'otherwise') ?? null;
  return (
    <article id={id} class="finding">
      <h3>
        {id} <span class="plain">{title}</span>
      </h3>
      <p class="muted">
        {kind}. {thread}
      </p>
      <blockquote>{claim}</blockquote>
      {alsoIn.length > 0 && <p class="muted">Also shows in {alsoIn.join(', ')}.</p>}
      {noticed.length > 0 && (
        <p>
          A process notices it in{' '}
          {noticed.slice(0, MOST_LINKS).map(({ workload, candidate }, i) => (
            <span key={workload + candidate}>
              {i > 0 && ', '}
              <a href={hashOf({ kind: 'workload', workload, candidate, reference: null, op: null })}>
                {workload} ({candidate})
              </a>
            </span>
          ))}
          {noticed.length > MOST_LINKS && ` and ${plural(noticed.length - MOST_LINKS, 'more cell')}`}.
        </p>
      )}
      {cases.map(({ name, observes, source, text, values }, i) => (
        <div class="case" key={name}>
          <h4>{name}</h4>
          <dl>
            <dt>{observes}</dt>
            <dd>
              {revisions
                .flatMap((revision, at) => (values[at] === null ? [] : [`${revision} ${values[at]}`]))
                .join(', ')}
            </dd>
            <dt>source</dt>
            <dd>{source}</dd>
          </dl>
          {text !== null && (
            <Wide label={`Workload: ${name}`}>
              <pre>{text.trimEnd()}</pre>
            </Wide>
          )}
          {text !== null && canRun && (
            <p>
              <a href={hashOf({ kind: 'case', finding: id, number: i, candidate: shown, op: null })}>
                Run it here
                <span class="hidden">
                  : {id}, {name}
                </span>
              </a>
            </p>
          )}
        </div>
      ))}
    </article>
  );
}
