import { defineOptions, option, pathProblem, resolvePath, type OptionKind, type OptionsOf } from '@qvm/core/options';
import type { VdevFile } from '@qvm/core/vdev';
import { ID_BYTES, MAX_QUEUES } from './constants.js';

/** A disk as given in its option. */
export interface DiskPath {
  readonly path: string;
  readonly readOnly: boolean;
}

/** A path with an optional prefix `<`, which makes the disk read-only. */
const diskKind: OptionKind<DiskPath> = {
  name: 'path',
  path: true,
  parse: (text, { baseDir = '' }) => {
    const readOnly = text.startsWith('<');
    const path = readOnly ? text.slice(1) : text;
    const problem = pathProblem(path);
    return problem === undefined
      ? { ok: true, value: { path: resolvePath(path, baseDir), readOnly } }
      : { ok: false, message: problem };
  },
  format: ({ path, readOnly }) => `${readOnly ? '<' : ''}${path}`,
};

/** Options of the device, beyond those of its transport. */
export const BLK_OPTIONS = defineOptions({
  file: option.of(diskKind, {
    required: true,
    aliases: ['hostdev'],
    description: 'The disk: a file or block device of the host; "<" before the path makes it read-only',
  }),
  readonly: option.boolean({ default: false, description: 'The guest cannot write' }),
  overlay: option.path({
    description: 'Writes go to this file, which is made when it does not exist; the disk itself stays as it is',
  }),
  serial: option.string({
    max: ID_BYTES,
    description: `Serial number, up to ${ID_BYTES} characters; the name when absent`,
  }),
  queues: option.number({ min: 1, max: MAX_QUEUES, default: 1, description: 'Number of request queues' }),
  discard: option.boolean({ default: true, description: 'Offers to discard what the guest needs no more' }),
  cache: option.enum(['writeback', 'writethrough'], {
    default: 'writeback',
    description: 'Whether writes are durable only when the guest flushes, or each at once',
  }),
});

/** Values of the options. */
export type BlkOptions = OptionsOf<typeof BLK_OPTIONS>;

/** Whether the guest must not write to the disk. */
export function isReadOnly({ file, readonly }: BlkOptions): boolean {
  return file.readOnly || readonly;
}

/** The disk and its overlay. */
export function filesOf(options: BlkOptions): readonly VdevFile[] {
  const { file, overlay } = options;
  const written = isReadOnly(options) ? 'read' : 'change';
  const access = overlay === undefined ? written : 'read';
  const disk: VdevFile = { option: 'file', path: file.path, access, disk: true };
  return overlay === undefined ? [disk] : [disk, { option: 'overlay', path: overlay, access: written }];
}
