/** What a step costs in modelled time: ranges, as the cost model gives them. */
import { Component, type JSX, createRef } from 'preact';
import type { CostReport, RatioRow } from '../cost/cost.ts';
import {
  COST_LEGEND,
  type CostTable,
  HASH_SHOWN,
  countedLines,
  kindsTable,
  phasesTable,
  ratioTables,
  stationsTable,
} from '../report/cost.ts';
import { plural } from '../report/words.ts';
import { Wide } from './overview.tsx';

interface TimeProps {
  /** a string: why there is none; null: it has not been asked for */
  readonly cost: CostReport | string | null;
  /** what is priced, if not the whole workload */
  readonly of: string | null;
  /** it comes into sight: pricing takes longer than anything else here */
  readonly ask: () => void;
}

export class Time extends Component<TimeProps> {
  #section = createRef<HTMLElement>();
  #seen: IntersectionObserver | null = null;

  override componentDidMount(): void {
    this.#seen = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      this.#seen?.disconnect();
      this.props.ask();
    });
    this.#seen.observe(this.#section.current!);
  }

  override componentWillUnmount(): void {
    this.#seen?.disconnect();
  }

  override render(): JSX.Element {
    const { cost, of } = this.props;
    return (
      <section aria-labelledby="time-title" class="time" ref={this.#section}>
        <h2 id="time-title">Time{of !== null && <span class="plain">, {of}</span>}</h2>
        {cost === null ? (
          <p class="muted">Pricing what was counted…</p>
        ) : typeof cost === 'string' ? (
          <p>Nothing to price: {cost}.</p>
        ) : (
          <Priced cost={cost} />
        )}
      </section>
    );
  }
}

function Priced({ cost }: { readonly cost: CostReport }): JSX.Element {
  const { constants, machine, counted, ratios, notModelled } = cost;
  const [first] = counted;
  const { workload, lives } = first;
  const [ratio] = ratioTables(cost, workload);
  return (
    <div data-constants={constants}>
      <p class="muted">
        A model, never a measurement: what {plural(lives, 'process life', 'process lives')} counted, priced. Each number
        is a range; prices {constants.slice(0, HASH_SHOWN)}, machine {machine}.
      </p>
      <h3>{ratio.title}, by CPUs</h3>
      <Charts ratios={ratios} />
      <Table of={ratio} />
      <p class="muted legend">Dashed: no difference. {COST_LEGEND}</p>
      <h3>a process life, low / typical / high</h3>
      <Table of={phasesTable(cost, first)} />
      <Table of={kindsTable(cost, workload)} />
      <details>
        <summary>What the lives wait for, and what was counted</summary>
        <Table of={stationsTable(cost, workload)} hasWords />
        {countedLines(cost, workload).map((line) => (
          <p key={line}>{line}</p>
        ))}
      </details>
      <details>
        <summary>Not modelled</summary>
        <ul>
          {notModelled.map((what) => (
            <li key={what}>{what}</li>
          ))}
        </ul>
      </details>
    </div>
  );
}

const Table = ({
  of: { title, head, rows },
  hasWords = false,
}: {
  readonly of: CostTable;
  /** in its last column */
  readonly hasWords?: boolean;
}): JSX.Element => (
  <Wide label={title === '' ? head[0] : title}>
    <table class={hasWords ? 'cost words' : 'cost'}>
      <thead>
        <tr>
          {head.map((text) => (
            <th scope="col" key={text}>
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([what, ...cells]) => (
          <tr key={what + cells[0]}>
            <th scope="row">{what}</th>
            {cells.map((text, i) => (
              <td key={i}>{text}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </Wide>
);

/** Of a chart, in its own units. */
const [WIDTH, HEIGHT] = [160, 100];
/** Ratios this close to 1 are not drawn larger than they are. */
const LEAST_SPAN = 0.02;

/** One for each number of frames, all to the same scale: the range, and what is typical of it. */
function Charts({ ratios }: { readonly ratios: readonly RatioRow[] }): JSX.Element {
  const all = ratios.flatMap(({ low, high }) => [low, high]);
  const [bottom, top] = [Math.min(1 - LEAST_SPAN, ...all), Math.max(1 + LEAST_SPAN, ...all)];
  const y = (ratio: number): string => (HEIGHT * ((top - ratio) / (top - bottom))).toFixed(2);
  const frames = [...new Set(ratios.map((row) => row.frames))];
  return (
    <div class="charts">
      {frames.map((held) => {
        const rows = ratios.filter((row) => row.frames === held);
        const x = (i: number): string => ((WIDTH * i) / Math.max(1, rows.length - 1)).toFixed(2);
        const line = (of: 'low' | 'typical' | 'high'): string[] => rows.map((row, i) => `${x(i)} ${y(row[of])}`);
        const [from, to] = [rows[0], rows.at(-1)!];
        return (
          <figure key={held}>
            <figcaption>F = {held}</figcaption>
            <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
              <path class="range" d={`M${line('high').join('L')}L${line('low').toReversed().join('L')}Z`} />
              <path class="one" d={`M0 ${y(1)}H${WIDTH}`} />
              <path class="typical" d={`M${line('typical').join('L')}`} />
            </svg>
            <span class="scale top">{top.toFixed(2)}</span>
            <span class="scale bottom">{bottom.toFixed(2)}</span>
            <span class="axis">
              <span>{from.cpus} CPU</span>
              <span>{to.cpus}</span>
            </span>
          </figure>
        );
      })}
    </div>
  );
}
