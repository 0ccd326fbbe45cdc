import type { MemoryRegion } from '@qvm/core/architecture';
import type { InterruptStatistics, VdevInstance, VdevRange, Vm } from '@qvm/core/host';

/**
 * An interrupt of a vdev.
 *
 * @experimental
 */
export interface VdevInterrupt {
  /** As the interrupt controller counts. */
  readonly number: number;
  /** Each vCPU has one of its own. */
  readonly private?: true;
}

/**
 * Where a vdev is in its VM.
 *
 * @experimental
 */
export interface VdevPlace {
  readonly registers: readonly VdevRange[];
  readonly windows: readonly VdevRange[];
  readonly interrupts: readonly VdevInterrupt[];
}

/**
 * A range of guest-physical addresses where something is.
 *
 * @experimental
 */
export interface MappedRange {
  readonly base: number;
  /** Bytes. */
  readonly size: number;
  /**
   * `window`: where a vdev shows memory or registers of others, or may do so. `empty`: places of the board that no vdev has, and that
   * say so to a guest.
   */
  readonly kind: 'ram' | 'rom' | 'registers' | 'empty' | 'window' | 'reserved';
  readonly name: string;
  /** In a window: what the guest may do with the memory that is there; absent where nothing is. */
  readonly access?: 'rw' | 'ro';
  /** The vdev that it belongs to, with its type and interrupts. */
  readonly vdev?: { readonly name: string; readonly type: string; readonly interrupts: readonly VdevInterrupt[] };
}

/** Where a vdev is. */
export function placeOf(vdev: VdevInstance, interrupts: readonly InterruptStatistics[]): VdevPlace {
  return { registers: vdev.registers, windows: vdev.windows, interrupts: interruptsOf(vdev, interrupts) };
}

/** Everything in the guest-physical memory of a VM, in ascending order. */
export function memoryMapOf(vm: Pick<Vm, 'map' | 'vdevs' | 'interruptStatistics'>): readonly MappedRange[] {
  const interrupts = vm.interruptStatistics();
  return vm.map.regions.map((region) => {
    const { base, size, name } = region;
    const owner = vm.vdevs.find(({ registers, windows }) => [...registers, ...windows].some(holds(base)));
    const inWindow = owner?.windows.some(holds(base)) === true;
    const vdev = owner && {
      name: owner.name,
      type: owner.factory.type,
      interrupts: interruptsOf(owner, interrupts),
    };
    return { base, size, name, ...natureOf(region, inWindow), ...(vdev === undefined ? {} : { vdev }) };
  });
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

/** The inputs that a vdev is a source of, each once. */
function interruptsOf({ name }: VdevInstance, statistics: readonly InterruptStatistics[]): readonly VdevInterrupt[] {
  const own = statistics.filter(({ source }) => source === name);
  const numbers = [...new Set(own.map(({ number }) => number))].sort((a, b) => a - b);
  return numbers.map((number) =>
    own.some((line) => line.number === number && line.vcpu !== undefined) ? { number, private: true } : { number },
  );
}
