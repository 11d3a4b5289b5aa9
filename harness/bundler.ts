/**
 * The composition root of the process that bundles one column: a variant file that brings the parser down brings this
 * process down, and nothing else. Reads a request (BundlerRequest) from stdin as JSON, and writes its answer to stdout.
 */
import { text } from 'node:stream/consumers';
import { bundleColumn } from './bundle/column.ts';
import type { BundlerRequest } from './bundle/spawn.ts';

const request = JSON.parse(await text(process.stdin)) as BundlerRequest;
const sources = request.sources.map((source) => ({
  ...source,
  overlay: source.overlay === null ? null : new Map(source.overlay),
}));
const answer =
  request.task === 'types'
    ? (await import('./patch/types.ts')).typeErrors(sources)
    : await bundleColumn(sources[0], request.task);
process.stdout.write(JSON.stringify(await answer));
