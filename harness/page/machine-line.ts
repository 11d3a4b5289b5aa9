/** The machine line of a workload's text. */
import { MACHINE_KEYS } from '../workload/machine.ts';

/** What a reader may choose of a machine without typing. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  cpus: ['1', '2', '4', '8'],
  pti: ['off', 'on'],
  pcid: ['on', 'off'],
  superpages: ['on', 'off'],
  la57: ['off', 'on'],
};

const LINE = /^machine\b.*$/m;

/** What the text says of a key, empty: nothing. */
export const machineKey = (text: string, key: string): string =>
  new RegExp(`\\s${key}=(\\S+)`).exec(LINE.exec(text)?.[0] ?? '')?.[1] ?? '';

/** The text with that key; its other lines stay as they are. value empty: without it. */
export function withMachineKey(text: string, key: string, value: string): string {
  const line = LINE.exec(text)?.[0];
  const rest = (line ?? 'machine').replace(new RegExp(`\\s${key}=\\S+`), '');
  const changed = value === '' ? rest : `${rest.trimEnd()} ${key}=${value}`;
  const isEmpty = changed.trim() === 'machine';
  if (line !== undefined) return isEmpty ? text.replace(/^machine\b.*\n?/m, '') : text.replace(LINE, () => changed);
  if (isEmpty) return text;
  const at = /^(?:[ \t]*(?:#.*)?\n)*/.exec(text)![0].length;
  return `${text.slice(0, at)}${changed}\n${text.slice(at)}`;
}

export const meaningOf = (key: string): string => MACHINE_KEYS.find((one) => one.key === key)?.meaning ?? '';
