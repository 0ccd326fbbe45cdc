import { MAX_CPUS, PAGE_SIZE, type VmSpec } from '@qvm/config';
import { badParams, type Params } from './params.js';

const MAX_NAME = 64;
const MAX_RAM_REGIONS = 256;
const MAX_VDEVS = 1024;
const MAX_OPTIONS = 4096;
const NAME = /^[A-Za-z0-9._-]+$/;

/**
 * A VM's specification, sent by a client. Only the parts that this process uses are checked; an invalid rest can only
 * affect the VM's own thread.
 */
export function specOf(params: Params): VmSpec {
  if (!NAME.test(params.text('name', MAX_NAME))) throw badParams('params.spec.name is no name of a VM');
  params.text('arch', MAX_NAME);
  params.optionalText('board', MAX_NAME);
  params.optionalText('image');
  params.text('baseDir');
  params.integer('cpus', 1, MAX_CPUS);
  for (const ram of params.objects('ram', MAX_RAM_REGIONS)) ram.integer('size', PAGE_SIZE, Number.MAX_SAFE_INTEGER);
  for (const vdev of params.objects('vdevs', MAX_VDEVS)) {
    vdev.text('type');
    for (const option of vdev.objects('options', MAX_OPTIONS)) option.optionalText('value', Infinity);
  }
  return params.value as unknown as VmSpec;
}
