import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { published, tarballs } from './qvm-source.js';
import type { VdevKind } from './vdev-kinds.js';
import { readVdevPackageName } from './vdev-name.js';
import { vdevPackageFiles } from './vdev-template.js';

/** Options of `qvm vdev new`. */
export interface NewVdevFlags {
  readonly kind: VdevKind;
  /** Folder of the package. Default: the name without its scope. */
  readonly dir?: string;
  /** A folder with tarballs of qvm, instead of the registry. */
  readonly local?: string;
}

/** `qvm vdev new NAME` */
export function newVdev(text: string, { kind, dir, local }: NewVdevFlags, version: string): void {
  const name = readVdevPackageName(text);
  const folder = dir ?? name.folder;
  const source = local === undefined ? published(version) : tarballs(resolve(local), resolve(folder));
  const files = vdevPackageFiles(kind, name, source);
  requireVacant(folder);
  for (const [path, content] of files) writeNew(join(folder, path), content);
  const shown = relative('', folder) || '.';
  const lines = [
    `${name.package} is in ${shown}:`,
    ...files.map(([path]) => `  ${path}`),
    `Try it: cd ${shown} && npm install && npm test`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function requireVacant(folder: string): void {
  try {
    if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  } catch (cause) {
    throw new CliError(`${folder} cannot be used: it is no folder, or cannot be read`, CliExitCode.Failure, { cause });
  }
  throw new CliError(`${folder} is not empty; nothing was written`, CliExitCode.Failure);
}

function writeNew(path: string, content: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { flag: 'wx' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`${path} cannot be written: ${reason}`, CliExitCode.Failure, { cause });
  }
}
