import { GuestPhysicalMap, VmMemory } from '@qvm/core/architecture';
import type { RamRegion } from '@qvm/core/architecture';
import { MainRam } from '@qvm/engine';
import { SegmentRegister, State } from '@qvm/isa-x86_64';
import { recordPlanOf } from '@qvm/jit';
import { Attribute, CODE_ATTRIBUTES } from '../state/attributes.js';
import { X86State } from '../state/x86-state.js';
import { Mmu } from './mmu.js';
import { WalkParameters } from './walk-parameters.js';

export const PLAN = recordPlanOf({ unit: 1, longest: 15, addressBits: 48 });
export const RAM_BYTES = 4 << 20;
const ROM_BYTES = 1 << 16;
const ROM_BASE = 0xfff0_0000;

/** The control registers of translation. */
export type Control = Partial<Record<'cr0' | 'cr3' | 'cr4' | 'efer', bigint>>;

/** Translation without a vCPU: RAM at 0, ROM below 4 GiB. */
export class TranslationBench {
  readonly memory: VmMemory;
  readonly map: GuestPhysicalMap;
  readonly state: X86State;
  readonly ram: MainRam;
  readonly mmu: Mmu;
  readonly main: RamRegion;

  /** @param more - bytes of VM memory that the test itself uses. */
  constructor(more = 0) {
    this.memory = new VmMemory(RAM_BYTES + 2 * ROM_BYTES + MainRam.bytesFor(RAM_BYTES) + X86State.bytes + more + 4096);
    this.map = new GuestPhysicalMap(this.memory);
    this.main = this.map.addRam('ram', 'main', 0, RAM_BYTES);
    this.map.addRam('rom', 'rom', ROM_BASE, ROM_BYTES);
    this.state = X86State.allocate(this.memory, PLAN);
    this.state.clear();
    this.ram = new MainRam(this.memory, this.map);
    this.ram.attach(this.state);
    this.mmu = new Mmu(this.memory, this.map, this.state, new WalkParameters(this.state, this.ram));
  }

  /** Writes control registers and lets the MMU take them over. In IA-32e mode, the code is of 64 bits. */
  control(registers: Control): void {
    for (const [name, value] of Object.entries(registers)) this.state.setU64(State[name as keyof Control], value);
    const code = CODE_ATTRIBUTES | (this.state.longMode ? Attribute.L : Attribute.DB);
    this.state.setSegment(SegmentRegister.CS, 8, 0, 0xffff_ffff, code);
    this.mmu.refresh();
  }

  read(address: number, bytes: 4 | 8): bigint {
    const { data } = this.memory;
    const at = this.main.offset + address;
    return bytes === 4 ? BigInt(data.getUint32(at, true)) : data.getBigUint64(at, true);
  }

  write(address: number, bytes: 4 | 8, value: bigint): void {
    const { data } = this.memory;
    const at = this.main.offset + address;
    if (bytes === 4) data.setUint32(at, Number(value), true);
    else data.setBigUint64(at, value, true);
  }

  /** Sets RAM to zero. */
  clear(): void {
    this.memory.u8.fill(0, this.main.offset, this.main.offset + this.main.size);
  }
}
