/**
 * The named workloads: hand-written text, each a situation that the review or the kernel's code argues about. The build
 * puts the files of this folder into all.ts. The number before a file's name decides where it is listed, and is no part of
 * the workload's name.
 */
import { FILES } from './all.ts';

const texts: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(FILES).map(([file, text]) => [file.replaceAll(/^\d+-|\.workload$/g, ''), text]),
);

/** What each workload does, by name, in the order in which they are listed: the first comment of its file. */
export const CATALOG: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(texts).map(([name, text]) => [name, /^# (.*)/.exec(text)?.[1] ?? '']),
);

export const catalogText = (name: string): string => texts[name];
