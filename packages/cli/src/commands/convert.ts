import { convertConfig, formatFinding, formOf, type ConfigForm } from '@qvm/config';
import { lintFacts, nodeHost, readConfigText } from '@qvm/sdk';
import { openHypervisor } from '../hypervisor.js';
import { CliExitCode } from '../report/exit-codes.js';
import { formatOfName } from '../report/format-of-name.js';
import { writeFile } from '../report/write-file.js';

/** Options of `qvm convert`. */
export interface ConvertFlags {
  /** Default: the form that the file does not have. */
  readonly to?: ConfigForm;
  readonly output?: string;
  readonly plugin?: readonly string[];
}

/** `qvm convert`: rewrites a configuration in the other form. Returns the exit code. */
export async function convert(file: string, flags: ConvertFlags): Promise<number> {
  const text = await readConfigText(file, nodeHost);
  const form = formatOfName(flags.to, flags.output, { '.json': 'json' }, formOf(text) === 'json' ? 'line' : 'json');
  const hypervisor = await openHypervisor(flags.plugin);
  try {
    const { vdev } = lintFacts(hypervisor);
    const written = convertConfig(text, form, { file, vdevOptions: (type) => vdev?.(type)?.options });
    for (const finding of written.lost) process.stderr.write(`${formatFinding(finding)}\n`);
    if (written.lost.some(({ severity }) => severity === 'error')) return CliExitCode.Failure;
    if (flags.output === undefined) process.stdout.write(written.text);
    else writeFile(flags.output, [written.text], { owner: 'qvm convert', inputs: [file] });
    return 0;
  } finally {
    await hypervisor.dispose();
  }
}
