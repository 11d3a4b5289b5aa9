/** Pages of an entry and entries of a page-table page, drawn to the same scale on both sides. */
import type { JSX } from 'preact';
import type { EntryView, PageRun, Paired, TableView } from './machine-view.ts';

/** Cells of a strip; an entry of more pages has several in each. */
const CELLS = 64;
const HEIGHT = 8;

/** How a page is drawn; a cell with several is drawn as the last of these. */
const STYLES = ['managed', 'unmanaged', 'wired', 'superpage', 'differs'] as const;

const styleOf = ({ isSuperpage, isWired, isManaged }: PageRun): number =>
  isSuperpage ? 3 : isWired ? 2 : isManaged ? 0 : 1;

/** One path a style: cells as rectangles. Unmanaged pages are half as high. */
function paths(cells: Int8Array): string[] {
  const found = STYLES.map(() => '');
  cells.forEach((style, at) => {
    if (style < 0) return;
    const [top, height] = style === 1 ? [HEIGHT / 2, HEIGHT / 2] : [0, HEIGHT];
    found[style] += `M${at} ${top}h${style === 3 ? 1 : 0.8}v${height}h-${style === 3 ? 1 : 0.8}z`;
  });
  return found;
}

const Strip = ({
  width,
  marked,
  children,
}: {
  readonly width: number;
  readonly marked: Int8Array;
  readonly children?: JSX.Element | undefined;
}): JSX.Element => (
  <svg class="strip" viewBox={`0 0 ${CELLS} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <rect class="room" x="0" y="0" width={width} height={HEIGHT} />
    {paths(marked).map((path, style) => path !== '' && <path key={style} class={STYLES[style]} d={path} />)}
    {children}
  </svg>
);

export function PageStrip({ entry: { pages, runs } }: { readonly entry: EntryView }): JSX.Element {
  const each = Math.max(1, pages / CELLS);
  const cells = new Int8Array(CELLS).fill(-1);
  const differing = new Int8Array(CELLS);
  for (const run of runs)
    for (let at = Math.floor(run.from / each); at < Math.min(CELLS, Math.ceil((run.from + run.pages) / each)); at++) {
      cells[at] = Math.max(cells[at], styleOf(run));
      differing[at] ||= Number(run.differs);
    }
  let outline = '';
  differing.forEach((differs, at) => {
    if (differs !== 0) outline += `M${at} 0h1v${HEIGHT}h-1z`;
  });
  return (
    <Strip width={Math.min(CELLS, Math.max(pages, 1))} marked={cells}>
      {outline === '' ? undefined : <path class="differs" d={outline} />}
    </Strip>
  );
}

export function TableStrip({ table: { used } }: { readonly table: TableView }): JSX.Element {
  const cells = new Int8Array(CELLS).fill(-1);
  for (const entry of used) cells[Math.floor((entry * CELLS) / 512)] = 0;
  return <Strip width={CELLS} marked={cells} />;
}

/** A whole map: a bar an entry, in order, as high as what is mapped of it. What differs is hatched below. */
export function MapStrip({
  entries,
  side,
}: {
  readonly entries: readonly Paired<EntryView>[];
  readonly side: number;
}): JSX.Element {
  let [room, mapped, differing] = ['', '', ''];
  entries.forEach(({ sides, differs }, at) => {
    const entry = sides[side];
    if (entry !== null) {
      const height = entry.mapped === 0 ? 0 : Math.max(2, Math.round((14 * entry.mapped) / entry.pages));
      room += `M${at} 0h0.8v14h-0.8z`;
      if (height > 0) mapped += `M${at} ${14 - height}h0.8v${height}h-0.8z`;
    }
    if (differs) differing += `M${at} 15h0.8v5h-0.8z`;
  });
  return (
    <svg
      class="strip map"
      viewBox={`0 0 ${Math.max(entries.length, 40)} 20`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path class="room" d={room} />
      <path class="managed" d={mapped} />
      <path class="different" d={differing} />
    </svg>
  );
}
