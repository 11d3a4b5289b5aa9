/** What `compare` writes, and what it fails on, by its options. */
import { writeFileSync } from 'node:fs';
import { FAIL_CLASSES } from '../compare/gate.ts';
import type { Verdict } from '../compare/pair.ts';
import { renderGithub } from '../report/github.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import type { Report } from '../report/model.ts';
import { renderText } from '../report/text.ts';
import { nearest } from '../workload/suggest.ts';
import { UsageError } from './errors.ts';
import { wantsColor } from './output.ts';

const FORMATS = ['json', 'markdown', 'github'] as const;
export type Format = (typeof FORMATS)[number] | 'text';

export type FormatOptions = Readonly<Partial<Record<(typeof FORMATS)[number], boolean>>>;

export function chooseFormat(options: FormatOptions): Format {
  const chosen = FORMATS.filter((format) => options[format] === true);
  if (chosen.length > 1) throw new UsageError(`expected one of ${FORMATS.map((name) => `--${name}`).join(', ')}`);
  return chosen[0] ?? 'text';
}

/** `--fail-on`: everything if it is absent. */
export function chooseFailOn(text: string | undefined): readonly Verdict[] {
  if (text === undefined) return FAIL_CLASSES;
  return text.split(',').map((word) => {
    const name = word.trim();
    const found = FAIL_CLASSES.find((verdict) => verdict === name);
    if (found !== undefined) return found;
    const near = nearest(name, FAIL_CLASSES);
    const hint = near === '' ? `expected one of ${FAIL_CLASSES.join(', ')}` : `did you mean ${near}?`;
    throw new UsageError(`--fail-on: no verdict ${JSON.stringify(name)}: ${hint}`);
  });
}

/** files: variant files as they were given, by the variant's id. */
export function renderReport(report: Report, format: Format, files: Readonly<Record<string, string>>): string {
  if (format === 'json') return renderJson(report);
  if (format === 'markdown') return renderMarkdown(report);
  if (format === 'github') return renderGithub(report, files);
  return renderText(report, { color: wantsColor(process.stdout, process.env) });
}

/** Throws UsageError when the file cannot be written. */
export function writeJunit(report: Report, path: string): void {
  try {
    writeFileSync(path, renderJunit(report));
  } catch (error) {
    throw new UsageError(`--junit ${path}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}
