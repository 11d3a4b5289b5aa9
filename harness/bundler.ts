/**
 * The composition root of the process that bundles one column: a variant file that brings the parser down brings this
 * process down, and nothing else. Reads a request (BundlerRequest) from stdin as JSON, and writes its answer to stdout.
 */
import { text } from 'node:stream/consumers';
import { bundleColumn } from './bundle/column.ts';
import type { BundlerRequest } from './bundle/spawn.ts';

const { task, file, isBuiltIn, overlay } = JSON.parse(await text(process.stdin)) as BundlerRequest;
const changed = overlay === null ? null : new Map(overlay);
const answer =
  task === 'types'
    ? (await import('./patch/types.ts')).typeErrors({ file, isBuiltIn, overlay: changed })
    : await bundleColumn({ file, isBuiltIn, overlay: changed }, task);
process.stdout.write(JSON.stringify(await answer));
