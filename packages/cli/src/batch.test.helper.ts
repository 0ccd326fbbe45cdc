import { readFileSync } from 'node:fs';
import { run } from './run.js';

/**
 * Runs several commands one after the other: reads folders and arguments from stdin, and writes the outcomes to stdout.
 */

async function capture(folder: string, args: readonly string[]): Promise<object> {
  const output = { stdout: '', stderr: '' };
  const originals = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array): boolean => {
      output[name] += String(text);
      return true;
    };
  }
  const home = process.cwd();
  process.chdir(folder);
  const exitCode = await run(args);
  process.chdir(home);
  Object.assign(process.stdout, { write: originals.stdout });
  Object.assign(process.stderr, { write: originals.stderr });
  return { exitCode, ...output };
}

async function main(): Promise<void> {
  const runs = JSON.parse(readFileSync(0, 'utf8')) as { readonly folder: string; readonly args: readonly string[] }[];
  const outcomes: object[] = [];
  for (const { folder, args } of runs) outcomes.push(await capture(folder, args));
  process.stdout.write(JSON.stringify(outcomes));
}

void main();
