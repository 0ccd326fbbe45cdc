import { placeAcpiTables } from '@qvm/acpi';
import type { AcpiProcessor } from '@qvm/acpi';
import { contentsOf, ImageError, RamPlan } from '@qvm/core/architecture';
import type { AddressRange, BootFile, BootRequest, MachineServices } from '@qvm/core/architecture';
import { Gpr } from '@qvm/isa-x86_64';
import { acpiTablesOf, configurationWindows } from './acpi.js';
import { biosServices, SERVICES_BASE, SERVICES_BYTES, SERVICES_RSDP } from './bios-services.js';
import type { BootPlan, LoadedSegment } from './boot-contents.js';
import { planFirmware } from './firmware-plan.js';
import { readImage } from './image.js';
import { longState, protectedState, realState, RESET_STATE } from './initial-state.js';
import type { InitialState } from './initial-state.js';
import { MemoryType, memoryMap, PC_HOLE, without } from './memory-map.js';
import type { MemoryMapEntry } from './memory-map.js';
import { MULTIBOOT1_MAGIC, MULTIBOOT2_MAGIC, multiboot1Info, multiboot2Info } from './multiboot-info.js';
import { DESCRIPTORS_BYTES, flatDescriptors, IDENTITY_BYTES, identityTables } from './processor-tables.js';
import { SETUP_ENTRY, SETUP_RANGE, setupCode } from './real-mode.js';
import { pvhStartInfo } from './start-info.js';
import type { GuestFacts } from './start-info.js';
import type { X86Image } from './x86-image.js';
import { zeroPage } from './zero-page.js';

const PAGE = 0x1000;
const FOUR_GIB = 2 ** 32;
/** Where operating systems that know nothing better look for the RSDP (ACPI 6.5, section 5.2.5.1). */
const BIOS_AREA: AddressRange = { base: 0xe_0000, size: 0x2_0000 };
const RSDP_ALIGNMENT = 16;
const SERVICES_RANGE: AddressRange = { base: SERVICES_BASE, size: SERVICES_BYTES };
/** The interrupt vectors and data of a BIOS, which a guest may still use. */
const FIRST_PAGE: AddressRange = { base: 0, size: PAGE };
/** Linux has this limit where a setup header does not say another. */
const COMMAND_LINE_LIMIT = 2047;

/**
 * Finds a place in RAM for image, initial file system, ACPI tables and the data of the boot protocol, and the state in
 * which the first vCPU begins:
 *
 * | image | entry | the guest finds |
 * |---|---|---|
 * | bzImage of 64 bits, other ELF64 | 64-bit mode | RSI: zero page |
 * | ELF with the note of PVH, such as a vmlinux or Xen | protected mode | EBX: start information |
 * | 32-bit bzImage without it, other ELF32 | protected mode | ESI: zero page |
 * | bzImage, where that is asked for | real mode | its setup code: the header, services of a BIOS |
 * | ELF with a multiboot header | protected mode | EAX: magic number, EBX: information |
 * | firmware | reset vector | what the board has |
 *
 * The kernel in a bzImage is unpacked on the host, so the guest runs no decompressor, and no code that moves the kernel.
 *
 * @param processors - the vCPUs, for the ACPI tables.
 * @throws `ImageError` when something cannot be loaded or does not fit; `QvmError` `acpi.invalid`.
 * @experimental
 */
export async function planGuest(
  request: BootRequest,
  services: Pick<MachineServices, 'map'>,
  processors: readonly AcpiProcessor[],
): Promise<BootPlan> {
  if (request.deviceTree)
    throw new ImageError('unknown-format', `${request.deviceTree.name}: guests of x86 have no device tree.`);
  const ram = services.map.regions
    .filter((region) => region.kind === 'ram' && region.window !== true)
    .map(({ base, size }) => ({ base, size }));
  const plan = new RamPlan(ram);
  for (const { name, base, size } of request.reservations ?? [])
    plan.take(`${name}, which a vdev shares with the guest,`, base, size);
  for (const { name, address, bytes } of request.data ?? []) plan.avoid(name, address, bytes.length);
  const image = await readImage(request.image, { limit: plan.size, unpacked: request.unpacked, choice: request.entry });
  if (image.protocol === 'firmware') return planFirmware(image, services.map, request, processors);
  plan.avoid('the first page', FIRST_PAGE.base, FIRST_PAGE.size);
  if (image.protocol === 'real-mode')
    for (const { base, size } of [SETUP_RANGE, SERVICES_RANGE]) plan.take('The setup code', base, size);
  for (const { address, size } of image.segments) plan.take(request.image.name, address, size);
  if (image.work) plan.avoid(request.image.name, image.work.base, image.work.size);
  return new KernelPlan(plan, image, request, processors).make();
}

/** The plan of one boot of a kernel: a place for each part, in order. */
class KernelPlan {
  readonly #segments: LoadedSegment[] = [];
  readonly #reserved: MemoryMapEntry[] = [];

  constructor(
    private readonly plan: RamPlan,
    private readonly image: X86Image,
    private readonly request: BootRequest,
    private readonly processors: readonly AcpiProcessor[],
  ) {}

  make(): BootPlan {
    for (const { base, size } of this.request.reservations ?? [])
      this.#reserved.push({ base, size, type: MemoryType.Reserved });
    if (this.image.protocol === 'real-mode') this.#reserved.push({ ...SERVICES_RANGE, type: MemoryType.Reserved });
    const rsdp = this.#placeAcpi();
    const initrd = this.request.initrd && this.#placeInitrd(this.request.initrd);
    const memory = memoryMap(this.plan.ram, this.#reserved);
    const facts = { commandLine: this.#commandLine(), initrd, memory, rsdp, screen: this.request.screen };
    const state = this.#enter(facts);
    return { segments: [...this.image.segments, ...this.#segments], state, memory };
  }

  #commandLine(): string {
    const { commandLine = '' } = this.request;
    const limit = this.image.setup?.commandLineSize || COMMAND_LINE_LIMIT;
    const size = new TextEncoder().encode(commandLine).length;
    if (size > limit)
      throw new ImageError(
        'too-large',
        `The command line has ${size} bytes; ${this.request.image.name} takes ${limit}.`,
      );
    return commandLine;
  }

  /** Places the tables at the top of the RAM below 4 GiB, and the RSDP where it is looked for, if there is RAM. */
  #placeAcpi(): GuestFacts['rsdp'] {
    const { tables, parts } = acpiTablesOf(this.request, this.processors);
    this.#reserved.push(...configurationWindows(parts));
    const rsdpOffset = tables.bytes.length;
    const size = Math.ceil((rsdpOffset + tables.rsdp.length) / PAGE) * PAGE;
    const address = this.#highest('The ACPI tables', size, FOUR_GIB);
    const placed = placeAcpiTables(tables, address);
    const bios = this.plan.ram.some(
      ({ base, size: bytes }) => base <= BIOS_AREA.base && base + bytes >= BIOS_AREA.base + BIOS_AREA.size,
    )
      ? this.plan.lowest(BIOS_AREA, tables.rsdp.length, RSDP_ALIGNMENT)
      : undefined;
    const rsdp = bios ?? address + rsdpOffset;
    if (bios !== undefined) this.plan.take('The ACPI tables', bios, tables.rsdp.length);
    this.#reserved.push({ base: address, size, type: MemoryType.AcpiTables });
    this.#load(address, placed.tables);
    if (this.image.protocol === 'real-mode') return { address: SERVICES_RSDP, bytes: placed.rsdp };
    this.#load(rsdp, placed.rsdp);
    return { address: rsdp, bytes: placed.rsdp };
  }

  #placeInitrd({ name, bytes }: BootFile): AddressRange {
    if (bytes.length === 0) throw new ImageError('truncated', `${name} is empty.`);
    const limit = this.image.setup?.initrdLimit;
    const base = this.#highest(name, bytes.length, limit === undefined ? FOUR_GIB : Math.min(FOUR_GIB, limit + 1));
    this.#load(base, bytes);
    return { base, size: bytes.length };
  }

  /** Takes the highest free pages of RAM below a limit, outside the hole of a PC. */
  #highest(what: string, size: number, limit: number): number {
    for (const range of this.#ranges(limit).reverse()) {
      const at = this.plan.highest(range, size, PAGE);
      if (at === undefined) continue;
      this.plan.take(what, at, size);
      return at;
    }
    throw this.plan.noRoom(what, size);
  }

  /** Takes the lowest free pages of RAM below 4 GiB, and loads what `make` returns for their address. */
  #lowest(what: string, size: number, make: (address: number) => Uint8Array): number {
    for (const range of this.#ranges(FOUR_GIB)) {
      const at = this.plan.lowest(range, size, PAGE);
      if (at === undefined) continue;
      this.plan.take(what, at, size);
      this.#load(at, make(at));
      return at;
    }
    throw this.plan.noRoom(what, size);
  }

  #ranges(limit: number): AddressRange[] {
    return this.plan.ram
      .flatMap((range) => without(range, PC_HOLE))
      .map(({ base, size }) => ({ base, size: Math.min(base + size, limit) - base }))
      .filter(({ size }) => size > 0);
  }

  #load(address: number, bytes: Uint8Array): void {
    this.#segments.push({ address, contents: contentsOf(bytes), size: bytes.length });
  }

  #enter(facts: GuestFacts): InitialState {
    const { entry, protocol, setup } = this.image;
    if (protocol === 'real-mode') return this.#enterSetupCode(facts);
    const mode = protocol === 'linux64' ? 'long' : 'protected';
    const descriptors = this.#lowest('The descriptor table', DESCRIPTORS_BYTES, () => flatDescriptors(mode));
    const gdt = { base: descriptors, limit: DESCRIPTORS_BYTES - 1 };
    /** Loads the data of the protocol, whose size does not depend on their address. */
    const load = (make: (address: number) => Uint8Array): number =>
      this.#lowest('The boot information', make(0).length, make);
    switch (protocol) {
      case 'pvh':
        return protectedState(entry, { [Gpr.RBX]: load((at) => pvhStartInfo(facts, at)) }, gdt);
      case 'multiboot1': {
        const info = load((at) => multiboot1Info(facts, at));
        return protectedState(entry, { [Gpr.RAX]: MULTIBOOT1_MAGIC, [Gpr.RBX]: info }, gdt);
      }
      case 'multiboot2': {
        const info = load(() => multiboot2Info(facts));
        return protectedState(entry, { [Gpr.RAX]: MULTIBOOT2_MAGIC, [Gpr.RBX]: info }, gdt);
      }
      case 'linux32':
        return protectedState(entry, { [Gpr.RSI]: load((at) => zeroPage(facts, setup, at)) }, gdt);
      case 'linux64': {
        const tables = this.#lowest('The page tables', IDENTITY_BYTES, identityTables);
        return longState(entry, { [Gpr.RSI]: load((at) => zeroPage(facts, setup, at)) }, gdt, tables);
      }
      case 'firmware':
        return RESET_STATE;
    }
  }

  /** The setup code finds services of a BIOS, by which it learns the memory map. */
  #enterSetupCode(facts: GuestFacts): InitialState {
    const { setup } = this.image;
    if (setup === undefined) throw new RangeError('Only a bzImage has setup code.');
    const { area, firstPage } = biosServices(facts);
    this.#load(FIRST_PAGE.base, firstPage);
    this.#load(SERVICES_RANGE.base, area);
    this.#load(SETUP_RANGE.base, setupCode(setup, facts, this.request.image.name));
    return realState(SETUP_ENTRY.code, SETUP_ENTRY.segment, { [Gpr.RSP]: SETUP_ENTRY.stack });
  }
}
