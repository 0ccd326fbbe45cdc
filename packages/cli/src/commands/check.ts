import { statSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { ConfigError, lintConfigs, type Finding, type LintFacts, type LoadedConfigs } from '@qvm/config';
import { pluginFiles } from '@qvm/host';
import { exitCodeOf, fileIdentity, lintFacts, type Hypervisor } from '@qvm/sdk';
import { openHypervisor } from '../hypervisor.js';
import { override, type OverrideFlags } from '../overrides.js';
import type { FindingFormat } from '../report/finding-format-names.js';
import { asGithub, asJson, asSarif, asText, type CheckReport } from '../report/finding-formats.js';

/** Options of `qvm check`. */
export interface CheckFlags extends OverrideFlags {
  readonly json?: boolean;
  readonly format?: FindingFormat;
  readonly plugin?: readonly string[];
}

/** `qvm check`: prints the problems of configurations, of each and of all together. Returns the exit code. */
export async function check(files: readonly string[], flags: CheckFlags): Promise<number> {
  const hypervisor = await openHypervisor(flags.plugin);
  try {
    const { findings, exitCode } = await examine(hypervisor, files, flags);
    print({ files, ok: exitCode === 0, findings }, flags.json === true ? 'json' : (flags.format ?? 'text'));
    return exitCode;
  } finally {
    await hypervisor.dispose();
  }
}

interface Examination {
  readonly findings: readonly Finding[];
  readonly exitCode: number;
}

async function examine(hypervisor: Hypervisor, files: readonly string[], flags: CheckFlags): Promise<Examination> {
  const loaded = await hypervisor.loadConfigs(files);
  const adjusted = adjust(loaded, flags);
  const found: Finding[] = [...adjusted.findings];
  const inputs = pluginFiles(flags.plugin ?? [], process.cwd());
  let exitCode = 0;
  for (const spec of adjusted.vms) {
    const result = await hypervisor.checkVm({ spec }, { inputs });
    found.push(...result.findings);
    exitCode ||= result.exitCode;
  }
  found.push(...lintConfigs(adjusted, { ...lintFacts(hypervisor), ...HOST_FACTS }));
  const findings = withoutEchoes(found);
  if (findings.some(({ severity }) => severity === 'error')) exitCode ||= exitCodeOf(new ConfigError(findings));
  return { findings: inOrder(findings, files), exitCode };
}

const HOST_FACTS: LintFacts = {
  fileSize,
  fileIdentity,
  hostCpus: availableParallelism(),
  hostMemory: totalmem(),
};

/** Size of a file; a file that exists but cannot be examined has size 0. */
function fileSize(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size;
  } catch {
    return 0;
  }
}

/** Applies the changes of the command line to the VMs. */
function adjust(loaded: LoadedConfigs, flags: CheckFlags): LoadedConfigs {
  try {
    return { ...loaded, vms: loaded.vms.map((spec) => override(spec, flags)) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...loaded, findings: [...loaded.findings, ...error.findings] };
  }
}

/** Findings that repeat another finding less precisely. */
const ECHOES: ReadonlyMap<string, readonly string[]> = new Map([
  ['lint.region-overlap', ['memory.overlap', 'vdev.base-taken']],
  ['lint.files-exceed-ram', ['file.too-large', 'image.does-not-fit', 'initrd.does-not-fit']],
  ['lint.load-outside-memory', ['image.does-not-fit']],
  ['config.no-image', ['lint.missing-image']],
  ['vdev.no-ports', ['lint.no-ports']],
  ['vdev.irq-taken', ['lint.interrupt-shared']],
]);

function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const echoes = new Set(findings.flatMap(({ code }) => ECHOES.get(code) ?? []));
  return findings.filter(({ code }) => !echoes.has(code));
}

/** Orders findings by file: the named files first, then those that they refer to. */
function inOrder(findings: readonly Finding[], files: readonly string[]): readonly Finding[] {
  const order = new Map(
    [...files, ...findings.map(({ file }) => file)].map((file, index) => [file, index] as const).reverse(),
  );
  return [...findings].sort(
    (a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
  );
}

function print(report: CheckReport, format: FindingFormat): void {
  if (format === 'json') process.stdout.write(`${asJson(report)}\n`);
  else if (format === 'sarif') process.stdout.write(`${asSarif(report)}\n`);
  else if (format === 'github') for (const line of asGithub(report)) process.stdout.write(`${line}\n`);
  else {
    const colours = process.stderr.isTTY && process.env['NO_COLOR'] === undefined;
    for (const line of asText(report, colours)) process.stderr.write(`${line}\n`);
    if (report.ok) for (const file of report.files) process.stdout.write(`${file}: ok\n`);
  }
}
