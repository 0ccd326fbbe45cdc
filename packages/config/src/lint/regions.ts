import { machineOf, ramPieces } from '@qvm/core/board';
import type { VdevResources } from '@qvm/core/vdev';
import { resolveOptions } from '../options.js';
import { type SourceLocation, sourceOf } from '../location.js';
import type { VdevSpec, VmFragment } from '../spec.js';
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
  const board = facts.board?.(spec)?.ram;
  let next = board?.base;
  const ram = (spec.ram ?? []).flatMap(({ base, size, source }, index) => {
    const pieces =
      base === undefined && board !== undefined && next !== undefined
        ? ramPieces(board, next, size)
        : [base ?? next].flatMap((start) => (start === undefined ? [] : [{ base: start, size }]));
    const last = pieces.at(-1);
    next = last && last.base + last.size;
    const at = sourceOf(source);
    return pieces.map((piece) => ({ what: `ram[${index}]`, base: piece.base, end: piece.base + piece.size, at }));
  });
  const rom = (spec.rom ?? []).flatMap(({ base, size, source }, index) =>
    base === undefined ? [] : [{ what: `rom[${index}]`, base, end: base + size, at: sourceOf(source) }],
  );
  return [...ram, ...rom];
}

/** Register ranges of vdevs whose addresses the configuration gives. */
export function devicesOf({ spec }: LintVm, facts: LintFacts): PlacedRegion[] {
  return spec.vdevs.flatMap((vdev) => {
    const registers = registersOf(vdev, spec, facts);
    const shared = vdev.type === 'shmem' || vdev.type === 'passthrough' ? sharedOf(vdev) : undefined;
    return [...(registers === undefined ? [] : [registers]), ...(shared === undefined ? [] : [shared])];
  });
}

/** I/O ports of vdevs whose numbers the configuration gives. */
export function portsOf({ spec }: LintVm, facts: LintFacts): PlacedRegion[] {
  return spec.vdevs.flatMap((vdev) => {
    const { mmio, ports } = resourcesOf(vdev, spec, facts) ?? {};
    const size = ports?.[0]?.size;
    const first = numberOf(vdev, 'ports') ?? (mmio === undefined ? numberOf(vdev, 'base', 'loc') : undefined);
    if (first === undefined || size === undefined) return [];
    return [{ what: `the vdev ${vdev.type}`, base: first.value, end: first.value + size, at: first.at }];
  });
}

function registersOf(vdev: VdevSpec, spec: VmFragment, facts: LintFacts): PlacedRegion | undefined {
  const base = numberOf(vdev, 'base', 'loc');
  const size = resourcesOf(vdev, spec, facts)?.mmio?.[0]?.size;
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
export function resourcesOf(vdev: VdevSpec, vm: VmFragment, facts: LintFacts): VdevResources | undefined {
  const found = facts.vdev?.(vdev.type);
  if (found === undefined) return undefined;
  try {
    const { values } = resolveOptions(found.options, vdev.options, { owner: vdev.type });
    return found.resources(values, machineOf(facts.board?.(vm) ?? {}));
  } catch {
    // Invalid options are reported when the VM is built.
    return undefined;
  }
}
