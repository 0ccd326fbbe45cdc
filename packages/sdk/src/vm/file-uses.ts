import {
  ConfigError,
  conflictFinding,
  fileConflicts,
  fileUses,
  findingAt,
  NO_SOURCE,
  type FileUse,
  type Finding,
  type VmSpec,
} from '@qvm/config';
import { QvmError, type Disposable } from '@qvm/core';
import { type VdevFactory } from '@qvm/core/vdev';
import type { HostPaths } from '../host/hypervisor-host.js';
import { StartError } from './build-error.js';
import { vdevFacts } from './lint-facts.js';
import type { VmFile } from './vm-create-options.js';

const CODE = 'file.unwritable';

/**
 * The files of the host that a VM uses.
 *
 * @param inputs - files that the host program reads for it.
 */
export function usedFiles(
  spec: VmSpec,
  factories: ReadonlyMap<string, VdevFactory>,
  inputs: readonly VmFile[] = [],
): readonly FileUse[] {
  const own = fileUses(spec.name, spec, (type) => {
    const factory = factories.get(type);
    return factory === undefined ? undefined : vdevFacts(factory);
  });
  return [...inputs.map((input): FileUse => ({ ...input, access: 'read', owner: spec.name, at: NO_SOURCE })), ...own];
}

/**
 * Problems of files that are detected before any is opened: outputs that are inputs, and outputs that cannot be
 * written.
 *
 * @param outputs - files that the host program writes about the VM.
 * @throws StartError `file.unwritable` for one of `outputs`, which are not part of a configuration.
 */
export function fileFindings(
  uses: readonly FileUse[],
  outputs: readonly VmFile[] = [],
  paths?: HostPaths,
): readonly Finding[] {
  if (paths === undefined) return [];
  for (const { path, role } of outputs) {
    const problem = paths.outputProblem(path);
    if (problem !== undefined) throw new StartError(CODE, unwritable(path, role, problem), NO_SOURCE);
  }
  const written = outputs.map((output): FileUse => ({ ...output, access: 'write', owner: '', at: NO_SOURCE }));
  const conflicts = fileConflicts([...uses, ...written], (path) => paths.identity(path));
  const refused = new Set(conflicts.map(({ writer }) => writer));
  return [
    ...conflicts.map(conflictFinding),
    ...uses.flatMap((use) => {
      const problem = use.access !== 'write' || refused.has(use) ? undefined : paths.outputProblem(use.path);
      return problem === undefined ? [] : [outputFinding(use, problem)];
    }),
  ];
}

function outputFinding({ path, role, at }: FileUse, problem: string): Finding {
  return findingAt(at, 'error', CODE, unwritable(path, role, problem));
}

function unwritable(path: string, role: string, problem: string): string {
  return `"${path}" cannot be written as ${role}: ${problem}`;
}

/**
 * Claims the files that a VM reads, so that nothing in qvm writes to them while the VM exists.
 *
 * @throws ConfigError `file.in-use` when one of the files is being written.
 */
export function holdInputs(uses: readonly FileUse[], paths: HostPaths | undefined): Disposable {
  const held: Disposable[] = [];
  const release = (): void => held.splice(0).forEach((claim) => claim.dispose());
  if (paths === undefined) return { dispose: release };
  for (const { path, access, disk, at, owner } of uses) {
    // Disks are claimed when they are opened.
    if (access !== 'read' || disk === true) continue;
    try {
      held.push(paths.hold(path, owner));
    } catch (error) {
      release();
      if (!(error instanceof QvmError)) throw error;
      throw new ConfigError([findingAt(at, 'error', 'file.in-use', error.message)]);
    }
  }
  return { dispose: release };
}
