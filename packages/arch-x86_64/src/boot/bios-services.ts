import { assemble } from '@qvm/asm-x86_64';
import { MemoryType } from './memory-map.js';
import type { MemoryMapEntry } from './memory-map.js';
import { Record } from './record.js';
import type { GuestFacts } from './start-info.js';

/*
 * The few services of a BIOS that the 16-bit setup code of Linux needs: sizes of memory by INT 15h (E820h, E801h, 88h)
 * and INT 12h, the screen's mode by INT 10h. All others fail with the carry flag, as in a BIOS without them, and no key
 * is waiting (INT 16h). They are in the extended BIOS data area at the top of the base memory, as a real BIOS' data
 * are, and the RSDP is there, too, where systems look for it (ACPI 6.5, section 5.2.5.1).
 */

/** Guest-physical address of the area, below the end of the base memory. */
export const SERVICES_BASE = 0x9_f000;
/** Its size in bytes. */
export const SERVICES_BYTES = 0x1000;
/** Guest-physical address of the RSDP in it. */
export const SERVICES_RSDP = SERVICES_BASE + 0x10;

const CODE = 0x40;
const TABLE = 0x200;
const ENTRY_BYTES = 20;
const MOST_ENTRIES = Math.floor((SERVICES_BYTES - TABLE) / ENTRY_BYTES);
/** "SMAP". */
const SIGNATURE = 0x534d_4150;
const SEGMENT = SERVICES_BASE / 16;
const KIB = 0x400;
const MIB = 0x10_0000;
const BLOCK = 0x1_0000;
const VECTORS = 256;
/** The BIOS data area: segment of the extended area, and KiB of base memory. */
const Data = { extended: 0x40e, memory: 0x413 } as const;
const DATA_END = 0x500;

/** Flags in the frame of an interrupt, after BP was pushed: carry and zero, or neither. */
const FAIL = 'push bp\n mov bp, sp\n or WORD PTR [bp+6], 0x41\n pop bp\n iret';
const SUCCEED = 'push bp\n mov bp, sp\n and WORD PTR [bp+6], 0xfffe\n pop bp\n iret';

function source(entries: number, kibibytes: number, blocks: number): string {
  return `
other:
  ${FAIL}
memory:
  mov ax, ${SERVICES_BASE / KIB}
  iret
screen:
  cmp ah, 0x0f
  jne quiet
  mov ax, 0x5003
  mov bh, 0
quiet:
  iret
system:
  cmp ax, 0xe820
  je map
  cmp ax, 0xe801
  je sizes
  cmp ah, 0x88
  jne other
  mov ax, ${kibibytes}
  jmp good
sizes:
  mov ax, ${kibibytes}
  mov bx, ${blocks}
  mov cx, ax
  mov dx, bx
  jmp good
map:
  cmp edx, ${SIGNATURE}
  jne other
  cmp ebx, ${entries}
  jae other
  cmp ecx, ${ENTRY_BYTES}
  jb other
  push ds
  push si
  push di
  push cs
  pop ds
  imul si, bx, ${ENTRY_BYTES}
  add si, ${TABLE}
  mov ecx, ${ENTRY_BYTES}
  cld
  rep movs BYTE PTR es:[di], BYTE PTR ds:[si]
  pop di
  pop si
  pop ds
  mov ecx, ${ENTRY_BYTES}
  mov eax, ${SIGNATURE}
  inc ebx
  cmp ebx, ${entries}
  jb good
  xor ebx, ebx
good:
  ${SUCCEED}
`;
}

/** The vectors that have handlers of their own, by the handlers' labels. */
const HANDLERS: ReadonlyMap<number, string> = new Map([
  [0x10, 'screen'],
  [0x12, 'memory'],
  [0x15, 'system'],
]);
/** Vectors of exceptions and of the 8259A, which nothing may stop at. */
const isInterrupt = (vector: number): boolean => vector < 0x10 || (vector >= 0x70 && vector < 0x78);

/** The content of the services' area, and of the first page of memory. */
export interface BiosServices {
  /** For {@link SERVICES_BASE}. */
  readonly area: Uint8Array;
  /** The interrupt vectors and the BIOS data area, for address 0. */
  readonly firstPage: Uint8Array;
}

/**
 * Makes the services for a memory map.
 *
 * @throws `RangeError` when the map has more entries than the area has room for.
 */
export function biosServices({ memory, rsdp }: Pick<GuestFacts, 'memory' | 'rsdp'>): BiosServices {
  if (memory.length > MOST_ENTRIES)
    throw new RangeError(`The memory map has ${memory.length} ranges; ${MOST_ENTRIES} are possible.`);
  const [kibibytes, blocks] = sizesOf(memory);
  const { bytes, labels } = assemble(source(memory.length, kibibytes, blocks), { bits: 16, origin: CODE });
  const area = new Record(SERVICES_BYTES)
    .u8(0, SERVICES_BYTES / KIB)
    .set(CODE, bytes)
    .set(SERVICES_RSDP - SERVICES_BASE, rsdp.bytes);
  memory.forEach(({ base, size, type }, index) => {
    const at = TABLE + index * ENTRY_BYTES;
    area
      .u64(at, base)
      .u64(at + 8, size)
      .u32(at + 16, type);
  });
  const address = (label: string): number => Number(labels.get(label));
  const quiet = address('quiet');
  const firstPage = new Record(DATA_END);
  for (let vector = 0; vector < VECTORS; vector++) {
    const label = HANDLERS.get(vector);
    const own = label === undefined ? address('other') : address(label);
    firstPage.u16(vector * 4, isInterrupt(vector) ? quiet : own).u16(vector * 4 + 2, SEGMENT);
  }
  firstPage.u16(Data.extended, SEGMENT).u16(Data.memory, SERVICES_BASE / KIB);
  return { area: area.bytes, firstPage: firstPage.bytes };
}

/** KiB from 1 MiB to at most 16 MiB, and blocks of 64 KiB from 16 MiB on (INT 15h, E801h). */
function sizesOf(memory: readonly MemoryMapEntry[]): readonly [kibibytes: number, blocks: number] {
  const endFrom = (address: number): number => {
    const range = memory.find(
      ({ base, size, type }) => type === MemoryType.Usable && base <= address && address < base + size,
    );
    return range === undefined ? address : range.base + range.size;
  };
  const low = Math.min(endFrom(MIB), 16 * MIB) - MIB;
  const high = endFrom(16 * MIB) - 16 * MIB;
  return [Math.floor(low / KIB), Math.min(0xffff, Math.floor(high / BLOCK))];
}
