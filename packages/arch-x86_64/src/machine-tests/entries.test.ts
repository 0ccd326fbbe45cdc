import { assemble } from '@qvm/asm-x86_64';
import { SegmentRegister } from '@qvm/isa-x86_64';
import { bootGuest } from '../boot/index.js';
import { bzImage, elfFile } from '../boot/boot-bench.test.helper.js';
import { MachineHarness, RAM_BYTES } from './machine-harness.test.helper.js';

/*
 * Guests of our own that are entered by each protocol. They follow the pointers that they are given, by the documents of the
 * protocols, copy what they find, and halt; the tests read the copies.
 */

const MIB = 2 ** 20;
/** The guest's segment, whose second half has its stack and after it the copies. */
const [ENTRY, RESULTS, SEGMENT_BYTES] = [MIB + 0x100, MIB + 0x4000, 0x8000];
const SLOT = 0x400;
const Slot = { registers: 0, line: 1, module: 2, map: 3, rsdp: 4 } as const;
const COMMAND_LINE = 'console=ttyS0 a b';
const INITRD = { name: 'initrd', bytes: Uint8Array.of(9, 8, 7) };

/** Copies ECX bytes at ESI to a slot, after their number. */
const keep = (slot: number): string => `
  mov edi, ${RESULTS + slot * SLOT}
  mov DWORD PTR [edi], ecx
  add edi, 4
  rep movs BYTE PTR es:[edi], BYTE PTR ds:[esi]
`;
/** The slot of registers: EAX, EBX and ESI at the entry, CR0 and the flags. EBX and ESI keep their values. */
const begin = (stack: string): string => `
  mov edi, ${RESULTS}
  mov DWORD PTR [edi], eax
  mov DWORD PTR [edi+4], ebx
  mov DWORD PTR [edi+8], esi
  mov ${stack}sp, ${RESULTS}
  pushf
  pop ${stack}ax
  mov DWORD PTR [edi+12], eax
  mov ebp, esi
`;
const LINE_BYTES = COMMAND_LINE.length + 1;

const PVH_PROGRAM = `
  mov esi, DWORD PTR [ebx+24]
  mov ecx, ${LINE_BYTES}
  ${keep(Slot.line)}
  mov edx, DWORD PTR [ebx+16]
  mov esi, DWORD PTR [edx]
  mov ecx, DWORD PTR [edx+8]
  ${keep(Slot.module)}
  mov esi, DWORD PTR [ebx+40]
  imul ecx, DWORD PTR [ebx+48], 24
  ${keep(Slot.map)}
  mov esi, DWORD PTR [ebx+32]
  mov ecx, 8
  ${keep(Slot.rsdp)}
  hlt
`;
const LINUX_PROGRAM = `
  mov esi, DWORD PTR [ebp+0x228]
  mov ecx, ${LINE_BYTES}
  ${keep(Slot.line)}
  mov esi, DWORD PTR [ebp+0x218]
  mov ecx, DWORD PTR [ebp+0x21c]
  ${keep(Slot.module)}
  lea esi, [ebp+0x2d0]
  movzx ecx, BYTE PTR [ebp+0x1e8]
  imul ecx, ecx, 20
  ${keep(Slot.map)}
  mov esi, DWORD PTR [ebp+0x70]
  mov ecx, 8
  ${keep(Slot.rsdp)}
  hlt
`;
const MULTIBOOT1_PROGRAM = `
  mov esi, DWORD PTR [ebx+16]
  mov ecx, ${LINE_BYTES}
  ${keep(Slot.line)}
  mov edx, DWORD PTR [ebx+24]
  mov esi, DWORD PTR [edx]
  mov ecx, DWORD PTR [edx+4]
  sub ecx, esi
  ${keep(Slot.module)}
  mov esi, DWORD PTR [ebx+48]
  mov ecx, DWORD PTR [ebx+44]
  ${keep(Slot.map)}
  hlt
`;
/** Walks the tags: their types are 1, 3, 6 and 15, and 0 at the end; each begins at a multiple of 8. */
const MULTIBOOT2_PROGRAM = `
  lea edx, [ebx+8]
next:
  mov eax, DWORD PTR [edx]
  lea esi, [edx+8]
  mov ecx, DWORD PTR [edx+4]
  sub ecx, 8
  cmp eax, 1
  je line
  cmp eax, 3
  je module
  cmp eax, 6
  je map
  cmp eax, 15
  je rsdp
  test eax, eax
  jne skip
  hlt
line:
  ${keep(Slot.line)}
  jmp skip
module:
  mov ecx, DWORD PTR [edx+12]
  mov esi, DWORD PTR [edx+8]
  sub ecx, esi
  ${keep(Slot.module)}
  jmp skip
map:
  add esi, 8
  sub ecx, 8
  ${keep(Slot.map)}
  jmp skip
rsdp:
  mov ecx, 8
  ${keep(Slot.rsdp)}
skip:
  mov eax, DWORD PTR [edx+4]
  add eax, 7
  and eax, 0xfffffff8
  add edx, eax
  jmp next
`;

const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const PVH_NOTE = { name: 'Xen', type: 18, description: words(ENTRY, 0) };
/** Multiboot 0.6.96, section 3.1: page-aligned modules, memory map. */
const HEADER1 = words(0x1bad_b002, 3, -0x1bad_b002 - 3);
/** Multiboot2, section 3.1: i386, with the end tag alone. */
const HEADER2 = words(0xe852_50d6, 0, 24, -0xe852_50d6 - 24, 0, 8);

interface Guest {
  readonly program: string;
  readonly bits: 32 | 64;
  /** Bits of the ELF file, where that is another kind. */
  readonly file?: 32 | 64;
  readonly header?: Uint8Array;
  readonly note?: typeof PVH_NOTE;
  readonly eax: number;
  /** The register with the address of the information. */
  readonly pointer: 'ebx' | 'esi';
  /** Bytes of an entry of the memory map, and where the address begins in it. */
  readonly entry: readonly [bytes: number, address: number];
}

const GUESTS: Readonly<Record<string, Guest>> = {
  pvh: { program: PVH_PROGRAM, bits: 32, file: 64, note: PVH_NOTE, eax: 0, pointer: 'ebx', entry: [24, 0] },
  linux32: { program: LINUX_PROGRAM, bits: 32, eax: 0, pointer: 'esi', entry: [20, 0] },
  linux64: { program: LINUX_PROGRAM, bits: 64, eax: 0, pointer: 'esi', entry: [20, 0] },
  multiboot1: {
    ...{ program: MULTIBOOT1_PROGRAM, bits: 32, header: HEADER1, eax: 0x2bad_b002, pointer: 'ebx', entry: [24, 4] },
  },
  multiboot2: {
    ...{
      program: MULTIBOOT2_PROGRAM,
      bits: 32,
      file: 64,
      header: HEADER2,
      eax: 0x36d7_6289,
      pointer: 'ebx',
      entry: [24, 0],
    },
  },
};

function imageOf({ program, bits, file = bits, header, note }: Guest): Uint8Array {
  const { bytes } = assemble(begin(bits === 64 ? 'r' : 'e') + program, { origin: ENTRY, bits });
  const content = new Uint8Array(ENTRY - MIB + bytes.length);
  if (header) content.set(header);
  content.set(bytes, ENTRY - MIB);
  return elfFile(file, ENTRY, [{ physical: MIB, bytes: content, memorySize: SEGMENT_BYTES }], note);
}

/** The slots that a guest has filled. */
class Kept {
  constructor(private readonly machine: MachineHarness) {}

  number(slot: number, offset: number): number {
    return Number(this.machine.read64(RESULTS + slot * SLOT + offset) & 0xffff_ffffn);
  }

  bytes(slot: number): Uint8Array {
    const at = this.machine.ram.offset + RESULTS + slot * SLOT;
    return this.machine.memory.u8.slice(at + 4, at + 4 + this.number(slot, 0));
  }

  text(slot: number): string {
    return new TextDecoder().decode(this.bytes(slot));
  }
}

async function run(guest: Guest, engine: 'interp' | 'wasm'): Promise<{ machine: MachineHarness; kept: Kept }> {
  const machine = new MachineHarness(1, engine, { more: 0x1_0000 });
  const image = { name: 'guest', bytes: imageOf(guest) };
  const request = { image, initrd: INITRD, commandLine: COMMAND_LINE, vdevNodes: () => [] };
  (await bootGuest(request, machine.services, machine.vcpu))();
  machine.run();
  return { machine, kept: new Kept(machine) };
}

describe.each(Object.entries(GUESTS))('a guest that is entered by %s', (protocol, guest) => {
  it.each(['interp', 'wasm'] as const)('finds what the protocol promises, with the engine %s', async (engine) => {
    const { machine, kept } = await run(guest, engine);
    const { vcpu, state } = machine;
    expect(vcpu.haltReport()).toContain('halted with interrupts off');
    expect(state.mode64).toBe(protocol === 'linux64');
    expect(kept.number(Slot.registers, 0)).toBe(guest.eax);
    expect(kept.number(Slot.registers, guest.pointer === 'ebx' ? 4 : 8)).toBeGreaterThan(0);
    // Interrupts are off, the direction is upwards.
    expect(kept.number(Slot.registers, 12) & 0x600).toBe(0);
    expect([state.base(SegmentRegister.DS), state.limit(SegmentRegister.ES)]).toEqual([0, 0xffff_ffff]);
    expect(kept.text(Slot.line)).toBe(`${COMMAND_LINE}\0`);
    expect([...kept.bytes(Slot.module)]).toEqual([...INITRD.bytes]);
    if (protocol !== 'multiboot1') expect(kept.text(Slot.rsdp)).toBe('RSD PTR ');
    const [bytes, address] = guest.entry;
    const map = kept.bytes(Slot.map);
    const view = new DataView(map.buffer);
    const entries = Array.from({ length: map.length / bytes }, (_, index) => [
      ...[0, 8].map((field) => Number(view.getBigUint64(index * bytes + address + field, true))),
      view.getUint32(index * bytes + address + 16, true),
    ]);
    const tables = entries.find(([, , type]) => type === 3)?.[0] as number;
    expect(entries).toEqual([
      [0, 0xa_0000, 1],
      [MIB, tables - MIB, 1],
      [tables, RAM_BYTES - tables, 3],
    ]);
  });
});

/** Where the setup code of {@link SETUP_PROGRAM} keeps what it finds: the memory map, then its other answers. */
const [FOUND, ANSWERS] = [0x2_0000, 0x400];
/** Calls the BIOS as the setup code of Linux does, and reads its header and the BIOS data area. */
const SETUP_PROGRAM = `
  mov ax, ${FOUND / 16}
  mov es, ax
  xor di, di
  xor ebx, ebx
next:
  mov eax, 0xe820
  mov edx, 0x534d4150
  mov ecx, 20
  int 0x15
  jb done
  add di, 20
  test ebx, ebx
  jne next
done:
  mov WORD PTR es:[${ANSWERS}], di
  int 0x12
  mov WORD PTR es:[${ANSWERS + 2}], ax
  mov ah, 0x88
  int 0x15
  mov WORD PTR es:[${ANSWERS + 4}], ax
  mov ax, 0xe801
  int 0x15
  mov WORD PTR es:[${ANSWERS + 6}], ax
  mov WORD PTR es:[${ANSWERS + 8}], dx
  mov ax, 0x5300
  int 0x15
  setb BYTE PTR es:[${ANSWERS + 10}]
  mov ah, 1
  int 0x16
  sete BYTE PTR es:[${ANSWERS + 11}]
  mov eax, DWORD PTR ds:[0x228]
  mov DWORD PTR es:[${ANSWERS + 12}], eax
  mov eax, DWORD PTR ds:[0x218]
  mov DWORD PTR es:[${ANSWERS + 16}], eax
  mov eax, DWORD PTR ds:[0x21c]
  mov DWORD PTR es:[${ANSWERS + 20}], eax
  mov ax, 0x40
  mov fs, ax
  mov ax, WORD PTR fs:[0x0e]
  mov WORD PTR es:[${ANSWERS + 24}], ax
  mov WORD PTR es:[${ANSWERS + 26}], sp
  mov ax, ss
  mov WORD PTR es:[${ANSWERS + 28}], ax
  mov ah, 0x0f
  int 0x10
  mov WORD PTR es:[${ANSWERS + 30}], ax
  hlt
`;
/** After the jump at its beginning and the header, by its own code segment. */
const [SETUP_OFFSET, SETUP_ORIGIN] = [0x26c, 0x6c];

describe('the setup code of a bzImage', () => {
  it.each(['interp', 'wasm'] as const)('learns of memory by services of a BIOS, with the engine %s', async (engine) => {
    const bytes = bzImage(new Uint8Array(0));
    bytes.set(assemble(SETUP_PROGRAM, { origin: SETUP_ORIGIN, bits: 16 }).bytes, SETUP_OFFSET);
    const machine = new MachineHarness(1, engine, { more: 0x1_0000 });
    const image = { name: 'guest', bytes };
    const request = { image, entry: 'real-mode', initrd: INITRD, commandLine: COMMAND_LINE, vdevNodes: () => [] };
    (await bootGuest(request, machine.services, machine.vcpu))();
    machine.run();
    expect(machine.vcpu.haltReport()).toContain('halted with interrupts off');
    const read = (address: number, size: number): Uint8Array =>
      machine.memory.u8.slice(machine.ram.offset + address, machine.ram.offset + address + size);
    const answers = new DataView(read(FOUND + ANSWERS, 32).buffer);
    const [mapBytes, baseMemory, extended, low, high] = [0, 2, 4, 6, 8].map((at) => answers.getUint16(at, true));
    const map = new DataView(read(FOUND, mapBytes as number).buffer);
    const entries = Array.from({ length: map.byteLength / 20 }, (_, index) => [
      Number(map.getBigUint64(index * 20, true)),
      Number(map.getBigUint64(index * 20 + 8, true)),
      map.getUint32(index * 20 + 16, true),
    ]);
    const tables = entries.find(([, , type]) => type === 3)?.[0] as number;
    expect(entries).toEqual([
      [0, 0x9_f000, 1],
      [0x9_f000, 0x1000, 2],
      [MIB, tables - MIB, 1],
      [tables, RAM_BYTES - tables, 3],
    ]);
    const kibibytes = (tables - MIB) / 1024;
    expect([baseMemory, extended, low, high]).toEqual([636, kibibytes, kibibytes, 0]);
    // Unknown services fail, and no key waits.
    expect([answers.getUint8(10), answers.getUint8(11)]).toEqual([1, 1]);
    const line = read(answers.getUint32(12, true), LINE_BYTES);
    expect(new TextDecoder().decode(line)).toBe(`${COMMAND_LINE}\0`);
    expect([...read(answers.getUint32(16, true), answers.getUint32(20, true))]).toEqual([...INITRD.bytes]);
    const rsdp = read(answers.getUint16(24, true) * 16 + 0x10, 8);
    expect(new TextDecoder().decode(rsdp)).toBe('RSD PTR ');
    expect([answers.getUint16(26, true), answers.getUint16(28, true)]).toEqual([0xe000, 0x1000]);
    expect(answers.getUint16(30, true)).toBe(0x5003);
  });
});
