import type { FieldSources } from './location.js';
import type { VdevSpec, VmField, VmFragment } from './spec.js';

/**
 * A VM, or a part of one, with another laid over it: fields of `over` have precedence, and its vdevs are added.
 * @experimental
 */
export function overlayVm<B extends VmFragment>(base: B, over: VmFragment): B {
  const source = overlaySource(base.source, over.source);
  // vCPUs are described either together or one by one.
  const together = over.cpus !== undefined || over.cpulist !== undefined || over.priority !== undefined;
  const { cpu, cpulist, priority, ...rest } = base;
  const kept = {
    ...(cpu === undefined || together ? {} : { cpu }),
    ...(cpulist === undefined || over.cpu !== undefined ? {} : { cpulist }),
    ...(priority === undefined || over.cpu !== undefined ? {} : { priority }),
  };
  const added = over.vdevs.map((vdev) => vdevOf(vdev, over.baseDir, base.baseDir));
  const { vdevs: _vdevs, baseDir: _baseDir, source: _source, ...said } = over;
  const merged = { ...rest, ...kept, ...said, vdevs: [...base.vdevs, ...added] };
  // A field of `over` replaces the field of `base`, which has the same type.
  return { ...merged, ...(source === undefined ? {} : { source }) } as unknown as B;
}

function vdevOf(vdev: VdevSpec, from: string, to: string): VdevSpec {
  return from === to || vdev.baseDir !== undefined ? vdev : { ...vdev, baseDir: from };
}

function overlaySource(
  base: FieldSources<VmField> | undefined,
  over: FieldSources<VmField> | undefined,
): FieldSources<VmField> | undefined {
  if (base === undefined || over === undefined) return base ?? over;
  return { at: base.at, fields: { ...base.fields, ...over.fields } };
}
