/**
 * A bench report as text.
 */
import pc from 'picocolors';
import type { ContentionRow } from '../bench/contention.ts';
import { type BenchReport, type BenchRow, type NativeRow, type TaskResult, sumsAgree } from '../bench/report.ts';
import type { Range } from '../bench/statistics.ts';
import type { BenchTask } from '../bench/task.ts';
import { type Look, jsonText, number, table } from './words.ts';

type Colors = ReturnType<typeof pc.createColors>;

/** A time as its task shows it. */
export function shownTime(ns: number, { unit }: BenchTask): string {
  if (unit === 'ns') return `${ns.toFixed(1)} ns`;
  if (unit === 'us') return `${(ns / 1000).toFixed(ns < 1000 ? 3 : 2)} us`;
  return `${number(Math.round(1e9 / ns))}/s`;
}

const shownRange = ({ low, high, median }: Range): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;

export function benchText(report: BenchReport, { color }: Look): string {
  const colors = pc.createColors(color);
  const { native, rounds, milliseconds, node, v8, against } = report;
  const tasks = report.tasks.map((task) => taskText(task, colors));
  return [
    `bench: Node ${node}, ${rounds} rounds of ${milliseconds} ms, ratios of times to ${against} within a round\n`,
    `Calls: node ${v8.calls.join(' ')}\nWorkloads: node ${v8.workload.join(' ')}\n`,
    ...tasks,
    nativeText(report, colors),
    native.kind === 'skipped' ? `\nThe C yardstick was skipped: ${native.why}.\n` : '',
    memoryText(report),
    contentionText(report),
  ].join('');
}

function taskText({ task, rows, noise }: TaskResult, colors: Colors): string {
  const cells = table(
    [],
    rows.map((row) => rowCells(row, task, colors)),
  );
  const floor = noise === null ? 'the reference failed' : `the reference against itself ${shownRange(noise)}`;
  return `\n${colors.bold(task.title)}: ${task.operation}; ${floor}\n${indent(cells)}\n`;
}

function rowCells(row: BenchRow, task: BenchTask, colors: Colors): string[] {
  if (row.kind === 'failed') return [row.variant, colors.red(`failed: ${row.message}`), '', ''];
  const speed = { faster: colors.green, slower: colors.red, inconclusive: colors.dim, reference: colors.dim }[
    row.speed
  ];
  return [
    row.variant,
    shownTime(row.time.median, task),
    row.ratio === null ? '' : shownRange(row.ratio),
    speed(row.speed),
  ];
}

function nativeText({ tasks, native }: BenchReport, colors: Colors): string {
  if (native.kind === 'skipped') return '';
  const cells: string[][] = [];
  for (const { task, rows, native: row } of tasks) {
    const here = rows.find(({ variant }) => variant === row?.variant);
    if (row === null || here?.kind !== 'measured') continue;
    cells.push([
      task.title,
      shownTime(here.time.median, task),
      shownTime(row.time.median, task),
      shownRange(row.ratio),
      row.undisturbed.toFixed(2),
      row.aim === null ? '' : row.aim.toFixed(1),
      reachedText(row, colors),
      sumsAgree(row) ? 'agree' : colors.red(`differ: ${row.sums.variant} here, ${row.sums.native} in C`),
    ]);
  }
  if (cells.length === 0) return '';
  const head = ['', 'here', 'C', 'here : C', 'undisturbed', 'aim', '', 'sums'];
  return `\n${colors.bold('Against the C yardstick')} (${native.compiler}), in the same rounds\n${indent(table(head, cells))}\n`;
}

const reachedText = ({ reached }: NativeRow, colors: Colors): string =>
  reached === null ? '' : { reached: colors.green, missed: colors.red, inconclusive: colors.dim }[reached](reached);

function memoryText({ memory }: BenchReport): string {
  if (memory === null) return '';
  if ('failed' in memory) return `\nMemory: failed: ${memory.failed}\n`;
  const { from, to, bytesPerMapping, slowdown } = memory;
  const growth = `${number(from)} to ${number(to)} mappings`;
  return `\nMemory, ${growth}: ${bytesPerMapping.toFixed(1)} bytes a mapping beside page-table pages; a mapping takes ${slowdown.toFixed(2)} x as long at the end\n`;
}

function contentionText({ contention }: BenchReport): string {
  if (contention === undefined) return '';
  const { variants, counts, parts, rows, compiler } = contention;
  const ns = (value: number): string => `${number(Math.round(value))} ns`;
  const pair = ({ measured, foretold }: ContentionRow['ratio']): string[] => [
    measuredText(measured),
    foretold.toFixed(3),
  ];
  const cells = rows.map(({ threads, frames, ratio, speedup }) => [
    String(threads),
    String(frames),
    ...pair(ratio),
    ...pair(speedup),
  ]);
  const head = ['threads', 'F', `${variants[1]} : ${variants[0]}`, 'model', 'speed : one thread', 'model'];
  return [
    `\nContention: threads with real locks (contend.c, ${compiler}), and what the model predicts from their parts\n`,
    `  a life: ${counts.pages} pages, copied in ${counts.holds} holds; ${counts.calls.join(' or ')} full calls\n`,
    `  alone: own work ${ns(parts.own)}, holds ${ns(parts.holds)}, a call ${ns(parts.call)}, a line ${ns(parts.line)}, from a CPU to another ${ns(parts.transfer)} more\n`,
    `${indent(table(head, cells))}\n`,
    '  It shows whether the formula holds for these locks on these cores. It says nothing of the prices of the kernel,\n',
    '  of locks that sleep, of more cores or of several sockets.\n',
  ].join('');
}

const measuredText = ({ median, low, high }: Range): string =>
  `${median.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`;

const indent = (text: string): string => text.replaceAll(/^/gm, '  ').replaceAll(/ +$/gm, '');

export const benchJson = (report: BenchReport): string => jsonText(report);
