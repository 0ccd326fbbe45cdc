import type { MemoryRegion } from '@qvm/core/architecture';
import type { InterruptStatistics, VdevInstance, VdevRange, Vm } from '@qvm/core/host';

/**
 * An interrupt of a vdev.
 *
 * @experimental
 */
export interface VdevInterrupt {
  /** Number in the interrupt controller's numbering. */
  readonly number: number;
  /** Whether it is private, so that each vCPU has its own. */
  readonly private?: true;
}

/**
 * Addresses and interrupts of a vdev.
 *
 * @experimental
 */
export interface VdevPlace {
  /** Ranges of registers, in the order of the vdev's requests. */
  readonly registers: readonly VdevRange[];
  /** Ranges of I/O ports, in the order of the vdev's requests. */
  readonly ports: readonly VdevRange[];
  /** Windows, in the order of the vdev's requests. */
  readonly windows: readonly VdevRange[];
  /** Interrupts, in the order of the vdev's requests. */
  readonly interrupts: readonly VdevInterrupt[];
}

/**
 * An occupied range of guest-physical addresses, or of I/O ports.
 *
 * @experimental
 */
export interface MappedRange {
  /** First guest-physical address, or first port. */
  readonly base: number;
  /** Size in bytes, or number of ports. */
  readonly size: number;
  /**
   * `ports`: I/O ports, which are an address space of their own; all others are ranges of guest-physical addresses.
   * `window`: a range in which a vdev maps memory or registers, or may do so. `empty`: places of the board without a
   * vdev, which a guest can probe.
   */
  readonly kind: 'ram' | 'rom' | 'registers' | 'empty' | 'window' | 'reserved' | 'ports';
  /** Name of the region: of RAM, of a reservation, or of a vdev and its range. */
  readonly name: string;
  /** In a window, the guest's permissions for the mapped memory; absent where nothing is mapped. */
  readonly access?: 'rw' | 'ro';
  /** The vdev that it belongs to, with its type and interrupts. */
  readonly vdev?: {
    /** Name of the instance. */
    readonly name: string;
    /** Type of the vdev. */
    readonly type: string;
    /** Its interrupts. */
    readonly interrupts: readonly VdevInterrupt[];
  };
}

/** The addresses and interrupts of a vdev. */
export function placeOf(vdev: VdevInstance, interrupts: readonly InterruptStatistics[]): VdevPlace {
  const { registers, ports, windows } = vdev;
  return { registers, ports, windows, interrupts: interruptsOf(vdev, interrupts) };
}

/** All occupied ranges of a VM: of its guest-physical memory in ascending order, then of its I/O ports. */
export function memoryMapOf(vm: Pick<Vm, 'map' | 'ports' | 'vdevs' | 'interruptStatistics'>): readonly MappedRange[] {
  const interrupts = vm.interruptStatistics();
  const ownedBy = (owner: VdevInstance | undefined): Pick<MappedRange, 'vdev'> =>
    owner === undefined
      ? {}
      : { vdev: { name: owner.name, type: owner.factory.type, interrupts: interruptsOf(owner, interrupts) } };
  const memory = vm.map.regions.map((region): MappedRange => {
    const { base, size, name } = region;
    const place = vm.vdevs.find(({ registers, windows }) => [...registers, ...windows].some(holds(base)));
    const inWindow = place?.windows.some(holds(base)) === true;
    // The registers of a vdev may be in the window of another one, which leads to a bus.
    const owner = (inWindow ? vm.vdevs.find((vdev) => vdev.name === name) : undefined) ?? place;
    return { base, size, name, ...natureOf(region, inWindow), ...ownedBy(owner) };
  });
  const ports = vm.ports.map(({ base, size, name }): MappedRange => {
    const owner = vm.vdevs.find((vdev) => vdev.ports.some(holds(base)));
    return { base, size, name, kind: 'ports', ...ownedBy(owner) };
  });
  return [...memory, ...ports.sort((a, b) => a.base - b.base)];
}

const holds =
  (address: number) =>
  ({ base, size }: VdevRange): boolean =>
    address >= base && address < base + size;

function natureOf(region: MemoryRegion, inWindow: boolean): Pick<MappedRange, 'kind' | 'access'> {
  const { kind } = region;
  if (kind === 'mmio') return { kind: region.empty === true ? 'empty' : 'registers' };
  if (!inWindow) return { kind };
  return kind === 'reserved' ? { kind: 'window' } : { kind: 'window', access: kind === 'ram' ? 'rw' : 'ro' };
}

/** The interrupt inputs that a vdev is a source of, without duplicates. */
function interruptsOf({ name }: VdevInstance, statistics: readonly InterruptStatistics[]): readonly VdevInterrupt[] {
  const own = statistics.filter(({ source, message }) => source === name && message !== true);
  const numbers = [...new Set(own.map(({ number }) => number))].sort((a, b) => a - b);
  return numbers.map((number) =>
    own.some((line) => line.number === number && line.vcpu !== undefined) ? { number, private: true } : { number },
  );
}
