/** The options of a command's formats, and its answer in the one that was chosen. */
import type { Command } from 'commander';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { OutputFile } from '../output-file.ts';
import { Garbage } from '../process/garbage.ts';
import type { Format, Formats } from '../report/formats.ts';
import { UsageError } from './errors.ts';
import { lineWidth, wantsColor } from './output.ts';

/** Offer each format of the table as an option. */
export function withFormats(command: Command, { options }: Formats<never>): Command {
  for (const [name, { help, toFile }] of Object.entries(options))
    command.option(toFile ? `--${name} <file>` : `--${name}`, help);
  return command;
}

/** What a command line said: true or a file by the name of a format, and whatever else. */
type FormatOptions = Readonly<Partial<Record<string, unknown>>>;

/** Writes an answer: to stdout in the format that was chosen, and to the files that were asked for. */
export class Answer<Report> {
  readonly #formats: Formats<Report>;
  readonly #files: readonly { readonly format: Format<Report>; readonly output: OutputFile }[];
  readonly #quiet: boolean;
  /** name of the format on stdout */
  readonly format: string;

  /**
   * `inputs` are the files that the command reads. Throws UsageError when more than one format is chosen for stdout,
   * WorkloadError when a file cannot be written.
   */
  constructor(command: string, formats: Formats<Report>, chosen: object, inputs: readonly string[] = []) {
    const options = chosen as FormatOptions;
    const all = Object.entries(formats.options);
    const names = all.filter(([, { toFile }]) => !toFile).map(([name]) => name);
    const found = names.filter((name) => options[name] === true);
    if (found.length > 1) {
      const [given, offered] = [found, names].map((list) => list.map((name) => `--${name}`));
      throw new UsageError(`${command}: expected one of ${offered.join(', ')}, got ${given.join(' and ')}`);
    }
    this.#formats = formats;
    this.#files = all.flatMap(([name, format]) => {
      const path = options[name];
      return format.toFile && typeof path === 'string'
        ? [{ format, output: new OutputFile(path, inputs, `--${name} ${path}`) }]
        : [];
    });
    this.format = found[0] ?? 'text';
    this.#quiet = options.quiet === true;
    if (this.#quiet && this.format !== 'text')
      throw new UsageError(`${command}: expected --quiet with text, got it with --${this.format}`);
  }

  async write(report: Report): Promise<void> {
    const { stdout, env } = process;
    const look = { color: wantsColor(stdout, env), width: lineWidth(stdout, env), quiet: this.#quiet };
    const { text, options } = this.#formats;
    const render = this.format === 'text' ? text : options[this.format].render;
    const answer = await render(report, look);
    for (const { format, output } of this.#files) {
      const parts = [...partsOf(await format.render(report, look))];
      await output.write((path) => writeFileSync(path, parts.join('')));
    }
    const garbage = new Garbage();
    for (const part of partsOf(answer)) {
      if (!stdout.write(part)) await once(stdout, 'drain');
      garbage.limit();
    }
  }
}

const partsOf = (answer: string | Iterable<string>): Iterable<string> =>
  typeof answer === 'string' ? [answer] : answer;
