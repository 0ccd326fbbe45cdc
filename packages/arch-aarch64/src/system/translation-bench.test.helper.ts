import { GuestPhysicalMap, VmMemory } from '@qvm/core/architecture';
import type { RamRegion } from '@qvm/core/architecture';
import { MainRam, PAGE_BYTES } from '@qvm/engine';
import { Aarch64State, Sys } from '../vcpu/aarch64-state.js';
import { Mmu } from './mmu.js';
import { WalkParameters } from './walk-parameters.js';

/** Size of the main RAM: its last block of 2 MiB extends half beyond its end. */
export const RAM_BYTES = 5 << 20;
const OTHER_BYTES = 1 << 16;
/** Distances from the main RAM's base to the other memory. */
const [ROM_DISTANCE, OTHER_DISTANCE] = [-0x100_0000, 0x1000_0000];

/** The control registers of translation. */
export type Control = Partial<Record<'SCTLR_EL1' | 'TCR_EL1' | 'MAIR_EL1' | 'TTBR0_EL1' | 'TTBR1_EL1', bigint>>;

/**
 * Translation without a vCPU. In VM memory, ROM and a second RAM are directly before and after the main RAM; in the
 * guest's address space they are far away.
 */
export class TranslationBench {
  readonly memory: VmMemory;
  readonly map: GuestPhysicalMap;
  readonly state: Aarch64State;
  readonly ram: MainRam;
  readonly mmu: Mmu;
  readonly rom: RamRegion;
  readonly main: RamRegion;
  readonly other: RamRegion;

  /** @param more - bytes of VM memory that the test itself uses. */
  constructor(base: number, more = 0) {
    this.memory = new VmMemory(RAM_BYTES + 4 * OTHER_BYTES + MainRam.bytesFor(RAM_BYTES) + Aarch64State.bytes + more);
    this.map = new GuestPhysicalMap(this.memory);
    this.rom = this.map.addRam('rom', 'rom', base + ROM_DISTANCE, OTHER_BYTES);
    this.main = this.map.addRam('ram', 'main', base, RAM_BYTES);
    this.other = this.map.addRam('ram', 'other', base + OTHER_DISTANCE, OTHER_BYTES);
    this.state = Aarch64State.allocate(this.memory);
    this.ram = new MainRam(this.memory, this.map);
    this.ram.attach(this.state);
    this.mmu = new Mmu(this.memory, this.map, this.state, new WalkParameters(this.state, this.ram));
  }

  /** Guest-physical end of the main RAM. */
  get end(): number {
    return this.main.base + this.main.size;
  }

  /** Writes control registers and lets the MMU take them over. */
  control(registers: Control): void {
    for (const [name, value] of Object.entries(registers)) this.state.setU64(Sys[name as keyof Control], value);
    this.mmu.refresh();
  }

  /** Whether tables can be at a guest-physical address. */
  holds(address: number): boolean {
    return [this.rom, this.main, this.other].some(({ base, size }) => address >= base && address < base + size);
  }

  read64(address: number): bigint {
    return this.memory.u64[this.#offset(address) / 8] as bigint;
  }

  write64(address: number, value: bigint): void {
    this.memory.u64[this.#offset(address) / 8] = value;
  }

  /** Sets all memory to zero. */
  clear(): void {
    for (const { offset, size } of [this.rom, this.main, this.other]) this.memory.u8.fill(0, offset, offset + size);
  }

  #offset(address: number): number {
    const region = this.map.find(address) as RamRegion;
    return region.offset + (address - region.base);
  }
}

export const pagesOf = ({ size }: RamRegion): number => size / PAGE_BYTES;
