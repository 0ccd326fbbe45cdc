import type { ArchitectureSource } from '@qvm/core/architecture';
import type { HookKinds } from '@qvm/core/hooks';
import { chosenArchitectures } from './chosen-architectures.js';
import { printJson, printLines } from '../report/print.js';
import { table } from '../report/table.js';

/** Options of `qvm hook list`. */
export interface HookFlags {
  readonly arch?: string;
  readonly json?: boolean;
  readonly plugin?: readonly string[];
}

/** Where a plugin meets the kinds of each hook. */
const HEADINGS: Readonly<Record<keyof HookKinds, string>> = {
  trap: 'vcpu.hooks.trap.for(KIND): what the guest does and the hypervisor may answer in place of the architecture',
  guestExit: 'vcpu.hooks.guestExit and guestEntrance, the event\'s "cause"; also the causes in traces and statistics',
  interruptTaken: 'vcpu.hooks.interruptTaken, the event\'s "kind"',
};

const HOOKS = ['trap', 'guestExit', 'interruptTaken'] as const;

/** `qvm hook list`: the words that hooks of vCPUs use, of each architecture or of one. */
export async function listHooks({ arch, json, plugin = [] }: HookFlags): Promise<void> {
  const chosen = await chosenArchitectures(arch, plugin);
  const rows = chosen.flatMap(rowsOf);
  if (json === true) printJson(rows);
  else printLines(chosen.map(describe));
}

interface HookKindRow {
  readonly architecture: string;
  readonly hook: keyof HookKinds;
  readonly kind: string;
  readonly description: string;
}

function rowsOf({ name, hookKinds }: ArchitectureSource): readonly HookKindRow[] {
  return HOOKS.flatMap((hook) =>
    Object.entries(hookKinds[hook]).map(([kind, description]) => ({ architecture: name, hook, kind, description })),
  );
}

function describe(architecture: ArchitectureSource): string {
  const rows = rowsOf(architecture);
  const parts = HOOKS.map((hook) => {
    const own = rows.filter((row) => row.hook === hook);
    const cells = own.map(({ kind, description }) => [kind, description]);
    return `  ${HEADINGS[hook]}\n${own.length === 0 ? '    none' : table(cells, '    ')}`;
  });
  return [architecture.name, ...parts].join('\n');
}
