import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function iasl(args: readonly string[], folder: string): string {
  const { error, status, stdout, stderr } = spawnSync('iasl', args, { cwd: folder, encoding: 'utf8' });
  if (error) throw new Error('The tests of ACPI tables need iasl (Debian: acpica-tools).', { cause: error });
  if (status !== 0) throw new Error(`iasl ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout + stderr;
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'qvm-acpi-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The source of a table, as ACPICA reads it. */
export function disassemble(table: Uint8Array): string {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'table.aml'), table);
    const output = iasl(['-d', 'table.aml'], folder);
    if (/invalid|incorrect|error|could not/i.test(output.replace(/.*Table Compiler.*/, ''))) throw new Error(output);
    return readFileSync(join(folder, 'table.dsl'), 'utf8');
  });
}

/** A table compiled from its source, without shorter paths and folded constants, and without warnings. */
export function compile(source: string): Uint8Array {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'table.dsl'), source);
    const output = iasl(['-of', '-on', '-p', 'table', 'table.dsl'], folder);
    if (!/0 Errors, 0 Warnings/.test(output)) throw new Error(output);
    return new Uint8Array(readFileSync(join(folder, 'table.aml')));
  });
}
