/** The composition root of the page: reads its data, then follows its address. */
import { render } from 'preact';
import { Client } from './client.ts';
import type { PageData } from './data.ts';
import { placeOf } from './place.ts';
import { type Opened, Workbench } from './workbench.tsx';

/** The text of one of the page's blocks, null if it has none of that name. */
async function block(id: string): Promise<string | null> {
  const text = document.getElementById(id)?.textContent;
  if (text === undefined || text === null) return null;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}

/** What a place leads to; null: to nothing that this page has. */
function open(data: PageData, hash: string): Opened | null {
  const place = placeOf(hash);
  if (place.kind === 'overview') return null;
  const { columns, findings, machine, workloads, revisions } = data;
  const ids = columns.flatMap((column) => column.ids);
  if (place.kind === 'workload') {
    const workload = workloads.find(({ name }) => name === place.workload);
    const column = columns.findIndex((one) => one.ids.includes(place.candidate));
    if (workload === undefined || (column < 0 && machine?.ids.includes(place.candidate) !== true)) return null;
    const { name, title, text, first, ops, pairs } = workload;
    const made = columns.flatMap(({ ids: alike }, i) => {
      const pair = pairs[i];
      return pair === null ? [] : alike.map((candidate) => ({ ...pair, candidate }));
    });
    const reference = place.reference ?? columns[column]?.reference ?? ids[0];
    return {
      name,
      title,
      text,
      first,
      ops,
      pairs: made.filter((pair) => place.reference === null || pair.reference === reference),
      reference,
      candidate: place.candidate,
      op: place.op,
    };
  }
  const finding = findings.find(({ id }) => id === place.finding);
  const found = finding?.cases[place.number];
  if (finding === undefined || found === undefined || found.text === null) return null;
  const candidate = place.candidate ?? revisions.at(-1) ?? ids.at(-1)!;
  return {
    name: finding.id,
    title: `${finding.title}: ${found.name}`,
    text: found.text,
    first: null,
    ops: 0,
    pairs: [],
    reference: columns.find((one) => one.ids.includes(candidate))?.reference ?? ids[0],
    candidate,
    op: place.op,
  };
}

const [dataText, code] = await Promise.all([block('data'), block('machine')]);
const data = JSON.parse(dataText!) as PageData;
const client = code === null || data.machine === null ? null : new Client(code, data.machine);
const [overview, workbench] = [document.getElementById('overview')!, document.getElementById('workbench')!];
let left = 0;

function follow(): void {
  const opened = open(data, location.hash);
  const place = placeOf(location.hash);
  const wasOpen = !workbench.hidden;
  if (opened === null && !wasOpen) left = scrollY;
  overview.hidden = opened !== null;
  workbench.hidden = opened === null;
  render(
    opened === null || place.kind === 'overview' ? null : (
      <Workbench key={location.hash} data={data} client={client} opened={opened} place={place} />
    ),
    workbench,
  );
  document.title = opened === null ? 'pmapdiff: review' : `${opened.name}: pmapdiff`;
  if (opened !== null) scrollTo(0, 0);
  else if (wasOpen) {
    const anchor = place.kind === 'overview' ? document.getElementById(place.anchor) : null;
    if (anchor === null || place.kind !== 'overview' || place.anchor === 'matrix') scrollTo(0, left);
    else anchor.scrollIntoView();
  }
}

document.addEventListener('click', (event) => {
  if (overview.hidden || !(event.target as Element).closest('a')) return;
  left = scrollY;
});
addEventListener('hashchange', follow);
follow();
document.documentElement.dataset.ready = 'yes';
