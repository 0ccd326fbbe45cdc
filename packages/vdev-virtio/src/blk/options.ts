import { QvmError } from '@qvm/core';
import { type OptionSpec, type OptionValues, type VdevFile } from '@qvm/core/vdev';
import { ID_BYTES, MAX_QUEUES } from './constants.js';

/** Properties of a VM's disk. */
export interface BlkOptions {
  readonly file: string;
  readonly readOnly: boolean;
  readonly overlay?: string;
  readonly serial?: string;
  readonly queues: number;
  readonly discard: boolean;
  /** At first; the driver may choose otherwise. */
  readonly writeback: boolean;
}

export const blkOptions: readonly OptionSpec[] = [
  { name: 'file', kind: 'path', description: 'The disk: a file or block device of the host' },
  { name: 'hostdev', kind: 'path', description: 'The same as file; "<" before the path makes it read-only' },
  { name: 'readonly', kind: 'boolean', default: 'off', description: 'The guest cannot write' },
  {
    name: 'overlay',
    kind: 'path',
    description: 'Writes go to this file, which is made when it does not exist; the disk itself stays as it is',
  },
  {
    name: 'serial',
    kind: 'string',
    max: ID_BYTES,
    description: `Serial number, up to ${ID_BYTES} characters; the name when absent`,
  },
  { name: 'queues', kind: 'number', min: 1, max: MAX_QUEUES, default: '1', description: 'Number of request queues' },
  { name: 'discard', kind: 'boolean', default: 'on', description: 'Offers to discard what the guest needs no more' },
  {
    name: 'cache',
    kind: 'enum',
    values: ['writeback', 'writethrough'],
    default: 'writeback',
    description: 'Whether writes are durable only when the guest flushes, or each at once',
  },
];

/** @throws QvmError `vdev.option` when there is no disk, or two. */
export function readOptions(values: OptionValues): BlkOptions {
  const { file, readOnly } = diskOf(text(values.file), text(values.hostdev));
  const [overlay, serial] = [text(values.overlay), text(values.serial)];
  return {
    file,
    readOnly: readOnly || values.readonly === true,
    queues: Number(values.queues),
    discard: values.discard === true,
    writeback: values.cache === 'writeback',
    ...(overlay === undefined ? {} : { overlay }),
    ...(serial === undefined ? {} : { serial }),
  };
}

/** The disk and its overlay; nothing when the options name no disk, or two. */
export function filesOf(values: OptionValues): readonly VdevFile[] {
  if ((text(values.file) === undefined) === (text(values.hostdev) === undefined)) return [];
  const { file, readOnly, overlay } = readOptions(values);
  const access = readOnly || overlay !== undefined ? 'read' : 'change';
  const disk: VdevFile = {
    option: text(values.file) === undefined ? 'hostdev' : 'file',
    path: file,
    access,
    disk: true,
  };
  if (overlay === undefined) return [disk];
  return [disk, { option: 'overlay', path: overlay, access: readOnly ? 'read' : 'change' }];
}

function diskOf(
  file: string | undefined,
  hostdev: string | undefined,
): { readonly file: string; readonly readOnly: boolean } {
  if (file !== undefined && hostdev === undefined) return { file, readOnly: false };
  if (hostdev !== undefined && file === undefined) return hostDevice(hostdev);
  throw new QvmError('vdev.option', 'a virtio-blk needs one disk: file=PATH (or hostdev=PATH)');
}

/** The path was resolved with its "<", so the configuration's folder may stand before it. */
function hostDevice(hostdev: string): { readonly file: string; readonly readOnly: boolean } {
  const [, folder = '', path] = /^(.*\/)?<(.+)$/.exec(hostdev) ?? [];
  if (path === undefined) return { file: hostdev, readOnly: false };
  return { file: path.startsWith('/') ? path : folder + path, readOnly: true };
}

function text(value: OptionValues[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
