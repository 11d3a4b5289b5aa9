/** Two machines after the same op, one row each for both, and a slider over the ops. */
import type { JSX } from 'preact';
import { hex, number, plural, signed } from '../report/words.ts';
import type {
  Both,
  CounterView,
  EntryView,
  MachineView,
  Paired,
  PairedTable,
  PmapView,
  SpaceView,
  TableView,
} from './machine-view.ts';
import type { Timeline } from './protocol.ts';
import { ABSENT, map, NONE, Row, Rows, Still } from './rows.tsx';
import { Slider, type Steering } from './slider.tsx';
import { MapStrip, PageStrip, TableStrip } from './strips.tsx';

const LEVELS = ['', 'PT', 'PD', 'PDP', 'PML4', 'PML5'];
const protection = (bits: number): string =>
  ['r', 'w', 'x'].map((letter, i) => (bits & (1 << i) ? letter : '-')).join('');

const isUnequal = (sides: Both<unknown>): boolean => JSON.stringify(sides[0]) !== JSON.stringify(sides[1]);

function entryWords({ kind, mapped, pages, runs, isWired, needsCopy }: EntryView): string {
  const count = (isOf: (run: EntryView['runs'][number]) => boolean): number =>
    runs.filter(isOf).reduce((sum, run) => sum + run.pages, 0);
  const [wired, unmanaged, superpages] = [
    count((run) => run.isWired),
    count((run) => !run.isManaged),
    count((run) => run.isSuperpage) / 512,
  ];
  return [
    `${number(mapped)}/${number(pages)}`,
    ...(wired > 0 ? [`${number(wired)} wired`] : isWired ? ['wired entry'] : []),
    ...(unmanaged > 0 ? [`${number(unmanaged)} unmanaged`] : []),
    ...(superpages > 0 ? [plural(superpages, '2M page')] : []),
    ...(needsCopy && kind !== 'guard' ? ['to copy'] : []),
  ].join(', ');
}

const EntrySide = ({ entry }: { readonly entry: EntryView }): JSX.Element => (
  <span class="cells">
    <code>{protection(entry.protection)}</code> <span class="kind">{entry.kind}</span> <PageStrip entry={entry} />{' '}
    <span class="count">{entryWords(entry)}</span>
  </span>
);

const drawEntry = (row: Paired<EntryView>): JSX.Element => (
  <Still
    key={row.at}
    of={row}
    draw={() => (
      <Row
        head={<code>{hex(row.at)}</code>}
        sides={map(
          row.sides,
          (entry) => (
            <EntrySide entry={entry} />
          ),
          row.differs ? NONE : ABSENT,
        )}
        differs={row.differs}
      />
    )}
  />
);

const drawTable = (row: Paired<TableView>): JSX.Element => {
  const { level } = row as PairedTable;
  return (
    <Still
      key={`${level}/${row.at}`}
      of={row}
      draw={() => (
        <Row
          head={
            <span class={`level l${level}`}>
              {LEVELS[level]} <code>{hex(row.at)}</code>
            </span>
          }
          sides={map(
            row.sides,
            (table) => (
              <span class="cells">
                <TableStrip table={table} /> <span class="count">{table.used.length}/512</span>
              </span>
            ),
            row.differs ? NONE : ABSENT,
          )}
          differs={row.differs}
        />
      )}
    />
  );
};

const countRow = (name: string, sides: Both<PmapView>, read: (pmap: PmapView) => string | number): JSX.Element => {
  const both: Both<string | number> = [
    sides[0] === null ? null : read(sides[0]),
    sides[1] === null ? null : read(sides[1]),
  ];
  return (
    <Row key={name} head={name} sides={map(both, (value) => value)} differs={!both.includes(null) && isUnequal(both)} />
  );
};

/** `295 = 284 mapped + 9 page-table + 2 top-level`: what the statistic is made of. */
function residentText({ residentCount, mapped, tables, topPages }: PmapView): string {
  const rest = residentCount - mapped - tables;
  const parts = [`${number(mapped)} mapped`, `${number(tables)} page-table`];
  if (rest !== 0) parts.push(rest === topPages ? `${number(rest)} top-level` : `${number(rest)} other`);
  return `${number(residentCount)} = ${parts.join(' + ')}`;
}

interface SpaceProps {
  readonly space: SpaceView;
  readonly names: readonly [string, string];
  /** rows that are the same in both are left out */
  readonly isBrief: boolean;
}

function Space({ space, names, isBrief }: SpaceProps): JSX.Element {
  const { vmspace, processes, references, pmap, entries, tables } = space;
  const who = [...new Set(processes.flatMap((side) => side ?? []))].join(', ');
  const mapStrip = (side: 0 | 1): JSX.Element =>
    pmap[side] === null ? ABSENT : <MapStrip entries={entries} side={side} />;
  const shown = <T extends Paired<unknown>>(rows: readonly T[]): readonly T[] =>
    isBrief ? rows.filter(({ differs }) => differs) : rows;
  const alone = pmap[0] === null ? names[1] : pmap[1] === null ? names[0] : null;
  const tableCount = (side: 0 | 1): number => tables.filter(({ sides }) => sides[side] !== null).length;
  return (
    <details open class="space">
      <summary>
        <h3>
          vmspace {vmspace} <span class="plain">{who === '' ? 'nobody' : who}</span>
          {alone === null ? (
            space.differs && <span class="unequal"> ≠ differs</span>
          ) : (
            <span class="unequal"> ≠ only in {alone}</span>
          )}
        </h3>
      </summary>
      <table class="machine">
        <Head title={`vmspace ${vmspace}`} names={names} />
        <tbody>
          {isUnequal(processes) && (
            <Row head="processes" sides={map(processes, (list) => list.join(', '))} differs={alone === null} />
          )}
          <Row head="references" sides={map(references, number)} differs={alone === null && isUnequal(references)} />
          {countRow('resident_count', pmap, residentText)}
          {countRow('wired_count', pmap, ({ wiredCount }) => number(wiredCount))}
        </tbody>
      </table>
      <h4>address space: {plural(entries.length, 'map entry', 'map entries')}</h4>
      <table class="machine" aria-label={`map of vmspace ${vmspace}`}>
        <tbody>
          <Row head="all, in order" sides={[mapStrip(0), mapStrip(1)]} differs={false} />
        </tbody>
      </table>
      <Rows label={`map entries of vmspace ${vmspace}`} rows={shown(entries)} draw={drawEntry} />
      <h4>
        page-table pages: {tableCount(0)}
        {tableCount(0) === tableCount(1) ? '' : ` and ${tableCount(1)}`}
      </h4>
      <Rows label={`page-table pages of vmspace ${vmspace}`} rows={shown(tables)} draw={drawTable} />
    </details>
  );
}

const Head = ({ title, names }: { readonly title: string; readonly names: readonly [string, string] }): JSX.Element => (
  <thead>
    <tr>
      <th scope="col">
        <span class="hidden">{title}</span>
      </th>
      {names.map((name, i) => (
        <th scope="col" key={i}>
          {name}
        </th>
      ))}
    </tr>
  </thead>
);

function Counters({
  counters,
  names,
}: {
  readonly counters: readonly CounterView[];
  readonly names: readonly [string, string];
}): JSX.Element {
  const differing = counters.filter(({ sides }) => sides[0] !== sides[1]);
  const same = counters.filter(({ sides }) => sides[0] === sides[1]);
  const rows = (list: readonly CounterView[]): JSX.Element[] =>
    list.map(({ name, counts, sides }) => (
      <Row
        key={name}
        head={<span title={counts}>{name}</span>}
        sides={[
          sides[0] === null ? NONE : number(sides[0]),
          <>
            {sides[1] === null ? NONE : number(sides[1])}
            {sides[0] !== null && sides[1] !== null && sides[0] !== sides[1] && (
              <b class="delta"> {signed(sides[1] - sides[0])}</b>
            )}
          </>,
        ]}
        differs={sides[0] !== sides[1]}
      />
    ));
  return (
    <section aria-label="Counters">
      <h3>Counted since the first op</h3>
      {differing.length === 0 && <p class="muted">Both have counted the same.</p>}
      {differing.length > 0 && (
        <table class="machine counters">
          <Head title="counter" names={names} />
          <tbody>{rows(differing)}</tbody>
        </table>
      )}
      <details>
        <summary>{plural(same.length, 'counter')} the same</summary>
        <table class="machine counters">
          <Head title="counter" names={names} />
          <tbody>{rows(same)}</tbody>
        </table>
      </details>
    </section>
  );
}

export interface MachinesProps extends Steering {
  readonly names: readonly [string, string];
  readonly timeline: Timeline;
  /** null: it is being run */
  readonly view: MachineView | null;
  readonly isBrief: boolean;
  readonly setBrief: (isBrief: boolean) => void;
}

export function Machines({ names, timeline, view, op, go, isBrief, setBrief }: MachinesProps): JSX.Element {
  const at = timeline.ops[op];
  const first = timeline.ops.findIndex(({ differs }) => differs.length > 0);
  const parted = timeline.ops.findIndex(({ differs }) => differs.includes('outcome') || differs.includes('end'));
  const outcomes = at.outcomes.map((outcome, i) => outcome ?? timeline.ended[i] ?? 'not reached');
  return (
    <section aria-labelledby="machines-title" class="machines">
      <h2 id="machines-title">Two machines in time</h2>
      <p class="muted" data-first={first}>
        {first < 0
          ? 'No op differs in what it calls, returns or counts.'
          : `The first op that differs is ${first}${parted >= 0 && parted !== first ? `, the first that a process notices ${parted}` : ''}.`}
      </p>
      <div class="now">
        <p class="op">
          <b>
            op {op} of {timeline.ops.length}
            {at.line > 0 ? `, line ${at.line}` : ''}
          </b>{' '}
          <code>{at.text}</code>
        </p>
        <p
          class={`outcomes ${at.differs.includes('outcome') || at.differs.includes('end') ? 'differs' : ''}`}
          aria-live="polite"
        >
          {names.map((name, i) => (
            <span key={i}>
              {name}: <b>{outcomes[i]}</b>
            </span>
          ))}
          {at.differs.length > 0 && <span class="unequal">≠ {at.differs.join(', ')}</span>}
        </p>
        <Slider timeline={timeline} op={op} go={go} />
        <label class="brief">
          <input type="checkbox" checked={isBrief} onChange={(event) => setBrief(event.currentTarget.checked)} /> only
          rows that differ
        </label>
      </div>
      {view !== null && view.op === op ? (
        <State view={view} names={names} isBrief={isBrief} />
      ) : (
        <p class="muted">Running to this op…</p>
      )}
    </section>
  );
}

function State({ view, names, isBrief }: Omit<SpaceProps, 'space'> & { readonly view: MachineView }): JSX.Element {
  const { spaces, cpus, counters, digests, changes } = view;
  const loaded = (list: readonly number[]): string =>
    list.map((vmspace, cpu) => `cpu ${cpu}: ${vmspace === 0 ? 'idle' : `vmspace ${vmspace}`}`).join(', ');
  return (
    <div data-op={view.op} data-digests={digests.join(' | ')}>
      <p class="muted">
        {changes === 0 ? 'The same maps and tables.' : `${plural(changes, 'row')} of maps and tables differ.`}
      </p>
      <Legend />
      {spaces.map((space) => (
        <Space key={space.vmspace} space={space} names={names} isBrief={isBrief} />
      ))}
      <table class="machine">
        <Head title="processors" names={names} />
        <tbody>
          <Row head="loaded" sides={map(cpus, loaded)} differs={isUnequal(cpus)} />
          <Row
            head="digest"
            sides={map(digests, (digest) => (
              <code>{digest}</code>
            ))}
            differs={isUnequal(digests)}
          />
        </tbody>
      </table>
      <Counters counters={counters} names={names} />
    </div>
  );
}

const Legend = (): JSX.Element => (
  <ul class="key muted">
    {(['managed', 'wired', 'unmanaged', 'superpage', 'differs'] as const).map((style) => (
      <li key={style}>
        <svg class="strip swatch" viewBox="0 0 1 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
          <rect class="room" x="0" y="0" width="1" height="8" />
          <path class={style} d={style === 'unmanaged' ? 'M0 4h1v4h-1z' : 'M0 0h1v8h-1z'} />
        </svg>{' '}
        {style === 'managed' ? 'mapped' : style === 'superpage' ? '2M page' : style}
      </li>
    ))}
  </ul>
);
