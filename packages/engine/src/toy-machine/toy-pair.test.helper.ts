import type { Engine } from '@qvm/core/architecture';
import { ToyReference } from '@qvm/jit/toy';
import type { ToyMemory } from '@qvm/jit/toy';
import { FLIP, Page, VIRTUAL_PAGES } from './toy-vcpu.test.helper.js';
import { PAGE, RAM_PAGES, ToyVm } from './toy-vm.test.helper.js';
import type { ToySetup } from './toy-vm.test.helper.js';

/** A memory with a page table, as plain as possible. */
class PagedMemory implements ToyMemory {
  readonly ram = new Uint8Array(RAM_PAGES * PAGE);
  readonly table = Array.from({ length: VIRTUAL_PAGES }, () => ({ to: 0, rights: 0 }));
  mode = 0;

  fetch(address: number): number | undefined {
    const at = this.#at(address, Page.execute);
    return at === undefined ? undefined : (this.ram[at] as number) ^ (this.mode === 0 ? 0 : FLIP);
  }

  load(address: number): number | undefined {
    const places = this.#places(address, Page.read);
    return places?.reduce((value, at, i) => (value | ((this.ram[at] as number) << (8 * i))) >>> 0, 0);
  }

  store(address: number, value: number): boolean {
    const places = this.#places(address, Page.write);
    places?.forEach((at, i) => (this.ram[at] = (value >>> (8 * i)) & 255));
    return places !== undefined;
  }

  /** Places of the 4 bytes at an address, or the first address that has none. */
  #places(address: number, right: number): number[] | undefined {
    const places = [0, 1, 2, 3].map((i) => this.#at(address + i, right));
    const missing = places.indexOf(undefined);
    this.refused = address + Math.max(0, missing);
    return missing < 0 ? (places as number[]) : undefined;
  }

  /** The first byte that the last access could not reach. */
  refused = 0;

  #at(address: number, right: number): number | undefined {
    const page = this.table[Math.floor(address / PAGE)];
    return page && page.rights & right ? page.to * PAGE + (address % PAGE) : undefined;
  }
}

/** A VM and the reference side by side. */
export class ToyPair {
  readonly vm: ToyVm;
  readonly reference: ToyReference;
  readonly #memory = new PagedMemory();

  constructor(engine: Engine, setup?: ToySetup) {
    this.vm = new ToyVm(engine, setup);
    this.reference = new ToyReference(this.#memory);
    this.vm.vcpu.clearFlags();
  }

  /** Maps a virtual page to a page of RAM, by default with all rights. */
  map(page: number, to: number, rights: number = Page.read | Page.write | Page.execute): void {
    this.vm.map(page, to, rights);
    this.#memory.table[page] = { to, rights };
  }

  /** Writes RAM, at an offset. */
  write(offset: number, bytes: readonly number[]): void {
    this.vm.write(offset, bytes);
    this.#memory.ram.set(bytes, offset);
  }

  setRegisters(values: readonly number[]): void {
    values.forEach((value, n) => {
      this.vm.vcpu.setRegister(`r${n}`, BigInt(value));
      this.reference.registers[n] = value;
    });
  }

  /** Changes the mode. */
  enter(mode: number): void {
    this.vm.vcpu.enter(mode);
    this.#memory.mode = mode;
  }

  /** Runs both and compares everything that a program can observe; returns the kind of end. */
  run(budget: number, pc = this.reference.pc): string {
    const { vm, reference } = this;
    reference.pc = pc;
    let expected = reference.run(budget);
    const { retired } = reference;
    // The engine sees at its next run that there is no code.
    if (expected === 'outside' && retired === budget) expected = 'budget';
    const { vcpu } = vm;
    const done = vcpu.start(budget, pc);
    expect({ end: vcpu.end, pc: Number(BigInt.asIntN(64, vcpu.pc)), retired: done, registers: vcpu.values }).toEqual({
      end: expected,
      pc: reference.pc,
      retired,
      registers: [...reference.registers],
    });
    if (expected === 'outside') expect(vcpu.refused).toBe(reference.refused >>> 0);
    if (expected === 'fault') expect(vcpu.refused).toBe(this.#memory.refused >>> 0);
    expect(Buffer.from(vm.ram).equals(Buffer.from(this.#memory.ram))).toBe(true);
    return expected;
  }
}

/** Assembles single instructions. */
export const set = (register: number, value: number): number[] => [0x80 | (register << 2), value >> 8, value & 255];
export const operation = (op: number, d: number, n: number): number[] => [0x20 | (op << 2), (d << 5) | (n << 2)];
export const branch = (condition: number, distance: number): number[] => [0x40 | (condition << 2), distance & 255];
export const jumpFar = (distance: number): number[] => [0xa0, (distance >> 8) & 255, distance & 255];
export const store = (register: number, base: number, offset: number): number[] => [
  0xd0 | (register << 1),
  (base << 5) | ((offset >> 8) & 15),
  offset & 255,
];
export const load = (register: number, base: number, offset: number): number[] => [
  0xc0 | (register << 1),
  (base << 5) | ((offset >> 8) & 15),
  offset & 255,
];
export const inc = (register: number): number[] => [register];
export const [ADD, COMPARE, LEAVE] = [1, 7, 0x1a] as const;
/** Conditions of branches. */
export const LESS = 1;
