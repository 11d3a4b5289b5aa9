/**
 * The composition root of the process that bundles one column: a variant file that brings the parser down brings this
 * process down, and nothing else. Writes the bundle to stdout as JSON (ColumnBundle).
 */
import { type ColumnKind, bundleColumn } from './bundle/column.ts';

const [, , file, kind, origin] = process.argv;
process.stdout.write(JSON.stringify(await bundleColumn(file, kind as ColumnKind, origin === 'built-in')));
