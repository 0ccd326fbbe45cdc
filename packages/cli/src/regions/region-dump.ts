import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Disposable, hexadecimal, VmExitCode } from '@qvm/core';
import { type CodeTranslatedEvent } from '@qvm/core/hooks';
import { describeError, type VmHandle } from '@qvm/sdk';
import { CliError } from '../report/report-error.js';
import { writeFile } from '../report/write-file.js';
import type { RegionDumpOption } from './region-dump-option.js';

/** Number of files for each region. */
const FILES_PER_REGION = 2;
const MOST_FILES = 10_000;

/**
 * Writes the regions that a VM's second tier translates to a folder: `region-ADDRESS-N.txt` with the guest's code, and
 * `region-ADDRESS-N.wasm` with its translation. N counts the translations of an address.
 */
export class RegionDump {
  readonly #option: RegionDumpOption;
  readonly #tell: (message: string) => void;
  readonly #mostFiles: number;
  /** Number of translations of each address. */
  readonly #counts = new Map<bigint, number>();
  #files = 0;
  #tap: Disposable | undefined;

  /**
   * @param tell - called once when writing fails; the dump ends then, but the VM continues.
   * @throws CliError when the folder cannot be created or written to.
   */
  constructor(option: RegionDumpOption, tell: (message: string) => void, mostFiles = MOST_FILES) {
    this.#option = option;
    this.#tell = tell;
    this.#mostFiles = mostFiles;
    try {
      mkdirSync(option.folder, { recursive: true });
      accessSync(option.folder, constants.W_OK | constants.X_OK);
    } catch (cause) {
      const message = `regions cannot be dumped to "${option.folder}"`;
      throw new CliError(message, VmExitCode.StartFailed, { cause });
    }
  }

  /** Taps the VM's hooks. To be called before the VM starts. */
  attach({ hooks }: Pick<VmHandle, 'hooks'>): void {
    this.#tap = hooks.codeTranslated.tap('qvm dump-regions', (event) => this.#dump(event));
  }

  #dump(event: CodeTranslatedEvent): void {
    if (!this.#wants(event.address)) return;
    if (this.#files + FILES_PER_REGION > this.#mostFiles) return this.#end(`it has ${this.#files} files`);
    const module = event.module();
    const text = [...header(event, module.length), '', ...event.text(), ''].join('\n');
    const path = this.#pathOf(event.address);
    try {
      writeFile(`${path}.wasm`, [module], { owner: 'qvm dump-regions' });
      writeFile(`${path}.txt`, [text], { owner: 'qvm dump-regions' });
    } catch (error) {
      this.#end(describeError(error));
    }
    this.#files += FILES_PER_REGION;
  }

  #wants(address: bigint): boolean {
    const { entries } = this.#option;
    return entries === undefined || (address >= entries.first && address <= entries.last);
  }

  /** Path of the files for the next translation of an address, without extension. */
  #pathOf(address: bigint): string {
    const count = (this.#counts.get(address) ?? 0) + 1;
    this.#counts.set(address, count);
    return join(this.#option.folder, `region-${address.toString(16)}-${count}`);
  }

  #end(reason: string): void {
    this.#tap?.dispose();
    this.#tell(`the dump of regions to "${this.#option.folder}" ends here: ${reason}`);
  }
}

function header({ address, level, instructions, pages }: CodeTranslatedEvent, bytes: number): readonly string[] {
  return [
    `entry         ${hexadecimal(address)}`,
    `level         ${level}`,
    `instructions  ${instructions}`,
    `pages         ${pages.map((page) => hexadecimal(page)).join(', ')}`,
    `wasm          ${bytes} bytes`,
  ];
}
