import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomFrom } from '../../../harness/workload/random.ts';
import { cliFile, plainEnv } from '../../support/command.ts';
import { root } from '../../support/layers.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const files = new VariantFiles();
beforeAll(() => void cliFile(), 90_000);
afterAll(() => files.dispose());
