import { option } from '@qvm/core/options';
import { COMMON_VDEV_OPTIONS } from '@qvm/core/vdev';
import { resolvePath } from '@qvm/core/options';
import { describeConflict, fileConflicts } from '../../files/file-conflicts.js';
import { fileUses, switchFiles } from '../../files/file-use.js';
import type { LintRule } from '../lint-rule.js';

const pl011 = {
  options: { hostdev: option.character({ description: 'character back end' }), ...COMMON_VDEV_OPTIONS },
  resources: () => ({}),
};

/** `lint.file-conflict` @experimental */
export const fileConflict: LintRule = {
  code: 'lint.file-conflict',
  severity: 'error',
  summary: 'A file that a VM writes is one that another VM uses.',
  description:
    'Console files and captures are emptied when a VM starts: what the other VM has there is lost. Two names of one file, such as links, count as one. Give the output a file of its own. (Within one VM, this is `file.conflict`.)',
  bad: {
    texts: [
      'system a ram 256M load a.img vdev pl011 hostdev file:b.img',
      'system b ram 256M load b.img vdev pl011 hostdev null',
    ],
    facts: { vdev: () => pl011 },
  },
  good: {
    texts: [
      'system a ram 256M load a.img vdev pl011 hostdev file:a.txt',
      'system b ram 256M load b.img vdev pl011 hostdev null',
    ],
    facts: { vdev: () => pl011 },
  },
  check: ({ vms, switches }, { vdev, fileIdentity }, report) => {
    const uses = [
      ...vms.flatMap(({ label, spec }) => fileUses(label, spec, (type) => vdev?.(type))),
      ...switchFiles(switches),
    ];
    for (const conflict of fileConflicts(uses, fileIdentity ?? ((path) => resolvePath(path, '')))) {
      if (conflict.writer.owner === conflict.other.owner) continue;
      const { at, message, hint } = describeConflict(conflict);
      report(at, message, hint);
    }
  },
};
