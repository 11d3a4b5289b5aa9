/** A workload and two revisions: what differs, both machines in time, and the text, to be changed and run again. */
import { Component, type JSX } from 'preact';
import type { CostReport } from '../cost/cost.ts';
import type { Explanation } from '../explain/explain.ts';
import type { PairReport } from '../report/compare/pair-report.ts';
import { plural } from '../report/words.ts';
import { type Client, Refused } from './client.ts';
import type { PageData } from './data.ts';
import type { MachineView } from './machine-view.ts';
import { Machines } from './machines.tsx';
import { Wide } from './overview.tsx';
import { Explanations, InterdiffView, PairBody, PairHead } from './pair.tsx';
import { type Place, hashOf } from './place.ts';
import { Candidates, PartNote, Playground } from './playground.tsx';
import type { Refusal, Subject, Timeline } from './protocol.ts';
import { Same } from './rows.tsx';
import { nextDifference } from './slider.tsx';
import { Time } from './time.tsx';

/** What a place of the page leads to. */
export interface Opened {
  readonly name: string;
  readonly title: string;
  /** null: it cannot be run here */
  readonly text: string | null;
  /** how many of a recording's ops the text has, if not all */
  readonly first: number | null;
  /** null: not known */
  readonly ops: number | null;
  /** of each column as the page was made; empty: it is run first */
  readonly pairs: readonly PairReport[];
  readonly reference: string;
  readonly candidate: string;
  readonly op: number | null;
}

export interface WorkbenchProps {
  readonly data: PageData;
  /** null: the page has no machine */
  readonly client: Client | null;
  readonly opened: Opened;
  readonly place: Exclude<Place, { readonly kind: 'overview' }>;
}

interface State {
  /** as it is written now */
  readonly draft: string;
  /** as it was run last; null: it cannot be run */
  readonly text: string | null;
  readonly reference: string;
  readonly candidate: string;
  readonly pairs: readonly PairReport[];
  readonly timeline: Timeline | null;
  readonly explanations: readonly Explanation[] | null;
  /** a string: why there is none */
  readonly cost: CostReport | string | null;
  readonly op: number;
  readonly views: ReadonlyMap<number, MachineView>;
  readonly isRunning: boolean;
  /** runs that have ended, however */
  readonly ended: number;
  readonly refusal: Refusal | null;
  readonly isCopied: boolean;
  /** only rows that differ are shown of the machines */
  readonly isBrief: boolean;
}

/** Ops whose machines are asked for at a time at most, how long that may take, and how many are kept. */
const WINDOW = 16;
const WINDOW_MS = 400;
const MOST_VIEWS = 6 * WINDOW;
/** A browser refuses an address that changes with every step of a slider. */
const LINK_MS = 300;
/** A longer workload is shown without its machines: running to each window of it takes too long. */
const MOST_OPS = 20_000;

export class Workbench extends Component<WorkbenchProps, State> {
  override state: State = this.#fresh();
  /** what is being asked for is for this subject; answers for another one come too late */
  #turn = 0;
  readonly #asked = new Set<number>();
  /** ops whose machines are asked for at a time */
  #window = 1;
  #linking: ReturnType<typeof setTimeout> | undefined;
  /** the address of this place */
  #address = location.hash;

  /** What is run; null: nothing. */
  get #subject(): Subject | null {
    const { opened } = this.props;
    const { text, reference, candidate } = this.state;
    if (text === null || this.props.client === null) return null;
    return { name: text === opened.text ? opened.name : 'edited', text, reference, candidate };
  }

  #fresh(): State {
    const { opened } = this.props;
    const { text, reference, candidate } = opened;
    return {
      draft: text ?? '',
      text,
      reference,
      candidate,
      pairs: opened.pairs,
      timeline: null,
      explanations: null,
      cost: null,
      op: opened.op ?? -1,
      views: new Map(),
      isRunning: false,
      ended: 0,
      refusal: null,
      isCopied: false,
      isBrief: false,
    };
  }

  override componentDidMount(): void {
    document.addEventListener('keydown', this.#key);
    void this.#begin();
  }

  override componentWillUnmount(): void {
    document.removeEventListener('keydown', this.#key);
    this.#turn++;
    this.props.client?.drop();
    clearTimeout(this.#linking);
  }

  #key = (event: KeyboardEvent): void => {
    const { timeline, op } = this.state;
    const target = event.target as Element;
    if (timeline === null || target.matches('textarea, select, input:not([type=range])')) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const last = timeline.ops.length - 1;
    const to = {
      '[': () => nextDifference(timeline, op, -1),
      ']': () => nextDifference(timeline, op, 1),
      Home: () => 0,
      End: () => last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#go(to());
  };

  /** Runs what is to be seen of the subject. */
  async #begin(): Promise<void> {
    const { client } = this.props;
    const subject = this.#subject;
    const { pairs } = this.state;
    const turn = ++this.#turn;
    this.#asked.clear();
    client?.drop();
    if (client === null || subject === null) return;
    this.setState({ isRunning: true, timeline: null, explanations: null, cost: null, views: new Map(), refusal: null });
    try {
      if (pairs.length === 0) {
        const compared = await client.ask({
          kind: 'compare',
          ...subject,
          columns: this.#columns(),
          against: subject.reference,
        });
        if (turn !== this.#turn) return;
        this.setState({ pairs: compared.pairs });
      }
      const timeline = await client.ask({ kind: 'timeline', subject });
      if (turn !== this.#turn) return;
      const { op } = this.state;
      const first = timeline.ops.findIndex(({ differs }) => differs.includes('outcome') || differs.includes('end'));
      const at = op >= 0 ? op : first >= 0 ? first : nextDifference(timeline, -1, 1);
      const isShown = timeline.ops.length > 0 && timeline.ops.length <= MOST_OPS;
      this.setState(
        ({ ended }) => ({ timeline: isShown ? timeline : null, isRunning: false, ended: ended + 1 }),
        () => {
          if (isShown) this.#go(Math.max(0, at), op >= 0);
        },
      );
      const explanations = await client.ask({ kind: 'explain', subject });
      if (turn === this.#turn) this.setState({ explanations });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (turn !== this.#turn) return;
      this.setState(({ ended }) => ({ isRunning: false, refusal: error.refusal, ended: ended + 1 }));
    }
  }

  /** All columns of the page, the reference first. */
  #columns(): string[] {
    const { reference, candidate } = this.state;
    const all = this.props.data.columns.flatMap(({ ids }) => ids);
    return [...new Set([reference, ...all, candidate])].filter((id) => this.props.data.machine?.ids.includes(id));
  }

  #price = async (): Promise<void> => {
    const [subject, turn] = [this.#subject, this.#turn];
    try {
      const cost = await this.props.client!.ask({ kind: 'cost', subject: subject! });
      if (turn === this.#turn) this.setState({ cost });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  };

  #go = (to: number, isLinked = true): void => {
    const { timeline } = this.state;
    if (timeline === null) return;
    const op = Math.min(Math.max(to, 0), timeline.ops.length - 1);
    this.setState({ op });
    clearTimeout(this.#linking);
    if (isLinked) this.#linking = setTimeout(() => this.#link(), LINK_MS);
    void this.#look(op);
  };

  /** The address of what is looked at, unless the reader has just gone elsewhere, which is not drawn yet. */
  #link(): void {
    if (location.hash !== this.#address) return;
    const { place } = this.props;
    const { reference, candidate, op } = this.state;
    const to = place.kind === 'case' ? { ...place, candidate, op } : { ...place, reference, candidate, op };
    history.replaceState(null, '', hashOf(to));
    this.#address = location.hash;
  }

  /**
   * The machine of an op unless it is at hand, then those around it: as many at a time as do not keep the reader waiting,
   * who may step on meanwhile.
   */
  async #look(op: number): Promise<void> {
    const turn = this.#turn;
    const start = performance.now();
    const isNew = await this.#fetch(op, op);
    if (isNew) this.#window = Math.max(1, Math.min(WINDOW, Math.floor(WINDOW_MS / (performance.now() - start))));
    const size = this.#window;
    for (const near of [op + 1, op - size, op + 1 + size])
      if (turn === this.#turn && op === this.state.op) await this.#fetch(near, near + size - 1);
  }

  /** Asks for the machines after some ops, those of them that are not at hand. False: all are, or are asked for. */
  async #fetch(first: number, last: number): Promise<boolean> {
    const { client } = this.props;
    const { timeline, views } = this.state;
    const subject = this.#subject;
    if (client === null || subject === null || timeline === null) return false;
    let [from, to] = [Math.max(first, 0), Math.min(last, timeline.ops.length - 1)];
    const isThere = (op: number): boolean => views.has(op) || this.#asked.has(op);
    while (from <= to && isThere(from)) from++;
    while (from <= to && isThere(to)) to--;
    if (from > to) return false;
    const ops = Array.from({ length: to - from + 1 }, (_none, i) => from + i);
    for (const op of ops) this.#asked.add(op);
    const turn = this.#turn;
    try {
      const found = await client.ask({ kind: 'look', subject, from, to });
      if (turn !== this.#turn) return false;
      this.setState(({ views: before, op: now }) => {
        const all = [...before.values(), ...found];
        const kept = all.toSorted((one, other) => Math.abs(one.op - now) - Math.abs(other.op - now));
        return { views: new Map(kept.slice(0, MOST_VIEWS).map((view) => [view.op, view])) };
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (turn === this.#turn) this.setState({ refusal: error.refusal });
    } finally {
      if (turn === this.#turn) for (const op of ops) this.#asked.delete(op);
    }
    return true;
  }

  /** Runs the draft through the two that are chosen. */
  #run = (chosen: Partial<Pick<State, 'reference' | 'candidate'>> = {}): void => {
    const { opened } = this.props;
    const { draft } = this.state;
    const { reference, candidate } = { ...this.state, ...chosen };
    const isMade =
      draft === opened.text &&
      opened.pairs.some((pair) => pair.candidate === candidate && pair.reference === reference);
    this.setState(
      { text: draft, reference, candidate, pairs: isMade ? opened.pairs : [], op: -1 },
      () => void this.#begin(),
    );
  };

  #stop = (): void => {
    this.props.client?.stop();
  };

  #copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(this.#command());
    this.setState({ isCopied: true });
  };

  #command(): string {
    const { draft, reference, candidate } = this.state;
    const lines = draft.endsWith('\n') ? draft : `${draft}\n`;
    return `cat >mine.workload <<'END'\n${lines}END\nnpx pmapdiff compare --workload mine.workload --variants ${reference},${candidate} --against ${reference}\n`;
  }

  override render(): JSX.Element {
    const { data, opened, client } = this.props;
    const { draft, text, reference, candidate, pairs, timeline, explanations, cost, op, views } = this.state;
    const { isRunning, isCopied, refusal, ended } = this.state;
    const pair = pairs.find((one) => one.candidate === candidate) ?? null;
    const interdiff = data.interdiffs.find((one) => one.candidate === candidate && one.reference === reference) ?? null;
    const isEdited = text !== opened.text;
    const part = isEdited || opened.first === null ? null : `of its first ${plural(opened.first, 'op')}`;
    return (
      <>
        <header class="top">
          <nav aria-label="Back">
            <a href="#matrix">← all workloads</a>
          </nav>
          <h1>
            {opened.name}
            {isEdited && <span class="plain"> as edited here</span>}
          </h1>
          <p class="lead">{opened.title}</p>
          {part !== null && <PartNote ops={opened.ops ?? 0} first={opened.first!} isWhole={pairs === opened.pairs} />}
        </header>
        <div class="bench">
          {opened.text !== null && client !== null ? (
            <Playground
              ids={data.machine?.ids ?? []}
              draft={draft}
              reference={reference}
              candidate={candidate}
              pairs={pairs}
              isRunning={isRunning}
              isCopied={isCopied}
              refusal={refusal}
              write={(written) => this.setState({ draft: written, isCopied: false })}
              run={this.#run}
              stop={this.#stop}
              copy={() => void this.#copy()}
            />
          ) : (
            <aside class="playground">
              {opened.text !== null && (
                <Wide label="Workload">
                  <pre>{opened.text.trimEnd()}</pre>
                </Wide>
              )}
              <p class="muted">
                {opened.text === null
                  ? 'Its text is not in this page: it is not run here. In a clone: '
                  : 'Without the machine it is not run here. In a clone: '}
                <code>
                  npx pmapdiff trace {reference} {candidate} -w {opened.name}
                </code>
              </p>
              <Candidates pairs={pairs} chosen={candidate} choose={(id) => this.#choose(id)} />
            </aside>
          )}
          <div class="results" aria-busy={isRunning} data-ended={ended}>
            {refusal !== null && refusal.line === 0 && <p class="note">{refusal.message}</p>}
            {pair !== null ? (
              <PairHead pair={pair} />
            ) : (
              <p class="muted">{isRunning ? 'Running…' : `Nothing to compare: ${candidate} against ${reference}.`}</p>
            )}
            {timeline !== null && op >= 0 && (
              <Machines
                names={[reference, candidate]}
                timeline={timeline}
                view={views.get(op) ?? null}
                op={op}
                go={this.#go}
                isBrief={this.state.isBrief}
                setBrief={(isBrief) => this.setState({ isBrief })}
              />
            )}
            <Same
              of={[pair, explanations, interdiff, cost, part, timeline]}
              draw={() => (
                <>
                  {pair !== null && <PairBody pair={pair} titles={data.findingTitles} />}
                  {explanations !== null && <Explanations explanations={explanations} of={part} />}
                  {interdiff !== null && <InterdiffView interdiff={interdiff} />}
                  {timeline !== null && <Time key={ended} cost={cost} of={part} ask={this.#price} />}
                </>
              )}
            />
          </div>
        </div>
      </>
    );
  }

  #choose(candidate: string): void {
    if (this.#subject !== null) this.#run({ candidate });
    else
      this.setState(({ pairs, reference }) => ({
        candidate,
        reference: pairs.find((pair) => pair.candidate === candidate)?.reference ?? reference,
      }));
  }
}
