import { writeFile } from 'node:fs/promises';
import { convertConfig, formatFinding, formOf, type ConfigForm } from '@qvm/config';
import { describeError, lintFacts, nodeHost, readConfigText } from '@qvm/sdk';
import { openHypervisor } from '../hypervisor.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/** Options of `qvm convert`. */
export interface ConvertFlags {
  /** The other form than that of the file when absent. */
  readonly to?: ConfigForm;
  readonly output?: string;
  readonly plugin?: readonly string[];
}

/** `qvm convert`: rewrites a configuration in the other form. Returns the exit code. */
export async function convert(file: string, flags: ConvertFlags): Promise<number> {
  const text = await readConfigText(file, nodeHost);
  const form = flags.to ?? (formOf(text) === 'json' ? 'line' : 'json');
  const hypervisor = await openHypervisor(flags.plugin);
  try {
    const { vdev } = lintFacts(hypervisor);
    const written = convertConfig(text, form, { file, vdevOptions: (type) => vdev?.(type)?.options });
    for (const finding of written.lost) process.stderr.write(`${formatFinding(finding)}\n`);
    if (written.lost.some(({ severity }) => severity === 'error')) return CliExitCode.Failure;
    if (flags.output === undefined) process.stdout.write(written.text);
    else await save(flags.output, written.text);
    return 0;
  } finally {
    await hypervisor.dispose();
  }
}

async function save(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new CliError(`cannot write ${path}: ${describeError(cause)}`, CliExitCode.Failure, { cause });
  }
}
