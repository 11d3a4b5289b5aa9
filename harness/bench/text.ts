/**
 * A bench report as text.
 */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { BenchReport, BenchRow, NativeRow, TaskReport } from './report.ts';
import type { Range } from './statistics.ts';
import type { BenchTask } from './task.ts';

type Colors = ReturnType<typeof pc.createColors>;

/** Columns of text, no lines. */
function plainTable(head: string[] = []): Table.Table {
  const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const lines = [...none, 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  return new Table({
    head,
    chars: { ...Object.fromEntries(lines.map((line) => [line, ''])), middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
}

/** A time as its task shows it. */
export function shownTime(ns: number, { unit }: BenchTask): string {
  if (unit === 'ns') return `${ns.toFixed(1)} ns`;
  if (unit === 'us') return `${(ns / 1000).toFixed(ns < 1000 ? 3 : 2)} us`;
  return `${Math.round(1e9 / ns).toLocaleString('en-US')}/s`;
}

const shownRange = ({ low, high, median }: Range): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;

export function benchText(report: BenchReport, color: boolean): string {
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
  ].join('');
}

function taskText({ task, rows, noise }: TaskReport, colors: Colors): string {
  const table = plainTable();
  for (const row of rows) table.push(rowCells(row, task, colors));
  const floor = noise === null ? 'the reference failed' : `the reference against itself ${shownRange(noise)}`;
  return `\n${colors.bold(task.title)}: ${task.operation}; ${floor}\n${indent(table.toString())}\n`;
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
  const table = plainTable(['', 'here', 'C', 'here : C', 'undisturbed', 'aim', '', 'sums']);
  for (const { task, rows, native: row } of tasks) {
    const here = rows.find(({ variant }) => variant === row?.variant);
    if (row === null || here?.kind !== 'measured') continue;
    table.push([
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
  if (table.length === 0) return '';
  return `\n${colors.bold('Against the C yardstick')} (${native.compiler}), in the same rounds\n${indent(table.toString())}\n`;
}

const reachedText = ({ reached }: NativeRow, colors: Colors): string =>
  reached === null ? '' : { reached: colors.green, missed: colors.red, inconclusive: colors.dim }[reached](reached);

export const sumsAgree = ({ sums }: NativeRow): boolean => sums.variant === sums.native;

function memoryText({ memory }: BenchReport): string {
  if (memory === null) return '';
  if ('failed' in memory) return `\nMemory: failed: ${memory.failed}\n`;
  const { from, to, bytesPerMapping, slowdown } = memory;
  const growth = `${from.toLocaleString('en-US')} to ${to.toLocaleString('en-US')} mappings`;
  return `\nMemory, ${growth}: ${bytesPerMapping.toFixed(1)} bytes a mapping beside page-table pages; a mapping takes ${slowdown.toFixed(2)} x as long at the end\n`;
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ').replaceAll(/ +$/gm, '');
