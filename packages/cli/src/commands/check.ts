import { ConfigError, formatFinding, type Finding } from '@qvm/config';
import { exitCodeOf, StartError } from '@qvm/sdk';
import { openHypervisor } from '../hypervisor.js';
import { override, type OverrideFlags } from '../overrides.js';

/** Options of `qvm check`. */
export interface CheckFlags extends OverrideFlags {
  readonly json?: boolean;
  readonly plugin?: readonly string[];
}

/** `qvm check`: prints what is wrong. Returns the exit code. */
export async function check(file: string, flags: CheckFlags): Promise<number> {
  const hypervisor = await openHypervisor(flags.plugin);
  try {
    const { findings, exitCode } = await findProblems(() =>
      hypervisor.checkVm({ configFile: file }, { adjust: (spec) => override(spec, flags) }),
    );
    if (flags.json === true)
      process.stdout.write(`${JSON.stringify({ file, ok: exitCode === 0, findings }, undefined, 2)}\n`);
    else print(file, findings, exitCode);
    return exitCode;
  } finally {
    await hypervisor.dispose();
  }
}

async function findProblems(
  run: () => Promise<readonly Finding[]>,
): Promise<{ readonly findings: readonly Finding[]; readonly exitCode: number }> {
  try {
    const findings = await run();
    const failed = findings.some(({ severity }) => severity === 'error');
    return { findings, exitCode: failed ? exitCodeOf(new ConfigError(findings)) : 0 };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { findings: [error.finding], exitCode: exitCodeOf(error) };
  }
}

function print(file: string, findings: readonly Finding[], exitCode: number): void {
  for (const finding of findings) process.stderr.write(`${formatFinding(finding)}\n`);
  if (exitCode === 0) process.stdout.write(`${file}: ok\n`);
}
