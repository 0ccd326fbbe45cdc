import type { VdevResources } from '@qvm/core/vdev';
import { resolveOptions } from '../options.js';
import { type SourceLocation, sourceOf } from '../location.js';
import type { VdevSpec } from '../spec.js';
import type { LintFacts, LintVm } from './lint-rule.js';
import { numberOf } from './vdevs.js';

/** An occupied range of guest-physical addresses. */
export interface PlacedRegion {
  readonly what: string;
  readonly base: number;
  readonly end: number;
  readonly at: SourceLocation;
}

/** RAM and ROM of a VM whose addresses are known. */
export function memoryOf({ spec }: LintVm, facts: LintFacts): PlacedRegion[] {
  let next = facts.board?.(spec)?.ram.base;
  const ram = (spec.ram ?? []).flatMap(({ base = next, size, source }, index) => {
    next = base === undefined ? undefined : base + size;
    return base === undefined ? [] : [{ what: `ram[${index}]`, base, end: base + size, at: sourceOf(source) }];
  });
  const rom = (spec.rom ?? []).flatMap(({ base, size, source }, index) =>
    base === undefined ? [] : [{ what: `rom[${index}]`, base, end: base + size, at: sourceOf(source) }],
  );
  return [...ram, ...rom];
}

/** Register ranges of vdevs whose addresses the configuration gives. */
export function devicesOf({ spec }: LintVm, facts: LintFacts): PlacedRegion[] {
  return spec.vdevs.flatMap((vdev) => {
    const registers = registersOf(vdev, facts);
    const shared = vdev.type === 'shmem' || vdev.type === 'passthrough' ? sharedOf(vdev) : undefined;
    return [...(registers === undefined ? [] : [registers]), ...(shared === undefined ? [] : [shared])];
  });
}

function registersOf(vdev: VdevSpec, facts: LintFacts): PlacedRegion | undefined {
  const base = numberOf(vdev, 'base', 'loc');
  const size = resourcesOf(vdev, facts)?.mmio?.[0]?.size;
  if (base === undefined || size === undefined) return undefined;
  return { what: `the vdev ${vdev.type}`, base: base.value, end: base.value + size, at: base.at };
}

/** Memory that a vdev maps at an address of its own. */
function sharedOf(vdev: VdevSpec): PlacedRegion | undefined {
  const base = (vdev.type === 'passthrough' ? numberOf(vdev, 'base', 'loc') : undefined) ?? numberOf(vdev, 'paddr');
  const size = numberOf(vdev, 'size');
  if (base === undefined || size === undefined) return undefined;
  return { what: `the vdev ${vdev.type}`, base: base.value, end: base.value + size.value, at: base.at };
}

/** Resources of a vdev; `undefined` if its type or its options are not known. */
export function resourcesOf(vdev: VdevSpec, facts: LintFacts): VdevResources | undefined {
  const found = facts.vdev?.(vdev.type);
  if (found === undefined) return undefined;
  try {
    const { values } = resolveOptions(found.options, vdev.options, { owner: vdev.type });
    return found.resources(values);
  } catch {
    // Invalid options are reported when the VM is built.
    return undefined;
  }
}
